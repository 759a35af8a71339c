import { Reader } from '../../proto/kafka/reader.ts'
import { Batch } from './batch.ts'
import type { EncodedRecord } from './record-encoder.ts'

const NO_BYTES = Buffer.alloc(0)

/**
 * Cuts a batch that the broker found too large in two, which take its place in the order. `finished` is called once both
 * are done; the batch itself is to be finished then.
 */
export function splitBatch(batch: Batch, finished: () => void): readonly [Batch, Batch] {
  const half = Math.ceil(batch.count / 2)
  const splits = batch.splits + 1
  const capacity = Math.ceil(batch.size / 2)
  const first = new Batch(Buffer.allocUnsafeSlow(capacity), batch.createdAtMs, batch.order)
  const second = new Batch(Buffer.allocUnsafeSlow(capacity), batch.createdAtMs, batch.order + 1 / 2 ** splits)
  const reader = new Reader(batch.records())
  for (let i = 0; i < batch.count; i++) {
    const { record, timestampDelta } = readRecord(reader)
    const target = i < half ? first : second
    target.append(record, batch.baseTimestamp + timestampDelta)
  }
  let left = 2
  for (const part of [first, second]) {
    part.splits = splits
    part.listeners.push({
      batchDone: () => {
        left--
        if (left === 0) finished()
      },
    })
  }
  batch.halves = [first, second]
  return batch.halves
}

function readRecord(reader: Reader): { record: EncodedRecord; timestampDelta: number } {
  const length = reader.varint()
  const end = reader.position + length
  reader.int8()
  const timestampDelta = reader.varlong()
  reader.varint()
  const keyLength = reader.varint()
  const keyBytes = keyLength < 0 ? NO_BYTES : reader.slice(keyLength)
  const valueLength = reader.varint()
  const valueBytes = valueLength < 0 ? NO_BYTES : reader.slice(valueLength)
  const headerLength = end - reader.position
  return {
    record: { keyBytes, keyLength, valueBytes, valueLength, headerBytes: reader.slice(headerLength), headerLength },
    timestampDelta,
  }
}
