/** Peers that speak another protocol, told apart by their first bytes so that the counter and the log name them. */

const HTTP_METHODS = ['GET ', 'POST', 'PUT ', 'HEAD', 'DELE', 'OPTI', 'PATC', 'TRAC', 'CONN', 'PRI ']

/** `http-on-kafka-port`, `tls-on-plain-port`, or `bad-frame` when the bytes say nothing. */
export function classifyStranger(firstBytes: Buffer): string {
  if (firstBytes.length >= 2 && firstBytes[0] === 0x16 && firstBytes[1] === 0x03) return 'tls-on-plain-port'
  const word = firstBytes.toString('latin1', 0, 4)
  return HTTP_METHODS.includes(word) ? 'http-on-kafka-port' : 'bad-frame'
}
