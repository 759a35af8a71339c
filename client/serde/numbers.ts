import type { Serde } from './serde.ts'

/** A signed 16-bit integer, big-endian, as Kafka's ShortSerializer. */
export const int16 = fixed('int16', 2, integerIn(-0x8000, 0x7fff), 'writeInt16BE', 'readInt16BE')

/** A signed 32-bit integer, big-endian, as Kafka's IntegerSerializer. */
export const int32 = fixed('int32', 4, integerIn(-0x8000_0000, 0x7fff_ffff), 'writeInt32BE', 'readInt32BE')

/** A single-precision number, big-endian, as Kafka's FloatSerializer. */
export const float32 = fixed('float32', 4, isNumber, 'writeFloatBE', 'readFloatBE')

/** A double, big-endian, as Kafka's DoubleSerializer. */
export const float64 = fixed('float64', 8, isNumber, 'writeDoubleBE', 'readDoubleBE')

const TWO_32 = 0x1_0000_0000

/** A safe integer as 64 bits, big-endian, as Kafka's LongSerializer. Throws beyond ±(2^53 - 1) in both directions. */
export const int64: Serde<number> = {
  name: 'int64',
  encode: (value) => {
    if (!Number.isSafeInteger(value)) throw new TypeError(`a safe integer was expected, got ${String(value)}`)
    const target = Buffer.allocUnsafe(8)
    target.writeInt32BE(Math.floor(value / TWO_32), 0)
    target.writeUInt32BE(value >>> 0, 4)
    return target
  },
  decode: (encoded) => readInt64(encoded, 0, encoded.length),
  decodeRange: readInt64,
}

/** One byte, 0 or 1, as Kafka's BooleanSerializer. */
export const boolean: Serde<boolean> = {
  name: 'boolean',
  encode: (value) => {
    if (typeof value !== 'boolean') throw new TypeError(`a boolean was expected, got ${typeof value}`)
    return Buffer.from([value ? 1 : 0])
  },
  decode: (encoded) => readBoolean(encoded, 0, encoded.length),
  decodeRange: readBoolean,
}

type WriteMethod = 'writeInt16BE' | 'writeInt32BE' | 'writeFloatBE' | 'writeDoubleBE'
type ReadMethod = 'readInt16BE' | 'readInt32BE' | 'readFloatBE' | 'readDoubleBE'

function fixed(
  name: string,
  size: number,
  isValid: (value: number) => boolean,
  write: WriteMethod,
  read: ReadMethod,
): Serde<number> {
  const decodeRange = (buffer: Buffer, start: number, end: number): number => {
    expectSize(end - start, size)
    return buffer[read](start)
  }
  return {
    name,
    encode: (value) => {
      if (!isValid(value)) throw new TypeError(`an ${name} was expected, got ${String(value)}`)
      const target = Buffer.allocUnsafe(size)
      target[write](value, 0)
      return target
    },
    decode: (encoded) => decodeRange(encoded, 0, encoded.length),
    decodeRange,
  }
}

function readBoolean(buffer: Buffer, start: number, end: number): boolean {
  expectSize(end - start, 1)
  if (buffer[start]! > 1) throw new TypeError('a byte of 0 or 1 was expected')
  return buffer[start] === 1
}

function readInt64(buffer: Buffer, start: number, end: number): number {
  expectSize(end - start, 8)
  const value = buffer.readInt32BE(start) * TWO_32 + buffer.readUInt32BE(start + 4)
  if (!Number.isSafeInteger(value)) throw new TypeError('the 64-bit integer is beyond the safe range')
  return value
}

function expectSize(actual: number, size: number): void {
  if (actual !== size) throw new TypeError(`${size} bytes were expected, got ${actual}`)
}

function integerIn(min: number, max: number): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= min && value <= max
}

function isNumber(value: number): boolean {
  return typeof value === 'number'
}
