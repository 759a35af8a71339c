/** Retention against its rule: only whole segments go, from the oldest on, each for a reason, and none above the watermark. */
import { must } from './violation.ts'
import type { Partition, World } from './world.ts'

interface SegmentView {
  readonly base: number
  readonly end: number
  readonly bytes: number
  readonly newest: number
}

export function applyRetention(world: World): void {
  const { manager, partitions } = world
  const before = partitions.map((partition) => segmentsOf(world, partition))
  const bases = partitions.map((partition) => world.firstBase(partition))
  const nowMs = world.clock.now()
  const done = world.attempt('retention', () => manager!.applyRetention(nowMs))
  if (world.disk.death !== null) return allowAnyStart(world)
  partitions.forEach((partition, i) => {
    const { model } = partition
    world.noteOffline(partition)
    const log = world.logOf(partition)
    if (!model.isOffline) model.flushedEnd = log.flushedEndOffset
    // An offline log deletes nothing, and the truncation that it failed in may have moved its start or not.
    if (!model.isOffline) checkDeleted(partition, before[i], log.logStartOffset, nowMs)
    model.startAt(log.logStartOffset)
    if (done !== null) model.notedStart = model.start
    // A read meanwhile may come back empty, also where nothing was left in the segment that went.
    if (world.firstBase(partition) > bases[i]) model.generation++
    model.forgetBelow(world.firstBase(partition))
  })
}

/** It died on the way: each log has moved its start, or not. */
function allowAnyStart(world: World): void {
  for (const partition of world.partitions) {
    const { model } = partition
    const log = world.logOf(partition)
    model.startAt(log.logStartOffset)
    model.forgetBelow(world.firstBase(partition))
  }
}

function segmentsOf(world: World, partition: Partition): SegmentView[] {
  const { batches } = partition.model
  const names = [...world.filesOf(partition)]
    .filter(([name]) => /^\d{20}\.log(\.swap)?$/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return names.map(([name, file], i) => {
    const base = Number(name.slice(0, 20))
    const end = i + 1 < names.length ? Number(names[i + 1][0].slice(0, 20)) : partition.model.end
    const held = batches.filter((batch) => batch.base >= base && batch.base < end)
    const queued = held.filter((batch) => batch.base >= partition.model.flushedEnd)
    const bytes = file.visible.size + queued.reduce((sum, batch) => sum + batch.data.length, 0)
    return { base, end, bytes, newest: Math.max(-1, ...held.flatMap((batch) => batch.timestamps)) }
  })
}

function checkDeleted({ model }: Partition, segments: readonly SegmentView[], start: number, nowMs: number): void {
  if (start <= model.start) return
  must(start <= model.highWatermark, 'retention', () => `${model.topic} starts at ${start}, above the high watermark`)
  const { retentionBytes, retentionMs } = model.config
  let left = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  for (const segment of segments) {
    if (segment.base >= start) return
    // What could not be written for want of room was taken back meanwhile.
    must(
      Math.min(segment.end, model.end) <= start,
      'retention',
      () => `${model.topic} starts at ${start}, inside a segment`,
    )
    left -= segment.bytes
    const isOld = retentionMs >= 0 && nowMs - segment.newest > retentionMs
    const isOver = retentionBytes >= 0 && left >= retentionBytes
    must(isOld || isOver || segment.end <= model.start, 'retention', () => {
      return `${model.topic}: the segment at ${segment.base} was deleted for no reason`
    })
  }
}
