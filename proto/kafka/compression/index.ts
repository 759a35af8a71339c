import { Codec, CompressionError } from './codec.ts'
import { gunzip, gzip } from './gzip.ts'
import { lz4Compress, lz4Decompress } from './lz4.ts'
import { snappyCompress, snappyDecompress } from './snappy.ts'
import { zstdCompress, zstdDecompress } from './zstd.ts'

export { Codec, CompressionError, codecIdOf, codecName, type CodecName, type CompressionFailure } from './codec.ts'

/**
 * Compresses with a codec of record batches; 0 returns the input itself. `level` is for gzip (1 to 9) and zstd (1 to
 * 22). Throws `CompressionError` UNAVAILABLE for an unknown codec, or for zstd where nothing can compress it.
 */
export function compress(codec: number, input: Buffer, level?: number): Buffer {
  switch (codec) {
    case Codec.NONE:
      return input
    case Codec.GZIP:
      return gzip(input, level)
    case Codec.SNAPPY:
      return snappyCompress(input)
    case Codec.LZ4:
      return lz4Compress(input)
    case Codec.ZSTD:
      return zstdCompress(input, level)
    default:
      throw unknownCodec(codec)
  }
}

/**
 * Decompresses with a codec of record batches; 0 returns the input itself. Throws `CompressionError` TOO_LARGE as soon
 * as the output would be larger than `maxOutputBytes`, CORRUPT for bytes the codec did not write.
 */
export function decompress(codec: number, input: Buffer, maxOutputBytes: number): Buffer {
  switch (codec) {
    case Codec.NONE:
      return input
    case Codec.GZIP:
      return gunzip(input, maxOutputBytes)
    case Codec.SNAPPY:
      return snappyDecompress(input, maxOutputBytes)
    case Codec.LZ4:
      return lz4Decompress(input, maxOutputBytes)
    case Codec.ZSTD:
      return zstdDecompress(input, maxOutputBytes)
    default:
      throw unknownCodec(codec)
  }
}

function unknownCodec(codec: number): CompressionError {
  return new CompressionError('UNAVAILABLE', `compression codec ${codec} does not exist`)
}
