/** What holds of the broker's process as a whole. */
import { must } from './violation.ts'
import type { World } from './world.ts'

/** Durable marks, checkpoints, what a cleaning reads and writes. */
const OPEN_FILES_SLACK = 6

export function checkProcess(world: World): void {
  const { disk, settings } = world
  must(disk.misuse === null, 'disk-misuse', () => disk.misuse!)
  // Files with unsynced bytes stay open over the bound.
  let unsynced = 0
  for (const partition of world.partitions) unsynced += world.filesOf(partition).size
  const bound = settings.maxOpenFiles + unsynced + OPEN_FILES_SLACK
  must(disk.openFiles <= bound, 'handles', () => `${disk.openFiles} files are open`)
}
