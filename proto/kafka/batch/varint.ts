/** Zig-zag varints of record fields, written in place. The caller has made sure of the room. */

const INT32_MIN = -0x80000000
const INT32_MAX = 0x7fffffff

/** Bytes of an int32 as a varint. */
export function sizeOfVarint(value: number): number {
  const bits = ((value << 1) ^ (value >> 31)) >>> 0
  if (bits < 0x80) return 1
  if (bits < 0x4000) return 2
  if (bits < 0x200000) return 3
  return bits < 0x10000000 ? 4 : 5
}

/** Writes an int32 and returns the position after it. */
export function writeVarint(buffer: Buffer, position: number, value: number): number {
  let at = position
  let bits = ((value << 1) ^ (value >> 31)) >>> 0
  while (bits >= 0x80) {
    buffer[at++] = bits | 0x80
    bits >>>= 7
  }
  buffer[at++] = bits
  return at
}

/** Bytes of an integer up to 2^53 as a varlong. */
export function sizeOfVarlong(value: number): number {
  if (value >= INT32_MIN && value <= INT32_MAX) return sizeOfVarint(value)
  let bytes = 1
  for (let magnitude = zigZagHalf(value) / 64; magnitude >= 1; magnitude = Math.floor(magnitude / 128)) bytes++
  return bytes
}

/** Writes an integer up to 2^53 and returns the position after it. */
export function writeVarlong(buffer: Buffer, position: number, value: number): number {
  if (value >= INT32_MIN && value <= INT32_MAX) return writeVarint(buffer, position, value)
  let at = position
  // The lowest bit of the zig-zag form is the sign; the rest, `half`, keeps to integers that a double can hold.
  const half = zigZagHalf(value)
  let byte = (half % 64) * 2 + (value < 0 ? 1 : 0)
  let left = Math.floor(half / 64)
  while (left > 0) {
    buffer[at++] = byte | 0x80
    byte = left % 128
    left = Math.floor(left / 128)
  }
  buffer[at++] = byte
  return at
}

/** The zig-zag form without its lowest bit: n for n >= 0, -n - 1 below. */
function zigZagHalf(value: number): number {
  return value < 0 ? -value - 1 : value
}
