/** Everything that can be asked of a log, asked. */
import { GONE } from './cleaned.ts'
import { askRead, checkAborted, checkEnds, checkEpochs, checkRead, checkTimestamp } from './invariants.ts'
import { readNow } from './reading.ts'
import type { Partition, World } from './world.ts'

/** Every batch is found by offset and by time, and so are the epochs and aborted transactions. Faults are held back. */
export function checkThoroughly(world: World, partition: Partition): void {
  const { model } = partition
  const log = world.logOf(partition)
  const wasPaused = world.faults.paused
  world.faults.paused = true
  checkEnds(log, model)
  checkEpochs(log, model)
  for (const batch of model.batches) {
    if (batch.base < model.start) continue
    const offset = world.random.between(batch.base, batch.end - 1)
    const asked = askRead(model, offset, model.flushedEnd, 1, true)
    const read = readNow(world, log, offset, model.flushedEnd, 1)
    checkRead(model, asked, read)
    read.release?.()
    if (batch.timestamps[0] !== GONE) checkTimestamp(log, model, batch.timestamps[0])
  }
  checkAborted(log, model, model.start, log.lastStableOffset)
  world.faults.paused = wasPaused
}
