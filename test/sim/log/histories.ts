/** What is rare when actions are drawn one by one: a history that is undone, and the power fails before that is durable. */
import type { SentBatch } from './batches.ts'
import { applyRetention } from './retention.ts'
import type { Partition, World } from './world.ts'

type Step = (world: World, partition: Partition) => unknown

/** The actions that a history is made of. */
export interface Steps {
  readonly append: (world: World, partition: Partition, sent: SentBatch) => void
  readonly flush: Step
  readonly sync: Step
  readonly tick: Step
  readonly truncate: Step
  readonly moveHighWatermark: Step
  readonly deleteRecords: Step
}

/** Writes on, undoes that by a truncation or a deletion, and crashes. */
export function cutShort(steps: Steps, world: World, partition: Partition): void {
  const { random } = world
  const { append, flush, sync, tick, truncate, moveHighWatermark, deleteRecords } = steps
  const isAlive = (): boolean => world.disk.death === null && !partition.model.isOffline
  const durable = (): void => {
    if (isAlive()) sync(world, partition)
    world.settle()
  }
  if (random.chance(0.5)) durable()
  for (let left = random.between(2, 14); left > 0 && isAlive(); left--) {
    append(world, partition, partition.workload.plain(random.between(1, 2), world.clock.now()))
  }
  if (isAlive()) flush(world, partition)
  if (random.chance(0.4)) durable()
  if (isAlive() && random.chance(0.5)) tick(world, partition)
  if (!isAlive()) return
  if (random.chance(0.7)) truncate(world, partition)
  else {
    for (let times = 0; times < 2 && isAlive(); times++) {
      moveHighWatermark(world, partition)
      deleteRecords(world, partition)
    }
    if (isAlive()) applyRetention(world)
  }
  for (let left = random.between(0, 4); left > 0 && isAlive(); left--) {
    append(world, partition, partition.workload.plain(1, world.clock.now()))
    flush(world, partition)
    durable()
  }
  if (isAlive() && random.chance(0.8)) world.crash('power-cut')
}
