import { describe, expect, it } from 'vitest'
import { Reader, WireError } from '../../../proto/kafka/reader.ts'
import { fillDefaults, messageNames, messageSchema } from '../../../proto/kafka/schema/fill.ts'
import { Writer } from '../../../proto/kafka/writer.ts'
import { readerOf, writerOf } from './codecs.ts'
import { fc, messageValue } from './property.ts'

function encode(name: string, value: Record<string, unknown>, version: number): Buffer {
  const writer = new Writer(8)
  writerOf(name)(writer, value, version)
  return writer.toBuffer()
}

function versionsOf(name: string): number[] {
  const { from, to } = messageSchema(name).versions
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** Reads bytes that may be anything: a message, or a WireError. Whatever else is thrown fails the test. */
function readAnything(name: string, bytes: Buffer, version: number): void {
  try {
    readerOf(name)(new Reader(bytes), version)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
}

describe('every message at every version', () => {
  for (const name of messageNames) {
    it(`${name}: what is written is read back, defaults in place of what the version lacks`, () => {
      for (const version of versionsOf(name)) {
        fc.assert(
          fc.property(messageValue(messageSchema(name), version), (partial) => {
            const value = fillDefaults(name, partial, version)
            const reader = new Reader(encode(name, value, version))
            expect(readerOf(name)(reader, version)).toEqual(value)
            expect(reader.remaining).toBe(0)
          }),
          { numRuns: 15 },
        )
      }
    })

    it(`${name}: cut off anywhere, it is a WireError`, () => {
      for (const version of versionsOf(name)) {
        fc.assert(
          fc.property(
            messageValue(messageSchema(name), version),
            fc.double({ min: 0, max: 1, noNaN: true }),
            (partial, at) => {
              const bytes = encode(name, fillDefaults(name, partial, version), version)
              const length = Math.floor(at * bytes.length)
              if (length === bytes.length) return
              expect(() => readerOf(name)(new Reader(bytes.subarray(0, length)), version)).toThrow(WireError)
            },
          ),
          { numRuns: 10 },
        )
      }
    })

    it(`${name}: with bytes changed, it is a message or a WireError`, () => {
      const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }))
      for (const version of versionsOf(name)) {
        fc.assert(
          fc.property(
            messageValue(messageSchema(name), version),
            fc.array(change, { minLength: 1, maxLength: 4 }),
            (partial, changes) => {
              const bytes = encode(name, fillDefaults(name, partial, version), version)
              for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
              readAnything(name, bytes, version)
            },
          ),
          { numRuns: 15 },
        )
      }
    })

    it(`${name}: there is no codec for the versions around its own`, () => {
      const { from, to } = messageSchema(name).versions
      for (const version of [from - 1, to + 1, -1, Number.NaN]) {
        expect(() => readerOf(name)(new Reader(Buffer.alloc(64)), version)).toThrow(WireError)
        expect(() => encode(name, fillDefaults(name, {}, from), version)).toThrow(WireError)
      }
    })
  }

  it('random bytes are a message or a WireError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...messageNames),
        fc.nat(),
        fc.uint8Array({ maxLength: 200 }),
        (name, pick, bytes) => {
          const versions = versionsOf(name)
          readAnything(name, Buffer.from(bytes), versions[pick % versions.length]!)
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('tagged fields that are unknown are skipped, in every struct of every flexible message', () => {
    for (const name of messageNames) {
      const { flexibleFrom, versions } = messageSchema(name)
      if (flexibleFrom === null) continue
      const bytes = encode(name, fillDefaults(name, {}, versions.to), versions.to)
      expect(bytes.at(-1), name).toBe(0)
      const extended = Buffer.concat([bytes.subarray(0, -1), Buffer.from([2, 50, 2, 1, 2, 51, 0])])
      const reader = new Reader(extended)
      expect(readerOf(name)(reader, versions.to)).toEqual(readerOf(name)(new Reader(bytes), versions.to))
      expect(reader.remaining).toBe(0)
    }
  })
})
