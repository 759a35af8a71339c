/** Transactions as the log sees them: markers, and what a `read_committed` consumer makes of an answer. */
import type { Log } from '../../../broker/log/log.ts'
import type { AbortedTransaction } from '../../../broker/log/txn-index.ts'
import { decodeBatches, type RecordBatch } from '../../../proto/kafka/batch/decode.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { NOW_MS, readOnce, type Turns } from './harness.ts'

/** The end of a transaction, as a coordinator appends it. */
export function marker(producerId: number, isAbort: boolean, coordinatorEpoch = 0, producerEpoch = 0): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(isAbort ? 0 : 1, 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(coordinatorEpoch, 2)
  const options = { producerId, producerEpoch, isTransactional: true, isControl: true }
  return encodeBatch([{ key, value, timestamp: NOW_MS }], options)
}

export interface Seen {
  readonly offset: number
  readonly value: string
}

/** The batches of one answer whose records Kafka's consumer hands out at `read_committed`. */
export function* committedBatches(
  buffers: Buffer | readonly Buffer[],
  aborted: readonly Pick<AbortedTransaction, 'producerId' | 'firstOffset'>[],
): Generator<RecordBatch> {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const leftOut = new Set<number>()
  for (const batch of decodeBatches(buffers)) {
    while (waiting.length > 0 && waiting[0].firstOffset <= batch.lastOffset) leftOut.add(waiting.shift()!.producerId)
    if (batch.isControl) {
      const [{ key }] = [...batch.records()]
      if (key?.readInt16BE(2) === 0) leftOut.delete(batch.producerId)
    } else if (!batch.isTransactional || !leftOut.has(batch.producerId)) yield batch
  }
}

/** Everything that a `read_committed` consumer sees, in reads of at most `maxBytes`. */
export function readCommitted(log: Log, turns: Turns, from: number, maxBytes: number): Seen[] {
  const seen: Seen[] = []
  const end = log.lastStableOffset
  for (let offset = from; offset < end; ) {
    const read = readOnce(log, turns, offset, maxBytes, end)
    for (const batch of committedBatches(read.buffers, log.abortedTransactions(offset, read.nextOffset))) {
      for (const record of batch.records()) {
        if (record.offset >= offset) seen.push({ offset: record.offset, value: String(record.value) })
      }
    }
    offset = read.nextOffset
  }
  return seen
}
