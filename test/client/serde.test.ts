import fc from 'fast-check'
import protobufjs from 'protobufjs'
import { describe, expect, it } from 'vitest'
import {
  boolean,
  bytes,
  float32,
  float64,
  int16,
  int32,
  int64,
  json,
  msgpack,
  protobuf,
  type Serde,
  type StandardSchema,
  string,
  uuid,
} from '../../client/index.ts'
import { readText } from '../../client/serde/read-text.ts'

/** Encodes and decodes by every way that a serde offers. */
function roundTrips<T>(serde: Serde<T>, value: T): T[] {
  const encoded = Buffer.from(serde.encode(value))
  const padded = Buffer.concat([Buffer.from('##'), encoded, Buffer.from('##')])
  const results = [serde.decode(encoded)]
  if (serde.toText !== undefined) expect(Buffer.from(serde.toText(value), 'utf8')).toEqual(encoded)
  if (serde.fromText !== undefined) results.push(serde.fromText(encoded.toString('utf8')))
  if (serde.decodeRange !== undefined) results.push(serde.decodeRange(padded, 2, 2 + encoded.length))
  return results
}

describe('numbers', () => {
  it.each([
    [int16, fc.integer({ min: -0x8000, max: 0x7fff })],
    [int32, fc.integer()],
    [int64, fc.maxSafeInteger()],
    [float64, fc.double({ noNaN: true })],
    [float32, fc.float({ noNaN: true })],
  ] as const)('come back as they were', (serde, values) => {
    fc.assert(
      fc.property(values, (value) => {
        for (const result of roundTrips(serde, value)) expect(result).toBe(value)
      }),
    )
  })

  it('are written as Java writes them', () => {
    expect(Buffer.from(int64.encode(-2)).toString('hex')).toBe('fffffffffffffffe')
    expect(Buffer.from(int32.encode(258)).toString('hex')).toBe('00000102')
    expect(Buffer.from(float64.encode(1.5)).toString('hex')).toBe('3ff8000000000000')
    expect(Buffer.from(boolean.encode(true)).toString('hex')).toBe('01')
  })

  it('refuse what they cannot hold, both ways', () => {
    expect(() => int64.encode(2 ** 53)).toThrow('a safe integer was expected')
    expect(() => int64.decode(Buffer.from('7fffffffffffffff', 'hex'))).toThrow('beyond the safe range')
    expect(() => int16.encode(40_000)).toThrow('an int16 was expected')
    expect(() => int32.encode(1.5)).toThrow('an int32 was expected')
    expect(() => int32.decode(Buffer.alloc(3))).toThrow('4 bytes were expected, got 3')
    expect(() => boolean.decode(Buffer.from([2]))).toThrow('a byte of 0 or 1')
    expect(() => float64.encode('1' as never)).toThrow('an float64 was expected')
  })
})

describe('text and bytes', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        for (const result of roundTrips(string, value)) expect(result).toBe(value)
      }),
    )
    const id = '123e4567-e89b-12d3-a456-426614174000'
    for (const result of roundTrips(uuid, id)) expect(result).toBe(id)
    const data = Buffer.from([0, 255, 7])
    expect(bytes.encode(data)).toBe(data)
    expect(bytes.decode(data)).toBe(data)
  })

  it('short text is read like long text, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(8), (data, start) => {
        const buffer = Buffer.from(data)
        const from = Math.min(start, buffer.length)
        expect(readText(buffer, from, buffer.length)).toBe(buffer.toString('utf8', from))
      }),
    )
  })

  it('refuse other types', () => {
    expect(() => string.encode(5 as never)).toThrow('a string was expected, got number')
    expect(() => bytes.encode('x' as never)).toThrow('a Uint8Array was expected, got string')
    expect(() => uuid.encode('nope')).toThrow('a UUID was expected')
    expect(() => uuid.decode(Buffer.from('nope'))).toThrow('a UUID was expected')
  })
})

/** A schema that wants a positive number field `n` and trims unknown fields. */
const positive: StandardSchema<{ n: number }, { n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const n = (value as { n?: unknown } | null)?.n
      return typeof n === 'number' && n > 0
        ? { value: { n } }
        : { issues: [{ message: 'must be positive', path: [{ key: 'n' }] }] }
    },
  },
}

describe('json', () => {
  it('keeps any JSON value without a schema', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown
        for (const result of roundTrips(json(), plain)) expect(result).toEqual(plain)
      }),
    )
  })

  it('validates in both directions and hands on what the schema returns', () => {
    const serde = json(positive)
    expect(Buffer.from(serde.encode({ n: 1, extra: true } as never)).toString()).toBe('{"n":1}')
    expect(serde.decode(Buffer.from('{"n":2,"extra":1}'))).toEqual({ n: 2 })
    expect(() => serde.encode({ n: -1 })).toThrow('n: must be positive')
    expect(() => serde.decode(Buffer.from('{"n":-1}'))).toThrow('n: must be positive')
  })

  it('validates in one direction when told so', () => {
    expect(Buffer.from(json(positive, { validate: 'decode' }).encode({ n: -1 })).toString()).toBe('{"n":-1}')
    expect(json(positive, { validate: 'encode' }).decode(Buffer.from('{"n":-1}'))).toEqual({ n: -1 })
  })

  it('refuses a schema that answers later, and values without a JSON form', () => {
    const later: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: async (value) => ({ value }) },
    }
    expect(() => json(later).decode(Buffer.from('1'))).toThrow('asynchronously')
    expect(() => json().encode(undefined)).toThrow('undefined has no JSON form')
    expect(() => json().decode(Buffer.from('{'))).toThrow(SyntaxError)
  })
})

describe('binary objects', () => {
  it('msgpack values stand alone: any reader can read any writer', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ id: fc.integer(), name: fc.string() }), { minLength: 1 }), (values) => {
        const writer = msgpack()
        const encoded = values.map((value) => Buffer.from(writer.encode(value)))
        expect(encoded.map((data) => msgpack().decode(data))).toEqual(values)
      }),
    )
  })

  it('protobuf writes verified messages of a reflected type', () => {
    const type = protobufjs
      .parse('syntax = "proto3"; message Point { int32 x = 1; string label = 2; }')
      .root.lookupType('Point')
    const serde = protobuf<{ x: number; label: string }>(type)
    expect(serde.name).toBe('protobuf Point')
    expect({ ...serde.decode(Buffer.from(serde.encode({ x: 3, label: 'a' }))) }).toEqual({ x: 3, label: 'a' })
    expect(() => serde.encode({ x: 'no' as never, label: '' })).toThrow('x: integer expected')
    expect(() => serde.decode(Buffer.from([0xff]))).toThrow()
  })
})
