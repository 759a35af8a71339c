/** What must hold of a log after every event, each under a name. None changes anything. */
import type { Log, LogRead } from '../../../broker/log/log.ts'
import type { StoredBatch } from './batches.ts'
import type { LogModel } from './model.ts'
import type { Aborted } from './transactions.ts'
import { must } from './violation.ts'

/** Offsets are contiguous, and written, durable and committed ends stand in order. */
export function checkEnds(log: Log, model: LogModel): void {
  const { topic } = model
  must(log.logEndOffset === model.end, 'ends', () => `${topic} ends at ${log.logEndOffset}, not ${model.end}`)
  must(log.flushedEndOffset === model.flushedEnd, 'ends', () => {
    return `${topic} is written up to ${log.flushedEndOffset}, not ${model.flushedEnd}`
  })
  must(log.durableEndOffset <= model.flushedEnd, 'ends', () => `${topic} claims more durable than was written`)
  must(log.durableEndOffset >= model.reportedEnd, 'acknowledged', () => {
    return `${topic}: a sync of ${model.reportedEnd} was acknowledged, durable is ${log.durableEndOffset}`
  })
  must(
    log.logStartOffset === model.start,
    'start',
    () => `${topic} starts at ${log.logStartOffset}, not ${model.start}`,
  )
  must(log.highWatermark === model.highWatermark, 'high-watermark', () => {
    return `${topic} has high watermark ${log.highWatermark}, not ${model.highWatermark}`
  })
}

/** R12, KIP-101: where each epoch ends is what the batches say. */
export function checkEpochs(log: Log, model: LogModel): void {
  const from = Math.max(model.start, model.furthestStart)
  const visible = model.batches.filter((batch) => batch.end > from)
  for (const [i, batch] of visible.entries()) {
    const next = visible[i + 1]
    const found = log.epochForOffset(Math.max(batch.base, from))
    must(found === batch.leaderEpoch, 'epochs', () => {
      return `${model.topic}: offset ${batch.base} is of epoch ${batch.leaderEpoch}, the cache says ${found}`
    })
    if (next !== undefined && next.leaderEpoch === batch.leaderEpoch) continue
    const { epoch, endOffset } = log.endOffsetForEpoch(batch.leaderEpoch)
    const end = next?.base ?? model.end
    // Compaction may have taken the batches out where it ends.
    must(epoch === batch.leaderEpoch && endOffset >= Math.min(batch.end, end) && endOffset <= end, 'epochs', () => {
      return `${model.topic}: epoch ${batch.leaderEpoch} ends at ${end}, the cache says ${endOffset}`
    })
  }
}

/** T5: the last stable offset is the first transaction that is open or not committed to its end, or the high watermark. */
export function checkStableOffset(log: Log, model: LogModel): void {
  const unstable = model.transactions.firstUnstable()
  if (unstable === null) return
  const [least, most] = unstable.map((first) => Math.min(Math.max(first, model.start), model.highWatermark))
  must(log.lastStableOffset >= least && log.lastStableOffset <= most, 'last-stable-offset', () => {
    return `${model.topic} is stable up to ${log.lastStableOffset}, not ${least}`
  })
}

/** T1: a reader of committed records is told of every aborted transaction in what it reads. */
export function checkAborted(log: Log, model: LogModel, from: number, end: number): void {
  const found = log.abortedTransactions(from, end)
  const expected = model.transactions.abortedIn(from, end)
  const isIn = (list: readonly Aborted[], wanted: Aborted): boolean =>
    list.some((other) => other.producerId === wanted.producerId && other.lastOffset === wanted.lastOffset)
  const what = `${model.topic} from ${from} to ${end}`
  const missing = expected.find((wanted) => {
    return !found.some((other) => isIn([other], wanted) && other.firstOffset === wanted.firstOffset)
  })
  must(
    missing === undefined,
    'aborted',
    () => `${what}: ${JSON.stringify(missing)} is missing in ${JSON.stringify(found)}`,
  )
  const extra = found.find((other) => !isIn(expected, other) && !model.transactions.mayHaveAborted(other.lastOffset))
  must(extra === undefined, 'aborted', () => `${what}: ${JSON.stringify(extra)} was not aborted`)
}

/** The time index finds what walking the records finds. Everything has been written. */
export function checkTimestamp(log: Log, model: LogModel, timestamp: number): void {
  const expected = model.offsetForTimestamp(timestamp)
  const found = log.offsetForTimestamp(timestamp)
  must((found?.offset ?? null) === expected, 'time-index', () => {
    return `${model.topic}: time ${timestamp} is at offset ${expected}, the log says ${found?.offset ?? null}`
  })
}

/** What was asked of a read, and what the log held then. */
export interface AskedRead {
  readonly offset: number
  readonly limit: number
  readonly maxBytes: number
  readonly minOne: boolean
  readonly expected: readonly StoredBatch[]
}

export function askRead(model: LogModel, offset: number, limit: number, maxBytes: number, minOne: boolean): AskedRead {
  const end = Math.min(limit, model.flushedEnd)
  const expected: StoredBatch[] = []
  let bytes = 0
  for (let i = model.indexOf(offset); i < model.batches.length; i++) {
    const batch = model.batches[i]
    bytes += batch.data.length
    if (batch.end > end || (bytes > maxBytes && !(minOne && expected.length === 0))) break
    expected.push(batch)
  }
  return { offset, limit, maxBytes, minOne, expected }
}

/**
 * R11: a read gives the batches that were appended there, whole, in order and byte for byte; fewer than would fit at a
 * segment's end, but never none.
 */
export function checkRead(model: LogModel, asked: AskedRead, read: LogRead): void {
  const what = (): string => `${model.topic}: a read at ${asked.offset} below ${asked.limit} of ${asked.maxBytes} bytes`
  const { expected } = asked
  if (expected.length === 0) {
    must(read.bytes === 0, 'read', () => `${what()} gave ${read.bytes} bytes where nothing was to be had`)
    return
  }
  const data = read.buffers.length === 1 ? read.buffers[0] : Buffer.concat(read.buffers)
  must(data.length === read.bytes && data.length > 0, 'read', () => `${what()} gave ${data.length} bytes`)
  let position = 0
  let count = 0
  while (position < data.length) {
    const batch = expected[count++]
    must(batch !== undefined, 'read', () => `${what()} gave more than was asked for`)
    const same = data.subarray(position, position + batch.data.length).equals(batch.data)
    must(same, 'read', () => `${what()} gave other bytes for offsets ${batch.base} to ${batch.end - 1}`)
    position += batch.data.length
  }
  must(read.nextOffset === expected[count - 1].end, 'read', () => `${what()} goes on at ${read.nextOffset}`)
}
