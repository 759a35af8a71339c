/**
 * The bytes do not form the message they should: truncated, a length beyond the bytes left, a null where none is
 * allowed, a varint too long. Always the sender's fault; never thrown for anything else.
 */
export class WireError extends Error {
  readonly code = 'WIRE_ERROR'
  /** Where in the buffer reading stopped, in bytes; -1 when not known. */
  readonly position: number

  constructor(message: string, position = -1) {
    super(position < 0 ? message : `${message} (at byte ${position})`)
    this.name = 'WireError'
    this.position = position
  }
}

/** The error for a version that a message has no codec for. */
export function unsupportedVersion(message: string, version: number): WireError {
  return new WireError(`${message} has no version ${version} here`)
}
