/** The faults are over: every log that has not gone offline takes appends again, and all of them can be read. */
import { append, flush, sync } from './actions.ts'
import { encodeData } from './batches.ts'
import { askRead, checkRead } from './invariants.ts'
import { readNow } from './reading.ts'
import { must } from './violation.ts'
import type { Partition, World } from './world.ts'

/** A full log is tried again once a second. */
const RETRY_MS = 2_000
/** A log may have to wait for the file descriptors of others. */
const TRIES_MAX = 4

/** Heals the disk; then each log takes a batch and makes it durable, and no log has lost what was written to it. */
export function checkLiveness(world: World): void {
  const { faults, partitions } = world
  faults.paused = true
  faults.full = false
  for (const partition of partitions) if (!partition.model.isOffline) sync(world, partition)
  world.settle()
  for (const partition of partitions) {
    world.noteOffline(partition)
    if (!partition.model.isOffline) checkServes(world, partition)
    checkReadable(world, partition)
  }
}

function checkServes(world: World, partition: Partition): void {
  const { model } = partition
  const log = world.logOf(partition)
  const { end } = model
  for (let tries = 0; model.flushedEnd <= end; tries++) {
    must(tries < TRIES_MAX && !model.isOffline, 'liveness', () => {
      return `${model.topic} takes no append though nothing fails any more: ${String(log.offline ?? log.full)}`
    })
    world.clock.advance(RETRY_MS)
    world.attempt('tick', () => log.tick(world.clock.now()))
    append(world, partition, encodeData('alive', [world.clock.now()], null, false))
    flush(world, partition)
  }
  sync(world, partition)
  world.settle()
  must(log.durableEndOffset === model.end && log.full === null, 'liveness', () => {
    return `${model.topic} ends at ${model.end}, and cannot make it durable beyond ${log.durableEndOffset}`
  })
}

/** All that was written is served, also by a log that has gone offline since, unless a truncation was cut off half way. */
function checkReadable(world: World, partition: Partition): void {
  const { model } = partition
  if (model.isHalfCut) return
  const log = world.logOf(partition)
  for (let offset = model.start; offset < model.flushedEnd; ) {
    const asked = askRead(model, offset, model.flushedEnd, 20_000, true)
    const read = readNow(world, log, offset, model.flushedEnd, 20_000)
    checkRead(model, asked, read)
    offset = read.nextOffset
  }
}
