/** What happens in the world, one action at a time, drawn by weight. */
import { Errors } from '../../../proto/kafka/errors.ts'
import { isOutOfDescriptors } from '../../../broker/log/errors.ts'
import type { Log } from '../../../broker/log/log.ts'
import { stopInWeather } from './after-stop.ts'
import { type SentBatch, type StoredBatch, stored } from './batches.ts'
import { GONE } from './cleaned.ts'
import { damageOneFile, restoreOldCopy } from './damage.ts'
import { askRead, checkAborted, checkRead, checkTimestamp } from './invariants.ts'
import { cutShort } from './histories.ts'
import type { Outcome } from './producers.ts'
import { applyRetention } from './retention.ts'
import { type ActionName, drawConfig } from './settings.ts'
import { must, Violation } from './violation.ts'
import type { Partition, World } from './world.ts'

const DAY_MS = 86_400_000

type Action = (world: World, partition: Partition) => void

const actions: Readonly<Record<ActionName, Action>> = {
  produce,
  flush: (world, partition) => void flush(world, partition),
  sync,
  wait: (world) => {
    for (let steps = world.random.between(1, 6); steps > 0 && world.disk.death === null; steps--) {
      world.attempt('a completion', () => world.clock.step())
    }
  },
  read,
  'read-time': readTime,
  'high-watermark': moveHighWatermark,
  'delete-records': deleteRecords,
  retention: applyRetention,
  truncate,
  'new-epoch': beginEpoch,
  config: (world, partition) => {
    partition.model.config = drawConfig(world.random, world.settings.isCompacted, world.settings.isRestless)
    world.logOf(partition).updateConfig(partition.model.config)
  },
  tick,
  stop: (world) => world.stop(),
  'stop-in-weather': stopInWeather,
  kill: (world) => world.crash('kill'),
  'power-cut': (world) => world.crash('power-cut'),
  'die-in-call': (world) =>
    world.faults.dieAfter(world.random.between(1, 40), world.random.pick(['kill', 'power-cut'])),
  'clock-jump': (world) => {
    world.faults.count('clock-jump')
    world.clock.jump(world.random.between(-2 * DAY_MS, 2 * DAY_MS))
  },
  full: (world) => {
    world.faults.full = !world.faults.full
  },
  damage: damageOneFile,
  'old-copy': restoreOldCopy,
  'cut-short': (world, partition) => cutShort(steps, world, partition),
  clean: (world) => world.attempt('clean', () => world.cleaner!.tick()),
}

const steps = { append, flush, sync, tick, truncate, moveHighWatermark, deleteRecords }

/** Does one thing; afterwards the process is up. Returns the partition it was about. */
export function act(world: World): Partition {
  const partition = world.random.pick(world.partitions)
  const name = world.random.weighted(world.settings.weights)
  world.note(`${name} ${partition.model.topic}`)
  actions[name](world, partition)
  if (world.disk.death !== null) {
    world.faults.count(world.disk.death)
    world.restart()
  }
  return partition
}

function produce(world: World, partition: Partition): void {
  const { model, workload } = partition
  for (let left = world.random.between(1, 6); left > 0 && world.disk.death === null && !model.isOffline; left--) {
    append(world, partition, workload.next(world.clock.now()))
  }
  if (world.random.chance(0.6)) flush(world, partition)
}

export function append(world: World, partition: Partition, sent: SentBatch): void {
  const { model } = partition
  const log = world.logOf(partition)
  const nowMs = world.clock.now()
  if (world.random.chance(0.03)) model.leaderEpoch++
  const isAppendTime = model.config.messageTimestampType === 'LogAppendTime'
  const batch = stored(sent, model.end, model.leaderEpoch, isAppendTime ? nowMs : -1)
  const outcomes = model.producers.outcomes(sent)
  const writtenBefore = model.flushedEnd
  const wasFull = log.full !== null
  const appended = world.attempt('append', () => log.append(sent.data, model.leaderEpoch, nowMs))
  noteWritten(world, partition, log, writtenBefore)
  if (appended === null || model.isOffline || world.disk.death !== null) {
    model.ghosts.push(batch)
    return
  }
  const { error, baseOffset, lastOffset, duplicate } = appended.value
  if (error === Errors.KAFKA_STORAGE_ERROR && (log.full !== null || wasFull)) return
  const outcome: Outcome =
    error !== 0
      ? { kind: 'refused', error }
      : duplicate
        ? { kind: 'duplicate', base: baseOffset, end: lastOffset + 1 }
        : { kind: 'appended' }
  must(
    outcomes.some((expected) => sameOutcome(expected, outcome)),
    'producers',
    () => {
      return `${model.topic}: ${describe(sent)} was ${JSON.stringify(outcome)}, expected ${JSON.stringify(outcomes)}`
    },
  )
  if (outcome.kind === 'refused') return partition.workload.refused(sent)
  if (outcome.kind === 'duplicate') return
  must(baseOffset === batch.base && lastOffset + 1 === batch.end, 'contiguous', () => {
    return `${model.topic}: offsets ${baseOffset} to ${lastOffset} were given out, not ${batch.base} to ${batch.end - 1}`
  })
  model.add(batch)
}

