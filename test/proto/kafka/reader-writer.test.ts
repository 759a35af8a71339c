import { describe, expect, it } from 'vitest'
import { readInt64, writeInt64 } from '../../../proto/kafka/int64.ts'
import { MAX_ARRAY_ELEMENTS, Reader, WireError } from '../../../proto/kafka/reader.ts'
import { notNull, Writer } from '../../../proto/kafka/writer.ts'
import { buffer, fc, int16, int32, int64, int8, text, uint16, uint32, uuid } from './property.ts'

/** Writes a value, reads it back, and expects nothing left over. */
function roundTrip<T>(values: fc.Arbitrary<T>, write: (w: Writer, value: T) => void, read: (r: Reader) => T): void {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 20 }), (items) => {
      const writer = new Writer(4)
      for (const item of items) write(writer, item)
      const size = writer.size
      const bytes = writer.toBuffer()
      expect(bytes.length).toBe(size)
      const reader = new Reader(bytes)
      expect(items.map(() => read(reader))).toEqual(items)
      reader.expectEnd()
    }),
  )
}

const of = (...bytes: number[]): Reader => new Reader(Buffer.from(bytes))

describe('primitive types are read as they were written', () => {
  it('bool', () =>
    roundTrip(
      fc.boolean(),
      (w, v) => w.bool(v),
      (r) => r.bool(),
    ))
  it('int8', () =>
    roundTrip(
      int8,
      (w, v) => w.int8(v),
      (r) => r.int8(),
    ))
  it('int16', () =>
    roundTrip(
      int16,
      (w, v) => w.int16(v),
      (r) => r.int16(),
    ))
  it('uint16', () =>
    roundTrip(
      uint16,
      (w, v) => w.uint16(v),
      (r) => r.uint16(),
    ))
  it('int32', () =>
    roundTrip(
      int32,
      (w, v) => w.int32(v),
      (r) => r.int32(),
    ))
  it('uint32', () =>
    roundTrip(
      uint32,
      (w, v) => w.uint32(v),
      (r) => r.uint32(),
    ))
  it('int64', () =>
    roundTrip(
      int64,
      (w, v) => w.int64(v),
      (r) => r.int64(),
    ))
  it('float64', () =>
    roundTrip(
      fc.double(),
      (w, v) => w.float64(v),
      (r) => r.float64(),
    ))
  it('uuid', () =>
    roundTrip(
      uuid,
      (w, v) => w.uuid(v),
      (r) => r.uuid(),
    ))
  it('unsigned varint', () =>
    roundTrip(
      uint32,
      (w, v) => w.unsignedVarint(v),
      (r) => r.unsignedVarint(),
    ))
  it('varint', () =>
    roundTrip(
      int32,
      (w, v) => w.varint(v),
      (r) => r.varint(),
    ))
  it('string', () =>
    roundTrip(
      text,
      (w, v) => w.string(v),
      (r) => r.string(),
    ))
  it('compact string', () =>
    roundTrip(
      text,
      (w, v) => w.compactString(v),
      (r) => r.compactString(),
    ))
  it('nullable string', () =>
    roundTrip(
      fc.option(text),
      (w, v) => w.nullableString(v),
      (r) => r.nullableString(),
    ))
  it('compact nullable string', () =>
    roundTrip(
      fc.option(text),
      (w, v) => w.compactNullableString(v),
      (r) => r.compactNullableString(),
    ))
  it('bytes', () =>
    roundTrip(
      buffer,
      (w, v) => w.bytes(v),
      (r) => r.bytes(),
    ))
  it('compact bytes', () =>
    roundTrip(
      buffer,
      (w, v) => w.compactBytes(v),
      (r) => r.compactBytes(),
    ))
  it('nullable bytes', () =>
    roundTrip(
      fc.option(buffer),
      (w, v) => w.nullableBytes(v),
      (r) => r.nullableBytes(),
    ))
  it('compact nullable bytes', () =>
    roundTrip(
      fc.option(buffer),
      (w, v) => w.compactNullableBytes(v),
      (r) => r.compactNullableBytes(),
    ))
})

