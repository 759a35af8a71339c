/** Kafka's text form of 16 bytes: base64url without padding, 22 characters. */

/** The id that means "none". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

const UUID_BYTES = 16

/** Reads 16 bytes at `position`; the caller has checked that they are there. */
export function readUuid(buffer: Buffer, position: number): string {
  return buffer.toString('base64url', position, position + UUID_BYTES)
}

/** Writes the 16 bytes of `uuid` at `position`. Throws RangeError when the text is not a 22-character id. */
export function writeUuid(buffer: Buffer, position: number, uuid: string): void {
  if (uuid.length !== ZERO_UUID.length || buffer.write(uuid, position, UUID_BYTES, 'base64url') !== UUID_BYTES) {
    throw new RangeError('a uuid is 22 characters of base64url')
  }
}
