import { describe, expect, it } from 'vitest'
import * as zlib from 'node:zlib'
import { Codec, codecName, compress, CompressionError, decompress } from '../../../proto/kafka/compression/index.ts'
import { decodeBatch } from '../../../proto/kafka/batch/decode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { readLines } from './fixtures.ts'
import { fc } from './property.ts'

const MB = 1024 * 1024

/** A zstd frame of full RLE blocks: 4 bytes for 128 KiB each. `statedBytes` is what the header claims, if anything. */
export function zstdBomb(blocks: number, statedBytes?: number): Buffer {
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd])]
  if (statedBytes === undefined) parts.push(Buffer.from([0x00, 0x58]))
  else {
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(BigInt(statedBytes))
    parts.push(Buffer.from([0xc0, 0x58]), size)
  }
  for (let index = 1; index <= blocks; index++) {
    const head = ((128 * 1024) << 3) | (1 << 1) | (index === blocks ? 1 : 0)
    parts.push(Buffer.from([head & 255, (head >> 8) & 255, (head >> 16) & 255, 0x61]))
  }
  return Buffer.concat(parts)
}

/** Expects a `CompressionError` with this code, and nothing else. */
export function expectFailure(code: string, run: () => unknown): void {
  let caught: unknown
  try {
    run()
  } catch (error) {
    caught = error
  }
  expect(caught).toBeInstanceOf(CompressionError)
  expect((caught as CompressionError).code).toBe(code)
}

/** Expects the same bytes; quicker than `toEqual`, which goes byte by byte. */
export function expectBytes(actual: Buffer, expected: Buffer): void {
  expect(actual.length).toBe(expected.length)
  expect(actual.equals(expected)).toBe(true)
}

/** Data of all shapes: empty, random, repeating, and longer than a block of any codec. */
const contents = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 9000 }))
    .map(([bytes, times]) => Buffer.concat(new Array<Buffer>(times).fill(Buffer.from(bytes)))),
  fc
    .array(fc.tuple(fc.nat({ max: 255 }), fc.integer({ min: 1, max: 70_000 })), { maxLength: 4 })
    .map((runs) => Buffer.concat(runs.map(([byte, length]) => Buffer.alloc(length, byte)))),
)

/**
 * What every implementation of the codecs must do. Run once with the native packages and once without: `canZstd` tells
 * whether zstd can be compressed.
 */
export function describeCodecs(title: string, canZstd: boolean): void {
  const writable = [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, ...(canZstd ? [Codec.ZSTD] : [])]
  const golden = readLines<{ kind: string; hex: string; codec: string }>('batches')
    .filter((line) => line.kind === 'batch' && line.codec !== 'none')
    .map((line) => Buffer.from(line.hex, 'hex'))

  describe(title, () => {
    for (const codec of writable) {
      const name = codecName(codec)!

      it(`${name}: what is compressed decompresses to the same`, () => {
        fc.assert(
          fc.property(contents, (content) => {
            expectBytes(decompress(codec, compress(codec, content), content.length), content)
          }),
          { numRuns: 60 },
        )
      })

      it(`${name}: a limit one byte too low is TOO_LARGE`, () => {
        fc.assert(
          fc.property(contents, (content) => {
            if (content.length < 2) return
            expectFailure('TOO_LARGE', () => decompress(codec, compress(codec, content), content.length - 1))
          }),
          { numRuns: 30 },
        )
      })

      it(`${name}: a bomb is TOO_LARGE, and a small one of its kind is not`, () => {
        const bomb = compress(codec, Buffer.alloc(64 * MB))
        expect(bomb.length).toBeLessThan(4 * MB)
        expectFailure('TOO_LARGE', () => decompress(codec, bomb, MB))
        expect(decompress(codec, compress(codec, Buffer.alloc(MB)), MB)).toHaveLength(MB)
      })

      it(`${name}: cut off or changed, it is CORRUPT or TOO_LARGE or some output, never another error`, () => {
        const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 })
        fc.assert(
          fc.property(contents, changes, fc.boolean(), (content, edits, isCut) => {
            const bytes = Buffer.from(compress(codec, content))
            for (const [at, byte] of edits) bytes[at % bytes.length] = byte
            decompressAnything(codec, isCut ? bytes.subarray(0, edits[0]![0] % bytes.length) : bytes)
          }),
          { numRuns: 200 },
        )
      })
    }

    it('batches of every codec that Kafka wrote decode, and their data changed fails cleanly', () => {
      expect(golden.length).toBeGreaterThan(80)
      let seed = 1
      for (const bytes of golden) {
        const batch = decodeBatch(bytes)
        expect([...batch.records()]).toHaveLength(batch.recordsCount)
        for (let round = 0; round < 6; round++) {
          const data = Buffer.from(bytes.subarray(header.HEADER_BYTES))
          seed = Math.imul(seed, 1103515245) + 12345
          data[(seed >>> 8) % data.length] = seed >>> 24
          decompressAnything(batch.codec, data)
        }
      }
    })

    it('zstd: bombs that state their size, hide it, or lie about it', () => {
      expectFailure('TOO_LARGE', () => decompress(Codec.ZSTD, zstdBomb(512), MB))
      expectFailure('TOO_LARGE', () => decompress(Codec.ZSTD, zstdBomb(512, 64 * MB), MB))
      expectFailure('CORRUPT', () => decompress(Codec.ZSTD, zstdBomb(1, 2 ** 50), MB))
      expectFailure('CORRUPT', () => decompress(Codec.ZSTD, zstdBomb(1, MB), 2 * MB))
      expectBytes(decompress(Codec.ZSTD, zstdBomb(8), MB), Buffer.alloc(MB, 'a'))
      expectBytes(decompress(Codec.ZSTD, zstdBomb(8, MB), MB), Buffer.alloc(MB, 'a'))
    })

    it('zstd: a window of 2 GiB is not allocated for a frame of a few bytes', () => {
      const frame = zstdBomb(1)
      frame[5] = 21 << 3
      try {
        expect(decompress(Codec.ZSTD, frame, MB)).toHaveLength(128 * 1024)
      } catch (error) {
        // A decoder may also refuse the window; it may not fail in any other way.
        if (!(error instanceof CompressionError)) throw error
        expect(error.code).toBe('CORRUPT')
      }
      expect(process.memoryUsage().arrayBuffers).toBeLessThan(512 * MB)
    })

    it('zstd: several frames and skippable frames make one output', () => {
      const skippable = Buffer.from('502a4d1803000000010203', 'hex')
      const data = Buffer.concat([skippable, zstdBomb(1), skippable])
      expectBytes(decompress(Codec.ZSTD, data, MB), Buffer.alloc(128 * 1024, 'a'))
    })

    it('random bytes decompress cleanly with every codec', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 4 }), fc.uint8Array({ maxLength: 80 }), (codec, bytes) => {
          decompressAnything(codec, Buffer.from(bytes))
        }),
        { numRuns: 500 },
      )
    })
  })
}

function decompressAnything(codec: number, bytes: Buffer): void {
  try {
    expect(decompress(codec, bytes, 4 * MB).length).toBeLessThanOrEqual(4 * MB)
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error
  }
}

/** Whether this Node has zstd of its own (22.15 and later). */
export const nodeHasZstd = 'zstdCompressSync' in zlib