describe('int64 as a number', () => {
  it('agrees with BigInt wherever a double is exact', () => {
    fc.assert(
      fc.property(int64, (value) => {
        const bytes = Buffer.alloc(8)
        writeInt64(bytes, 0, value)
        expect(bytes.readBigInt64BE(0)).toBe(BigInt(value))
        expect(readInt64(bytes, 0)).toBe(value)
      }),
    )
  })

  it('rounds to the nearest double beyond 2^53', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = Buffer.alloc(8)
        bytes.writeBigInt64BE(value)
        expect(readInt64(bytes, 0)).toBe(Number(value))
      }),
    )
  })

  it('is clamped to the range when written, and fractions are cut off', () => {
    const written = (value: number): bigint => {
      const bytes = Buffer.alloc(8)
      writeInt64(bytes, 0, value)
      return bytes.readBigInt64BE(0)
    }
    expect(written(2 ** 63)).toBe(2n ** 63n - 1n)
    expect(written(Infinity)).toBe(2n ** 63n - 1n)
    expect(written(-(2 ** 63))).toBe(-(2n ** 63n))
    expect(written(-(2 ** 64))).toBe(-(2n ** 63n))
    expect(written(1.9)).toBe(1n)
    expect(written(-0.5)).toBe(0n)
    expect(written(Number.NaN)).toBe(0n)
  })

  it('is exact in the exact mode, both ways', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const writer = new Writer()
        writer.int64(value as unknown as number)
        const bytes = writer.toBuffer()
        expect(new Reader(bytes, 0, 8, { exact: true }).int64()).toBe(value)
      }),
    )
  })
})

describe('hostile bytes', () => {
  it('an array that counts 2^31 - 1 elements is refused before anything is allocated', () => {
    expect(() => of(0x7f, 0xff, 0xff, 0xff, 1, 2).arrayLength(1)).toThrow(WireError)
    expect(() => of(0xff, 0xff, 0xff, 0xff, 0x0f, 1).compactArrayLength(1)).toThrow(WireError)
  })

  it('an array may not need more bytes than are left, counted by its smallest element', () => {
    expect(of(0, 0, 0, 2, 1, 2, 3, 4).arrayLength(2)).toBe(2)
    expect(() => of(0, 0, 0, 2, 1, 2, 3).arrayLength(2)).toThrow(WireError)
  })

  it('arrays in all may not have more elements than the ceiling, nested ones included', () => {
    const reader = new Reader(Buffer.from([0, 0, 0, 2, 0, 0, 0, 2, 0, 0]), 0, 10, { maxArrayElements: 3 })
    expect(reader.arrayLength(1)).toBe(2)
    expect(() => reader.arrayLength(1)).toThrow(WireError)
    expect(MAX_ARRAY_ELEMENTS).toBeGreaterThan(1_000_000)
  })

  it('a null array, string or byte field is refused where none is allowed, and -1 or null elsewhere', () => {
    expect(() => of(255, 255, 255, 255).arrayLength(1)).toThrow(WireError)
    expect(of(255, 255, 255, 255).nullableArrayLength(1)).toBe(-1)
    expect(() => of(0).compactArrayLength(1)).toThrow(WireError)
    expect(of(0).compactNullableArrayLength(1)).toBe(-1)
    expect(() => of(255, 255).string()).toThrow(WireError)
    expect(() => of(0).compactString()).toThrow(WireError)
    expect(() => of(255, 255, 255, 255).bytes()).toThrow(WireError)
    expect(() => of(0).compactBytes()).toThrow(WireError)
  })

  it('lengths beyond the bytes left are refused', () => {
    expect(() => of(0, 3, 65, 66).string()).toThrow(WireError)
    expect(() => of(4, 65, 66).compactString()).toThrow(WireError)
    expect(() => of(0x7f, 0xff, 0xff, 0xff, 1).bytes()).toThrow(WireError)
    expect(() => of(0xff, 0xff, 0xff, 0xff, 0x0f, 1).compactBytes()).toThrow(WireError)
  })

  it('a string is at most 32767 bytes, also where the length is a varint', () => {
    const writer = new Writer()
    writer.unsignedVarint(32769)
    writer.raw(Buffer.alloc(32768, 'a'))
    expect(() => new Reader(writer.toBuffer()).compactString()).toThrow(WireError)
    expect(() => new Writer().string('a'.repeat(32768))).toThrow(RangeError)
    expect(() => new Writer().compactString('a'.repeat(32768))).toThrow(RangeError)
  })

  it('varints longer than 5 bytes and varlongs longer than 10 are refused', () => {
    expect(() => of(0x80, 0x80, 0x80, 0x80, 0x80, 0).unsignedVarint()).toThrow(WireError)
    expect(() => of(0x80, 0x80, 0x80, 0x80, 0x80, 0).varint()).toThrow(WireError)
    expect(() => of(...new Array<number>(11).fill(0x80)).varlong()).toThrow(WireError)
    const bytes = Buffer.alloc(11, 0x80)
    expect(() => new Reader(bytes, 0, 11, { exact: true }).varlong()).toThrow(WireError)
    expect(() => of(0x80).unsignedVarint()).toThrow(WireError)
    expect(() => of(0x80).varlong()).toThrow(WireError)
  })

  it('tags must ascend, and neither their count nor a size may exceed the bytes left', () => {
    expect(() => of(2, 5, 0, 5, 0).skipTags()).toThrow(WireError)
    expect(() => of(2, 5, 0, 4, 0).skipTags()).toThrow(WireError)
    expect(() => of(3, 1, 0, 2, 0).skipTags()).toThrow(WireError)
    expect(() => of(1, 0, 5, 1, 2).skipTags()).toThrow(WireError)
    expect(() => of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0).skipTags()).toThrow(WireError)
    const reader = of(2, 0, 1, 9, 200, 1, 0)
    reader.skipTags()
    reader.expectEnd()
  })

  it('a flood of tagged fields is walked without an object for each, up to the ceiling of elements', () => {
    const flood = new Writer()
    flood.unsignedVarint(100_000)
    for (let tag = 0; tag < 100_000; tag++) {
      flood.unsignedVarint(tag)
      flood.unsignedVarint(0)
    }
    const bytes = flood.toBuffer()
    const reader = new Reader(bytes)
    reader.skipTags()
    reader.expectEnd()
    expect(() => new Reader(bytes, 0, bytes.length, { maxArrayElements: 99_999 }).skipTags()).toThrow(WireError)
  })

  it('reading outside the given range is refused, even where the buffer goes on', () => {
    const reader = new Reader(Buffer.from([1, 2, 3, 4]), 1, 3)
    expect(reader.remaining).toBe(2)
    expect(() => reader.int32()).toThrow(WireError)
    expect(reader.int16()).toBe(0x0203)
    expect(() => reader.int8()).toThrow(WireError)
    expect(() => new Reader(Buffer.alloc(4), 2, 9)).toThrow(RangeError)
    expect(() => new Reader(Buffer.alloc(4)).expectEnd()).toThrow(WireError)
  })
})

