/** What a log that was opened after a stop must hold. */
import type { Log } from '../../../broker/log/log.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import type { Durability } from '../../../broker/log/config.ts'
import type { StoredBatch } from './batches.ts'
import type { LogModel } from './model.ts'
import { settleRewrite } from './compaction.ts'
import { must, Violation } from './violation.ts'

/** How the process before came to its end: `stop` is a clean one. */
export type Ending = 'stop' | 'kill' | 'power-cut'

/** Compaction took out what was at [from, end), or may have. */
function isHole({ batches, durableEnd }: LogModel, from: number, end: number, { isCompacted, hadMark }: Past): boolean {
  if (!isCompacted) return false
  // Without a whole mark, what a power cut lost above the durable end may pass for that.
  return (!hadMark && from >= durableEnd) || !batches.some(({ base }) => base >= from && base < end)
}

/** What a start has to do with. */
export interface Past {
  readonly ending: Ending
  readonly durability: Durability
  readonly isCompacted: boolean
  /** A durable mark was there, and whole. */
  readonly hadMark: boolean
}

/** Judges the log against the model of what was there before, then makes the model follow what is there now. */
export function adoptRecovered(model: LogModel, log: Log, past: Past, found: Buffer, firstBase: number): void {
  settleRewrite(model, batchesIn(found), log.logStartOffset)
  const batches = identify(model, log, found, past)
  checkBounds(model, log, past.ending, batches)
  checkWatermark(model, log, past)
  const ends = batches.at(-1)?.end ?? log.logStartOffset
  must(
    ends === log.logEndOffset || (ends < log.logEndOffset && isHole(model, ends, log.logEndOffset, past)),
    'contiguous',
    () => `${model.topic} ends at ${log.logEndOffset}, its batches at ${ends}`,
  )
  // What recovery has cut off is gone for good once that has been synced.
  model.ghosts.push(...model.batches.filter((batch) => batch.base >= ends && !batches.includes(batch)))
  // What lies below the start is still in its file, but nobody is shown it.
  const below = model.batches.filter((batch) => batch.base >= firstBase && batch.end <= log.logStartOffset)
  model.batches = [...below, ...batches]
  model.end = log.logEndOffset
  model.flushedEnd = model.end
  model.start = log.logStartOffset
  model.durableEnd = Math.min(model.durableEnd, model.end)
  model.reportedEnd = 0
  if (model.highWatermark > model.end) model.lostWatermark = Math.max(model.lostWatermark, model.highWatermark)
  model.highWatermark = log.highWatermark
  // A checkpoint is not synced, but at a clean stop.
  if (past.ending === 'power-cut') model.notedWatermark = 0
  model.leaderEpoch = Math.max(model.leaderEpoch, log.latestEpoch)
  model.syncs = []
  model.hasDropped = false
  model.isOffline = false
  model.isHalfCut = false
  model.rebuild()
}

function batchesIn(found: Buffer): Buffer[] {
  const batches: Buffer[] = []
  for (let at = 0; at < found.length; ) {
    const size = header.batchSize(found, at)
    batches.push(found.subarray(at, at + size))
    at += size
  }
  return batches
}

/** Each batch must be one that was appended at that very offset, and one must follow the other. */
function identify(model: LogModel, log: Log, found: Buffer, past: Past): StoredBatch[] {
  const batches: StoredBatch[] = []
  let expectedBase = -1
  let epoch = -1
  for (let at = 0; at < found.length; ) {
    const size = header.batchSize(found, at)
    const base = header.baseOffset(found, at)
    const isNext = base === expectedBase || (base > expectedBase && isHole(model, expectedBase, base, past))
    must(expectedBase < 0 || isNext, 'contiguous', () => {
      return `${model.topic}: after recovery offset ${base} follows ${expectedBase - 1}`
    })
    const data = found.subarray(at, at + size)
    const known = [...model.batches, ...model.ghosts].find((batch) => batch.base === base && batch.data.equals(data))
    must(
      known !== undefined,
      'invented',
      () => `${model.topic}: recovery shows a batch at ${base} that nobody sent there`,
    )
    must(
      known.leaderEpoch >= epoch,
      'epochs',
      () => `${model.topic}: epoch ${known.leaderEpoch} after ${epoch} at ${base}`,
    )
    epoch = known.leaderEpoch
    batches.push(known)
    expectedBase = known.end
    at += size
  }
  must(
    batches.length === 0 || batches[0].end > log.logStartOffset,
    'start',
    () => `${model.topic} shows what is below its start`,
  )
  return batches
}

function checkBounds(model: LogModel, log: Log, ending: Ending, batches: readonly StoredBatch[]): void {
  const { topic } = model
  const start = log.logStartOffset
  must(start >= model.notedStart && (start <= model.start || model.durableEnd <= model.start), 'start', () => {
    return `${topic}: the start was ${model.start} and noted as ${model.notedStart}, recovery says ${start}`
  })
  // A kill leaves the page cache: all that was written is there.
  const kept = ending === 'power-cut' || model.hasDropped ? model.durableEnd : model.flushedEnd
  for (const batch of model.batches) {
    if (batch.end > kept) break
    if (batch.end <= start || batches.includes(batch)) continue
    throw new Violation(
      'acknowledged',
      `${topic}: offset ${batch.base} was ${ending === 'power-cut' ? 'durable' : 'written'} and is gone`,
    )
  }
  if (ending === 'stop') {
    must(
      start === model.start && log.logEndOffset === model.end,
      'clean-stop',
      () => `${topic} had ${model.start}..${model.end} at a clean stop, and then ${start}..${log.logEndOffset}`,
    )
  }
}

/**
 * R8: nothing is committed by a start. What was noted of it is known again, unless a power cut took the note; in the weaker
 * durabilities that may cut the log below what was committed, and then the note tells of too much.
 */
function checkWatermark(model: LogModel, log: Log, { ending, durability }: Past): void {
  const before = model.highWatermark
  // Where nothing was durable, the first segment that is left begins the log.
  const start = model.durableEnd <= model.start ? log.logStartOffset : 0
  const most = Math.max(before, start, model.cutWatermark, durability === 'fsync' ? 0 : model.lostWatermark)
  const least =
    ending === 'stop' ? before : ending === 'power-cut' ? 0 : Math.min(model.notedWatermark, log.logEndOffset)
  must(log.highWatermark <= most && log.highWatermark >= least, 'high-watermark', () => {
    return `${model.topic}: high watermark ${log.highWatermark} after ${before}, noted as ${model.notedWatermark}`
  })
}
