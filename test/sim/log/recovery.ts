/** What a log that was opened after a stop must hold. */
import type { Log } from '../../../broker/log/log.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import type { StoredBatch } from './batches.ts'
import type { LogModel } from './model.ts'
import { must, Violation } from './violation.ts'

/** How the process before came to its end: `stop` is a clean one. */
export type Ending = 'stop' | 'kill' | 'power-cut'

/** Judges the log against the model of what was there before, then makes the model follow what is there now. */
export function adoptRecovered(model: LogModel, log: Log, ending: Ending, found: Buffer, firstBase: number): void {
  const batches = identify(model, log, found)
  checkBounds(model, log, ending, batches)
  const ends = batches.at(-1)?.end ?? log.logStartOffset
  must(
    ends === log.logEndOffset,
    'contiguous',
    () => `${model.topic} ends at ${log.logEndOffset}, its batches at ${ends}`,
  )
  // What recovery has cut off is gone for good once that has been synced.
  model.ghosts.push(...model.batches.filter((batch) => batch.base >= ends && !batches.includes(batch)))
  // What lies below the start is still in its file, but nobody is shown it.
  const below = model.batches.filter((batch) => batch.base >= firstBase && batch.end <= (batches[0]?.base ?? ends))
  model.batches = [...below, ...batches]
  model.end = log.logEndOffset
  model.flushedEnd = model.end
  model.start = log.logStartOffset
  model.durableEnd = Math.min(model.durableEnd, model.end)
  model.reportedEnd = 0
  if (model.highWatermark > model.end) model.lostWatermark = Math.max(model.lostWatermark, model.highWatermark)
  model.highWatermark = log.highWatermark
  model.leaderEpoch = Math.max(model.leaderEpoch, log.latestEpoch)
  model.syncs = []
  model.isUnsure = false
  model.isOffline = false
  model.isHalfCut = false
  model.rebuild()
}

/** Each batch must be one that was appended at that very offset, and one must follow the other. */
function identify(model: LogModel, log: Log, found: Buffer): StoredBatch[] {
  const batches: StoredBatch[] = []
  let expectedBase = -1
  let epoch = -1
  for (let at = 0; at < found.length; ) {
    const size = header.batchSize(found, at)
    const base = header.baseOffset(found, at)
    must(expectedBase < 0 || base === expectedBase, 'contiguous', () => {
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
  // R8. In the weaker modes a crash may cut the log below what was committed, and the checkpoint is not synced.
  const committed = log.durableEndOffset === log.logEndOffset ? model.highWatermark : model.end
  must(log.highWatermark <= Math.max(committed, model.lostWatermark), 'high-watermark', () => {
    return `${topic}: high watermark ${log.highWatermark} after ${model.highWatermark}`
  })
  // A kill leaves the page cache: all that was written is there.
  const kept = ending === 'power-cut' ? model.durableEnd : model.isUnsure ? model.durableEnd : model.flushedEnd
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
