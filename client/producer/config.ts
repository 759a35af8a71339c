import { Codec } from '../../proto/kafka/compression/index.ts'
import { inRange, oneOf } from '../config.ts'
import { clientError } from '../errors.ts'
import type { Partitioner, ProducerOptions } from './types.ts'

const CODECS = { none: Codec.NONE, gzip: Codec.GZIP, snappy: Codec.SNAPPY, lz4: Codec.LZ4, zstd: Codec.ZSTD } as const

/** The broker remembers this many batches per producer and partition (W16); more in flight could not be told apart. */
const MAX_IN_FLIGHT = 5

/** Producer options with every default filled in. */
export interface ProducerConfig {
  readonly acks: -1 | 0 | 1
  readonly idempotent: boolean
  readonly codec: number
  readonly compressionLevel: number | undefined
  readonly lingerMs: number
  readonly batchBytes: number
  readonly bufferMemory: number
  readonly maxRequestBytes: number
  readonly maxInFlight: number
  readonly deliveryTimeoutMs: number
  readonly partitioner: Partitioner | undefined
}

/** Checks the options; throws CLIENT_CONFIG naming the first bad one. */
export function resolveProducerOptions(options: ProducerOptions): ProducerConfig {
  const acks = oneOf('acks', options.acks, [-1, 0, 1] as const, -1)
  const idempotent = options.idempotent ?? acks === -1
  if (idempotent && acks !== -1) throw clientError('CLIENT_CONFIG', 'an idempotent producer needs acks -1')
  const maxRequestBytes = inRange('maxRequestBytes', options.maxRequestBytes, 1_048_576, 1_024)
  return {
    acks,
    idempotent,
    codec:
      CODECS[oneOf('compression', options.compression, ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const, 'none')],
    compressionLevel: options.compressionLevel,
    lingerMs: inRange('lingerMs', options.lingerMs, 0, 0),
    batchBytes: Math.min(maxRequestBytes, inRange('batchBytes', options.batchBytes, 131_072, 512)),
    bufferMemory: inRange('bufferMemory', options.bufferMemory, 33_554_432, 1_024),
    maxRequestBytes,
    maxInFlight: inRange('maxInFlight', options.maxInFlight, MAX_IN_FLIGHT, 1, idempotent ? MAX_IN_FLIGHT : 1_000),
    deliveryTimeoutMs: inRange('deliveryTimeoutMs', options.deliveryTimeoutMs, 120_000, 1),
    partitioner: options.partitioner,
  }
}
