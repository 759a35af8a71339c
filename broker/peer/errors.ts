/**
 * Why a request to another broker has no answer. `unsent`: it never left, so nothing happened. `unknown`: it left, and what
 * the peer did with it cannot be known. `unsupported`: the peer does not have that API.
 */
export class PeerError extends Error {
  override readonly name = 'PeerError'
  readonly outcome: 'unsent' | 'unknown' | 'unsupported'

  constructor(outcome: PeerError['outcome'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.outcome = outcome
  }
}
