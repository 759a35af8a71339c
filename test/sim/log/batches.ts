/** Batches as the simulated clients send them, and as the log must keep them. */
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'

export interface ProducerFields {
  readonly id: number
  readonly epoch: number
  readonly firstSequence: number
}

/** What a client, or the transaction coordinator, sends. */
export interface SentBatch {
  readonly data: Buffer
  readonly count: number
  readonly timestamps: readonly number[]
  readonly producer: ProducerFields | null
  readonly isTransactional: boolean
  readonly marker: 'commit' | 'abort' | null
}

/** What must be found in the log, byte for byte. */
export interface StoredBatch extends SentBatch {
  readonly base: number
  /** Exclusive. */
  readonly end: number
  readonly leaderEpoch: number
}

/** The keys of a batch's records; a tombstone has no value. */
export interface Keyed {
  readonly key: string
  readonly isTombstone: boolean
}

export function encodeData(
  value: string,
  timestamps: readonly number[],
  producer: ProducerFields | null,
  isTransactional: boolean,
  keys?: readonly Keyed[],
): SentBatch {
  const records = timestamps.map((timestamp, i) => ({
    key: keys?.[i].key ?? `k${i}`,
    value: keys?.[i].isTombstone === true ? null : `${i}-${value}`,
    timestamp,
  }))
  const data = encodeBatch(records, {
    isTransactional,
    producerId: producer?.id ?? -1,
    producerEpoch: producer?.epoch ?? -1,
    baseSequence: producer?.firstSequence ?? -1,
  })
  return { data, count: records.length, timestamps, producer, isTransactional, marker: null }
}

export function encodeMarker(marker: 'commit' | 'abort', id: number, epoch: number, timestamp: number): SentBatch {
  const key = Buffer.from([0, 0, 0, marker === 'commit' ? 1 : 0])
  // Version 0, coordinator epoch 7.
  const value = Buffer.from([0, 0, 0, 0, 0, 7])
  const options = { isTransactional: true, isControl: true, producerId: id, producerEpoch: epoch }
  const data = encodeBatch([{ key, value, timestamp }], options)
  const producer = { id, epoch, firstSequence: -1 }
  return { data, count: 1, timestamps: [timestamp], producer, isTransactional: true, marker }
}

/** The batch as it must be stored: stamped by the broker (W9). Call before the log gets the buffer. */
export function stored(sent: SentBatch, base: number, leaderEpoch: number, appendTimeMs: number): StoredBatch {
  const data = Buffer.from(sent.data)
  data.writeBigInt64BE(BigInt(base), 0)
  data.writeInt32BE(leaderEpoch, 12)
  let { timestamps } = sent
  if (appendTimeMs >= 0) {
    const bits = header.attributes(data, 0) | header.LOG_APPEND_TIME_FLAG
    header.setAttributesAndMaxTimestamp(data, 0, bits, appendTimeMs)
    timestamps = timestamps.map(() => appendTimeMs)
  }
  const { count, producer, isTransactional, marker } = sent
  // Field by field: a spread of so many is the slowest line of a seed.
  return { data, count, timestamps, producer, isTransactional, marker, base, end: base + count, leaderEpoch }
}
