/**
 * 64-bit integers as numbers, without BigInt: high and low half apart. Exact up to 2^53 - 1 either way; beyond that
 * reading rounds to the nearest double, and writing clamps to the range of an int64.
 */

const TWO_32 = 4294967296
const MAX = 2 ** 63
const MIN = -MAX

/** Reads a big-endian int64; the caller has checked that 8 bytes are there. */
export function readInt64(buffer: Buffer, position: number): number {
  const high =
    (buffer[position]! << 24) | (buffer[position + 1]! << 16) | (buffer[position + 2]! << 8) | buffer[position + 3]!
  const low =
    (buffer[position + 4]! << 24) | (buffer[position + 5]! << 16) | (buffer[position + 6]! << 8) | buffer[position + 7]!
  return high * TWO_32 + (low >>> 0)
}

/** The high half of a number as int32, clamped. Fractions are cut off. */
export function int64High(value: number): number {
  if (value >= MAX) return 0x7fffffff
  if (value <= MIN) return -0x80000000
  return Math.floor(Math.trunc(value) / TWO_32) | 0
}

/** The low half of a number as int32 bits, clamped. */
export function int64Low(value: number): number {
  if (value >= MAX) return -1
  if (value <= MIN) return 0
  return value | 0
}

/** Writes a big-endian int64; the caller has checked that there is room for 8 bytes. */
export function writeInt64(buffer: Buffer, position: number, value: number): void {
  writeInt32(buffer, position, int64High(value))
  writeInt32(buffer, position + 4, int64Low(value))
}

/** Reads a big-endian int32; the caller has checked that 4 bytes are there. */
export function readInt32(buffer: Buffer, position: number): number {
  return (
    (buffer[position]! << 24) | (buffer[position + 1]! << 16) | (buffer[position + 2]! << 8) | buffer[position + 3]!
  )
}

/** Writes a big-endian int32 (or the bits of a uint32); the caller has checked that there is room for 4 bytes. */
export function writeInt32(buffer: Buffer, position: number, value: number): void {
  buffer[position] = value >>> 24
  buffer[position + 1] = value >>> 16
  buffer[position + 2] = value >>> 8
  buffer[position + 3] = value
}

/** Reads a big-endian int16; the caller has checked that 2 bytes are there. */
export function readInt16(buffer: Buffer, position: number): number {
  return ((buffer[position]! << 24) >> 16) | buffer[position + 1]!
}

/** Writes a big-endian int16; the caller has checked that there is room for 2 bytes. */
export function writeInt16(buffer: Buffer, position: number, value: number): void {
  buffer[position] = value >>> 8
  buffer[position + 1] = value
}