describe('the writer', () => {
  it('keeps large buffers by reference and copies small ones', () => {
    const large = Buffer.alloc(10_000, 7)
    const small = Buffer.from('small')
    const writer = new Writer()
    writer.int32(1)
    writer.nullableBytes(large)
    writer.nullableBytes(small)
    const parts = writer.finish()
    expect(parts).toContain(large)
    small.fill(0)
    expect(Buffer.concat(parts).subarray(-5).toString()).toBe('small')
  })

  it('writes a byte field from several buffers', () => {
    const parts = [Buffer.from('ab'), Buffer.alloc(5000, 'c')]
    for (const [list, plain] of [
      [(w: Writer) => w.nullableByteList(parts), (w: Writer) => w.nullableBytes(Buffer.concat(parts))],
      [(w: Writer) => w.compactNullableByteList(parts), (w: Writer) => w.compactNullableBytes(Buffer.concat(parts))],
    ] as const) {
      const [a, b] = [new Writer(), new Writer()]
      list(a)
      plain(b)
      expect(a.toBuffer()).toEqual(b.toBuffer())
    }
  })

  it('refuses a uuid that is not one, and null where a value is needed', () => {
    expect(() => new Writer().uuid('short')).toThrow(RangeError)
    expect(() => new Writer().uuid('!'.repeat(22))).toThrow(RangeError)
    expect(() => notNull(null, 'Topic.name')).toThrow(/Topic\.name/)
    expect(notNull('', 'Topic.name')).toBe('')
  })
})
