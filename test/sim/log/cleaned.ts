/** What a cleaning may take out of a log, told by the records alone. */
import { decodeBatch, decodeBatches, type RecordBatch } from '../../../proto/kafka/batch/decode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import type { StoredBatch } from './batches.ts'
import type { LogModel } from './model.ts'
import { must } from './violation.ts'

/** What was cleaned: offsets [from, end), by a map that accounts for all below `mapEnd`. */
export interface Cleaning {
  readonly from: number
  readonly end: number
  readonly mapEnd: number
  readonly nowMs: number
}

/** A timestamp that stands for a record which is not there any more. */
export const GONE = Number.NEGATIVE_INFINITY

/**
 * Judges the cleaned bytes: of each key the last record is there, nothing that a later one has made obsolete, and all of it
 * as it was, under its offset; each producer's last batch stays. Returns the batches as they are from now on.
 */
export function judgeCleaned(model: LogModel, bytes: Buffer, cleaning: Cleaning): StoredBatch[] {
  const { from, end } = cleaning
  const before = model.batches.filter(({ base }) => base >= from && base < end)
  const latest = latestOffsets(model, cleaning.mapEnd)
  const after: StoredBatch[] = []
  let position = 0
  for (const batch of decodeBatches(bytes)) {
    const data = bytes.subarray(position, position + batch.sizeBytes)
    position += batch.sizeBytes
    const origin = before.find(({ base }) => base === batch.baseOffset)
    // What lies below the start may have been lost in part, and nobody is shown it.
    if (origin === undefined && batch.lastOffset < model.start) continue
    must(origin !== undefined && origin.end === batch.lastOffset + 1, 'compaction', () => {
      return `${model.topic}: a batch from ${batch.baseOffset} to ${batch.lastOffset} was never there`
    })
    must(origin.base >= (after.at(-1)?.end ?? 0), 'compaction', () => `${model.topic}: ${origin.base} is out of order`)
    const timestamps = judgeBatch(model, batch, origin, latest, cleaning)
    after.push({ ...origin, data, timestamps })
  }
  for (const origin of before) {
    if (origin.end <= model.start || after.some(({ base }) => base === origin.base)) continue
    judgeMissing(
      model,
      origin,
      origin.timestamps.map(() => GONE),
      latest,
      cleaning,
    )
    must(!isLastOfProducer(model, origin), 'compaction', () => {
      return `${model.topic}: the batch at ${origin.base}, the last of producer ${origin.producer?.id}, is gone`
    })
  }
  return after
}

/** Returns the timestamps of the records that are left. */
function judgeBatch(
  model: LogModel,
  batch: RecordBatch,
  origin: StoredBatch,
  latest: ReadonlyMap<string, number>,
  cleaning: Cleaning,
): number[] {
  const { topic } = model
  const was = decodeBatch(origin.data)
  for (const field of ['leaderEpoch', 'producerId', 'producerEpoch', 'baseSequence', 'isLogAppendTime'] as const) {
    must(
      batch[field] === was[field],
      'compaction',
      () => `${topic}: ${field} of the batch at ${origin.base} has changed`,
    )
  }
  const records = recordsOf(was)
  const timestamps = origin.timestamps.map(() => GONE)
  for (const [offset, text] of recordsOf(batch)) {
    must(records.get(offset) === text, 'compaction', () => {
      return `${topic}: offset ${offset} was ${records.get(offset) ?? 'not there'}, and becomes ${text}`
    })
    const newer = latest.get(keyOf(text)) ?? -1
    const isObsolete = newer > offset && offset >= model.start
    must(!isObsolete, 'compaction', () => `${topic}: offset ${offset} stays, though ${newer} has its key`)
    timestamps[offset - origin.base] = origin.timestamps[offset - origin.base]
  }
  judgeMissing(model, origin, timestamps, latest, cleaning)
  return timestamps
}

/** Each record that is gone has a later one with its key, or is a tombstone whose time had come. */
function judgeMissing(
  model: LogModel,
  { base, data, timestamps }: StoredBatch,
  left: readonly number[],
  latest: ReadonlyMap<string, number>,
  { nowMs }: Cleaning,
): void {
  const isPastHorizon = header.hasDeleteHorizon(data, 0) && header.baseTimestamp(data, 0) <= nowMs
  for (const [offset, text] of recordsOf(decodeBatch(data))) {
    const at = offset - base
    if (left[at] !== GONE || timestamps[at] === GONE || offset < model.start) continue
    const mayGo = (latest.get(keyOf(text)) ?? -1) > offset || (isPastHorizon && text.includes(TOMBSTONE))
    must(mayGo, 'compaction', () => `${model.topic}: offset ${offset}, the last with its key, is gone: ${text}`)
  }
}

const TOMBSTONE = '=null@'

/** Each record as text, by its offset. */
function recordsOf(batch: RecordBatch): Map<number, string> {
  const records = new Map<number, string>()
  for (const { offset, key, value, timestamp } of batch.records()) {
    records.set(offset, `${String(key)}=${value === null ? 'null' : `'${String(value)}'`}@${timestamp}`)
  }
  return records
}

function keyOf(text: string): string {
  return text.slice(0, text.indexOf('='))
}

/** Of each key the last offset that the map knows. */
function latestOffsets(model: LogModel, mapEnd: number): ReadonlyMap<string, number> {
  const latest = new Map<string, number>()
  for (const { base, data } of model.batches) {
    if (base >= mapEnd) break
    for (const [offset, text] of recordsOf(decodeBatch(data))) {
      if (offset >= model.start && offset < mapEnd) latest.set(keyOf(text), offset)
    }
  }
  return latest
}

/** Its sequence is what the producer goes on from, also after a restart that finds nothing else. */
function isLastOfProducer(model: LogModel, { base, producer }: StoredBatch): boolean {
  if (producer === null) return false
  return !model.batches.some((other) => other.base > base && other.producer?.id === producer.id)
}