/** A roll writes what is queued; a failed write leaves it open how much of it is there. */
function noteWritten(world: World, partition: Partition, log: Log, before: number): void {
  const { model } = partition
  if (world.disk.death !== null) return
  world.noteOffline(partition)
  if (model.isOffline) return
  const { flushedEndOffset } = log
  must(flushedEndOffset === before || flushedEndOffset === model.end, 'ends', () => {
    return `${model.topic} is written up to ${flushedEndOffset}, which is neither ${before} nor ${model.end}`
  })
  model.flushedEnd = flushedEndOffset
}

export function flush(world: World, partition: Partition): boolean {
  const { model } = partition
  const log = world.logOf(partition)
  const before = model.flushedEnd
  const flushed = world.attempt('flush', () => log.flush())
  noteWritten(world, partition, log, before)
  if (flushed === null || model.isOffline || world.disk.death !== null) return false
  if (flushed.value === null) {
    must(log.flushedEndOffset === model.end, 'ends', () => `${model.topic} says it is written, and is not`)
    return true
  }
  must(world.isInjected(flushed.value), 'no-crash', () => `a write failed without a fault: ${String(flushed.value)}`)
  must(log.full !== null, 'offline', () => `${model.topic} could not write, and is neither offline nor full`)
  return false
}

export function sync(world: World, partition: Partition): void {
  const { model } = partition
  const log = world.logOf(partition)
  const asked = { target: model.flushedEnd }
  const manager = world.manager
  model.syncs.push(asked)
  const done = (error: Error | null): void => {
    // A process that has died tells nobody anything.
    if (world.manager !== manager || world.disk.death !== null) return
    model.syncs = model.syncs.filter((other) => other !== asked)
    if (error !== null) {
      must(
        world.isInjected(error) || model.isOffline || world.isStopping,
        'offline',
        () => `a sync failed without a fault: ${error.message}`,
      )
      return
    }
    world.note(`${model.topic} is durable up to ${asked.target}`)
    model.reported(asked.target)
  }
  world.attempt('sync', () => log.sync(done))
}

function read(world: World, partition: Partition): void {
  const { model } = partition
  const log = world.logOf(partition)
  if (model.isHalfCut || model.flushedEnd <= model.start) return
  const { random } = world
  const offset = random.between(model.start, model.flushedEnd)
  const limit = random.chance(0.7) ? model.flushedEnd : random.between(model.start, model.flushedEnd)
  const asked = askRead(model, offset, limit, random.pick([1, 200, 3_000, 100_000]), random.chance(0.8))
  const { maxBytes, minOne } = asked
  if (random.chance(0.6)) {
    const now = world.attempt('read', () => log.read(offset, limit, maxBytes, minOne))
    if (now === null) return
    if (now.value !== null) {
      checkRead(model, asked, now.value)
      now.value.release?.()
      return
    }
  }
  const { generation } = model
  world.attempt('read', () =>
    log.readAsync(offset, limit, maxBytes, minOne, (error, found) => {
      if (error !== null) {
        must(world.isInjected(error), 'read', () => `a read failed without a fault: ${error.message}`)
        return
      }
      // A truncation or deletion meanwhile makes a read come back empty.
      if (found.bytes === 0 && generation !== model.generation) return
      checkRead(model, asked, found)
      found.release?.()
    }),
  )
}

function readTime(world: World, partition: Partition): void {
  const { model } = partition
  if (model.isHalfCut || model.flushedEnd !== model.end || model.batches.length === 0) return
  const batch = world.random.pick(model.batches)
  const timestamp = world.random.pick(batch.timestamps) + world.random.between(-1, 1)
  const log = world.logOf(partition)
  if (timestamp !== GONE) world.attempt('offsetForTimestamp', () => checkTimestamp(log, model, timestamp))
  const from = world.random.between(model.start, log.lastStableOffset)
  world.attempt('abortedTransactions', () => checkAborted(log, model, from, log.lastStableOffset))
}

