/** Compression codecs of record batches, by the id in the attributes (W25). */
export const Codec = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const

export type CodecName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

const names: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** The codec's name as configs spell it; undefined for ids that do not exist (5 to 7). */
export function codecName(id: number): CodecName | undefined {
  return names[id]
}

/** The id for a name. */
export function codecIdOf(name: CodecName): number {
  return names.indexOf(name)
}

/** Why compressing or decompressing failed. */
export type CompressionFailure =
  /** The bytes are not what the codec writes. */
  | 'CORRUPT'
  /** The output would be larger than the caller allows: a bomb, or a limit set too low. */
  | 'TOO_LARGE'
  /** The codec does not exist, or no implementation of it is installed. */
  | 'UNAVAILABLE'

/** Compressing or decompressing failed; `code` tells why. */
export class CompressionError extends Error {
  readonly code: CompressionFailure

  constructor(code: CompressionFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CompressionError'
    this.code = code
  }
}

export function corrupt(codec: CodecName, what: string, cause?: unknown): CompressionError {
  return new CompressionError('CORRUPT', `${codec}: ${what}`, cause)
}

export function tooLarge(codec: CodecName, maxOutputBytes: number): CompressionError {
  return new CompressionError('TOO_LARGE', `${codec}: the output is larger than ${maxOutputBytes} bytes`)
}
