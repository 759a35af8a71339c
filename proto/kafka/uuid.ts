/** Kafka's text form of 16 bytes: base64url without padding, 22 characters. */

/** The id that means "none". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

export const UUID_BYTES = 16

/** The six bits of each character of base64url, by its code; -1 for any other. */
const SIX_BITS = sixBits()

/** Reads 16 bytes at `position`; the caller has checked that they are there. */
export function readUuid(buffer: Buffer, position: number): string {
  return buffer.toString('base64url', position, position + UUID_BYTES)
}

/** Writes the 16 bytes of `uuid` at `position`. Throws RangeError when the text is not a 22-character id. */
export function writeUuid(buffer: Buffer, position: number, uuid: string): void {
  if (uuid.length !== ZERO_UUID.length) throw notUuid()
  let bits = 0
  let count = 0
  let at = position
  let isText = true
  for (let i = 0; i < ZERO_UUID.length; i++) {
    const six = SIX_BITS[uuid.charCodeAt(i)] ?? -1
    isText &&= six >= 0
    bits = (bits << 6) | six
    count += 6
    if (count < 8) continue
    count -= 8
    buffer[at++] = bits >> count
    bits &= (1 << count) - 1
  }
  if (!isText) throw notUuid()
}

function notUuid(): RangeError {
  return new RangeError('a uuid is 22 characters of base64url')
}

function sixBits(): Int8Array {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const table = new Int8Array(128).fill(-1)
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i
  return table
}
