import { describe, expect, it } from 'vitest'
import { gzipSync } from 'node:zlib'
import { Codec, codecIdOf, codecName, compress, decompress } from '../../../proto/kafka/compression/index.ts'
import { snappyCompressBlock } from '../../../proto/kafka/compression/snappy.ts'
import { xxhash32 } from '../../../proto/kafka/compression/xxhash32.ts'
import { decompressInJavaScript } from '../../../proto/kafka/compression/zstd.ts'
import { walkFrames } from '../../../proto/kafka/compression/zstd-frame.ts'
import { describeCodecs, expectBytes, expectFailure, zstdBomb } from './compression-cases.ts'

describeCodecs('codecs with the native packages, where they load', true)

const text = Buffer.from('a line of telemetry, and another line of telemetry, and another\n'.repeat(3000))

describe('codec ids and names (W25)', () => {
  it('are those of the attributes', () => {
    expect([0, 1, 2, 3, 4].map(codecName)).toEqual(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
    expect(codecName(5)).toBeUndefined()
    expect(codecIdOf('zstd')).toBe(4)
  })

  it('none passes through, unknown codecs are UNAVAILABLE', () => {
    expect(compress(Codec.NONE, text)).toBe(text)
    expect(decompress(Codec.NONE, text, 0)).toBe(text)
    expectFailure('UNAVAILABLE', () => compress(5, text))
    expectFailure('UNAVAILABLE', () => decompress(7, text, 100))
  })
})

describe('gzip', () => {
  it('takes a level, and reads several members as one', () => {
    expect(compress(Codec.GZIP, text, 9).length).toBeLessThan(compress(Codec.GZIP, text, 1).length)
    const members = Buffer.concat([gzipSync('one'), gzipSync('two')])
    expect(decompress(Codec.GZIP, members, 6).toString()).toBe('onetwo')
    expectFailure('TOO_LARGE', () => decompress(Codec.GZIP, members, 5))
  })
})

describe('snappy framing (W25)', () => {
  it('writes xerial frames, as the Java client does', () => {
    expect(compress(Codec.SNAPPY, text).subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001')
  })

  it('reads a bare block, as other clients write', () => {
    expectBytes(decompress(Codec.SNAPPY, snappyCompressBlock(text), text.length), text)
  })

  it('reads xerial blocks of any size, and adds their outputs up against the limit', () => {
    const head = Buffer.from('82534e41505059000000000100000001', 'hex')
    const block = snappyCompressBlock(Buffer.from('abc'))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    const framed = Buffer.concat([head, length, block, length, block])
    expect(decompress(Codec.SNAPPY, framed, 6).toString()).toBe('abcabc')
    expectFailure('TOO_LARGE', () => decompress(Codec.SNAPPY, framed, 5))
    expectFailure('CORRUPT', () => decompress(Codec.SNAPPY, framed.subarray(0, -1), 6))
    expectFailure('CORRUPT', () => decompress(Codec.SNAPPY, Buffer.concat([framed, Buffer.from([0, 0])]), 6))
  })

  it('does not believe a block that claims more than its bytes can hold', () => {
    const liar = Buffer.from([0xff, 0xff, 0xff, 0x7f, 0x00, 0x61])
    expectFailure('CORRUPT', () => decompress(Codec.SNAPPY, liar, 2 ** 30))
  })
})

describe('lz4 frames', () => {
  /** A frame by hand: flags, block size code, blocks as they are. */
  const frame = (flags: number, extra: Buffer, ...rest: Buffer[]): Buffer => {
    const descriptor = Buffer.concat([Buffer.from([flags, 0x40]), extra])
    const checksum = (xxhash32(descriptor) >>> 8) & 0xff
    return Buffer.concat([Buffer.from('04224d18', 'hex'), descriptor, Buffer.from([checksum]), ...rest])
  }
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value >>> 0)
    return bytes
  }
  const none = Buffer.alloc(0)
  const hello = Buffer.from('hello')
  const stored = Buffer.concat([word(0x80000000 | 5), hello])
  /** Five literals, then a copy of five from five back, then the literal end. */
  const repeating = Buffer.from([0x51, ...hello, 5, 0, 0x10, 0x21])

  it('xxHash32 gives the known values', () => {
    expect(xxhash32(none)).toBe(0x02cc5d05)
    expect(xxhash32(Buffer.from('a'))).toBe(0x550d7456)
    expect(xxhash32(Buffer.from('abc'))).toBe(0x32d153ff)
    expect(xxhash32(Buffer.from('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f)
  })

  it('stored and compressed blocks, with checksums of block and content', () => {
    const content = Buffer.from('hellohello!')
    expectBytes(decompress(Codec.LZ4, frame(0x60, none, stored, word(0)), 5), hello)
    const blocks = [word(repeating.length), repeating]
    expectBytes(decompress(Codec.LZ4, frame(0x60, none, ...blocks, word(0)), 11), content)
    const checked = frame(0x74, none, ...blocks, word(xxhash32(repeating)), word(0), word(xxhash32(content)))
    expectBytes(decompress(Codec.LZ4, checked, 11), content)
    expectFailure('CORRUPT', () => decompress(Codec.LZ4, Buffer.concat([checked.subarray(0, -1), none]), 11))
    for (const at of [checked.length - 1, checked.length - 9]) {
      const bad = Buffer.from(checked)
      bad[at]! ^= 1
      expectFailure('CORRUPT', () => decompress(Codec.LZ4, bad, 11))
    }
  })

  it('linked blocks reach back into the block before, independent ones may not', () => {
    const back = Buffer.from([0x01, 5, 0, 0x10, 0x21])
    const blocks = [stored, word(back.length), back, word(0)]
    expect(decompress(Codec.LZ4, frame(0x40, none, ...blocks), 20).toString()).toBe('hellohello!')
    expectFailure('CORRUPT', () => decompress(Codec.LZ4, frame(0x60, none, ...blocks), 20))
  })

  it('a stated content size is held against the limit, but not believed further than the input reaches', () => {
    const size = (bytes: number): Buffer => {
      const field = Buffer.alloc(8)
      field.writeBigUInt64LE(BigInt(bytes))
      return field
    }
    expectBytes(decompress(Codec.LZ4, frame(0x68, size(5), stored, word(0)), 5), hello)
    expectFailure('TOO_LARGE', () => decompress(Codec.LZ4, frame(0x68, size(2 ** 40), stored, word(0)), 2 ** 30))
  })

  it('a wrong magic, version, block size, dictionary or header checksum is CORRUPT', () => {
    const good = frame(0x60, none, stored, word(0))
    expectFailure('CORRUPT', () => decompress(Codec.LZ4, Buffer.from('nonsense'), 5))
    expectFailure('CORRUPT', () => decompress(Codec.LZ4, frame(0xa0, none, stored, word(0)), 5))
    expectFailure('CORRUPT', () => decompress(Codec.LZ4, frame(0x61, none, stored, word(0)), 5))
    for (const at of [5, 6]) {
      const bad = Buffer.from(good)
      bad[at]! ^= 0x10
      expectFailure('CORRUPT', () => decompress(Codec.LZ4, bad, 5))
    }
    expectFailure('CORRUPT', () => decompress(Codec.LZ4, frame(0x60, none, word(0x10001), Buffer.alloc(0x10001)), 9e6))
  })
})

describe('zstd', () => {
  it('takes a level', () => {
    expect(compress(Codec.ZSTD, text, 19).length).toBeLessThanOrEqual(compress(Codec.ZSTD, text, 1).length)
  })

  it('the JavaScript decoder agrees with the native one', () => {
    for (const level of [1, 3, 9]) {
      const data = compress(Codec.ZSTD, text, level)
      expectBytes(decompressInJavaScript(data, walkFrames(data), text.length), text)
      expectFailure('TOO_LARGE', () => decompressInJavaScript(data, walkFrames(data), text.length - 1))
    }
  })

  it('blocks of unstated size that could hold more than the limit, but do not, are read', () => {
    const block = [(10 << 3) | 2, 0, 0, 0x61]
    const last = [(10 << 3) | 3, 0, 0, 0x61]
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, ...new Array<number[]>(49).fill(block).flat(), ...last])
    expectBytes(decompress(Codec.ZSTD, frame, 500), Buffer.alloc(500, 'a'))
    expectFailure('TOO_LARGE', () => decompress(Codec.ZSTD, frame, 499))
  })

  it('many small frames are read, and added up against the limit', () => {
    const data = compress(Codec.ZSTD, Buffer.from('to be or not to be, that is the question to be asked or not'))
    const [single] = walkFrames(data)
    expect(single!.contentBytes).toBe(59)
    const many = Buffer.concat(new Array<Buffer>(50).fill(data))
    expect(walkFrames(many)).toHaveLength(50)
    expect(decompress(Codec.ZSTD, many, 59 * 50)).toHaveLength(59 * 50)
    expectFailure('TOO_LARGE', () => decompress(Codec.ZSTD, many, 59 * 50 - 1))
  })

  it('frames that need a dictionary, or are cut off, are CORRUPT', () => {
    const frame = zstdBomb(1)
    const needsDictionary = Buffer.from(frame)
    needsDictionary[4]! |= 1
    expectFailure('CORRUPT', () => decompress(Codec.ZSTD, needsDictionary, 1e6))
    for (let length = 1; length < frame.length; length++) {
      expectFailure('CORRUPT', () => decompress(Codec.ZSTD, frame.subarray(0, length), 1e6))
    }
  })
})
