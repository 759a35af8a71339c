import { describe, expect, it, vi } from 'vitest'
import { Codec, compress, decompress } from '../../../proto/kafka/compression/index.ts'
import { crc32c } from '../../../proto/kafka/crc32c.ts'
import { describeCodecs, expectBytes, expectFailure, nodeHasZstd } from './compression-cases.ts'

// As on a machine where no native package is installed.
vi.mock('../../../proto/kafka/native.ts', () => ({ loadOptional: () => null }))

describeCodecs('codecs without any native package', nodeHasZstd)

describe('without native packages', () => {
  it.skipIf(nodeHasZstd)('compressing zstd says what to install; a Node with zstd of its own does not need it', () => {
    expectFailure('UNAVAILABLE', () => compress(Codec.ZSTD, Buffer.from('x')))
    expect(() => compress(Codec.ZSTD, Buffer.from('x'))).toThrow('@cloudpss/zstd')
  })

  it('snappy blocks round-trip in JavaScript', () => {
    const data = Buffer.from('snap'.repeat(50_000))
    expectBytes(decompress(Codec.SNAPPY, compress(Codec.SNAPPY, data), data.length), data)
  })

  it('CRC-32C is the same', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(1000, 'a'))).toBe(2669277034)
  })
})