/** Followers fetch whole batches, so the high watermark stands between two. */
function moveHighWatermark(world: World, partition: Partition): void {
  const { model } = partition
  const log = world.logOf(partition)
  const ends = model.batches.map(({ end }) => end).filter((end) => end > model.highWatermark)
  const committable = ends.filter((end) => end <= log.committableEndOffset)
  if (committable.length === 0) return
  const highWatermark = world.random.pick(committable)
  log.updateHighWatermark(highWatermark)
  model.committedTo(highWatermark)
}

function deleteRecords(world: World, partition: Partition): void {
  const { model } = partition
  // It may have gone offline in a completion, and then its start does not move.
  world.noteOffline(partition)
  if (model.isOffline) return
  const offset = world.random.between(model.start, model.highWatermark)
  model.startAt(offset)
  world.attempt('deleteRecordsBefore', () => world.logOf(partition).deleteRecordsBefore(offset))
  if (world.disk.death === null) world.noteOffline(partition)
}

/** What a follower does after a leader change: never below the high watermark (R12). */
function truncate(world: World, partition: Partition): void {
  const { model } = partition
  if (model.isOffline || !flush(world, partition)) return
  const log = world.logOf(partition)
  // What was cleaned had been committed, though a crash may have made the log forget.
  const offset = world.random.between(Math.min(model.end, Math.max(model.highWatermark, model.cleanedEnd)), model.end)
  const takeBack = model.save()
  const before = model.batches
  const end = model.cut(offset)
  // A batch that holds the high watermark goes whole, and the watermark with it.
  if (model.highWatermark > end) model.cutWatermark = Math.max(model.cutWatermark, model.highWatermark)
  model.highWatermark = Math.min(model.highWatermark, end)
  model.start = Math.min(model.start, end)
  model.notedStart = Math.min(model.notedStart, end)
  const truncated = world.attempt('truncateTo', () => log.truncateTo(offset, world.clock.now()))
  if (world.disk.death !== null) return
  world.noteOffline(partition)
  const problem = truncated?.value
  // Where file descriptors are short it is not begun.
  if (problem instanceof Error && !model.isOffline && isOutOfDescriptors(problem)) return takeBack()
  if (problem !== null) {
    must(model.isOffline, 'offline', () => `${model.topic} could not be truncated and goes on`)
    model.isHalfCut = true
    return
  }
  model.leaderEpoch++
  model.rebuild()
  if (world.random.chance(0.5)) followAgain(world, partition, before)
}

/** The new leader's batches have other records and often the same offsets: they end where an old segment began. */
function followAgain(world: World, partition: Partition, before: readonly StoredBatch[]): void {
  const { model, workload } = partition
  const replaced = before.filter(({ base }) => base >= model.end).slice(0, world.random.between(1, 8))
  for (const { count } of replaced) {
    if (world.disk.death !== null || model.isOffline) return
    append(world, partition, workload.plain(count, world.clock.now()))
  }
  if (world.disk.death === null && !model.isOffline) flush(world, partition)
}

function beginEpoch(world: World, partition: Partition): void {
  const { model } = partition
  if (model.isOffline) return
  model.leaderEpoch += world.random.between(1, 2)
  world.attempt('assignEpoch', () => world.logOf(partition).assignEpoch(model.leaderEpoch, model.end))
  if (world.disk.death === null) world.noteOffline(partition)
}

function tick(world: World): void {
  const noted = world.partitions.map(({ model }) => ({ start: model.start, watermark: model.highWatermark }))
  const done = world.attempt('tick', () => world.manager!.tick(world.clock.now()))
  if (done === null || world.disk.death !== null) return
  world.partitions.forEach(({ model }, i) => {
    model.notedStart = Math.max(model.notedStart, noted[i].start)
    model.notedWatermark = noted[i].watermark
  })
}

function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.kind === 'duplicate') return b.kind === 'duplicate' && a.base === b.base && a.end === b.end
  if (a.kind === 'refused') return b.kind === 'refused' && a.error === b.error
  return b.kind === 'appended'
}

function describe({ producer, count }: SentBatch): string {
  if (producer === null) throw new Violation('producers', 'a batch without a producer was not simply appended')
  return `producer ${producer.id} epoch ${producer.epoch} sequence ${producer.firstSequence} (${count})`
}
