/** What a start cuts off a log is kept: its `.torn` files hold exactly those bytes. */
import { LOG_TORN_FILES_MAX } from '../../../broker/limits.ts'
import { LOG_SUFFIX, SWAP_SUFFIX, TORN_SUFFIX } from '../../../broker/log/file-names.ts'
import { must } from './violation.ts'
import type { Partition, World } from './world.ts'

/** Segments by name, as they were before a start. */
export type Segments = ReadonlyMap<string, Buffer>

/** Null: the start is to end a cleaning that a crash cut off, and the segments become others before it judges them. */
export function segmentsOf(world: World, partition: Partition): Segments | null {
  const segments = new Map<string, Buffer>()
  if ([...world.filesOf(partition).keys()].some((name) => name.endsWith(SWAP_SUFFIX))) return null
  for (const [name, file] of world.filesOf(partition)) {
    if (name.endsWith(LOG_SUFFIX)) segments.set(name, Buffer.from(file.visible.view()))
  }
  return segments
}

/** A start that failed has cut off another tail at the same place. */
export function forgetOverwritten(world: World, partition: Partition): void {
  const files = world.filesOf(partition)
  for (const [name, content] of partition.torn) {
    if (files.get(name)?.visible.view().equals(content) === false) partition.torn.delete(name)
  }
}

/** Judges the start that has just been: each segment is there whole, or its end is set aside. Nothing else is changed. */
export function checkTorn(world: World, partition: Partition, before: Segments | null, logStartOffset: number): void {
  const { topic } = partition.model
  const files = world.filesOf(partition)
  // The oldest of many go.
  const torn = [...files].filter(([name]) => name.endsWith(TORN_SUFFIX))
  const keep = (): void => {
    partition.torn = new Map(torn.map(([name, file]) => [name, Buffer.from(file.visible.view())]))
  }
  // Nobody knows what it cut off, so it may have been another tail at a place where one was before.
  if (before === null) return keep()
  const isComplete = torn.length < LOG_TORN_FILES_MAX
  const again = new Set<string>()
  for (const [name, content] of before) {
    const left = files.get(name)?.visible.view() ?? Buffer.alloc(0)
    must(content.subarray(0, left.length).equals(left), 'torn', () => `${topic}: a start has changed ${name}`)
    if (left.length === content.length || !isComplete) continue
    // Nothing valid was left above the start: what lies below it was deleted already.
    if (!files.has(name) && Number.parseInt(name, 10) < logStartOffset) continue
    const tornName = `${name.slice(0, -LOG_SUFFIX.length)}.${left.length}${TORN_SUFFIX}`
    again.add(tornName)
    must(files.get(tornName)?.visible.view().equals(content.subarray(left.length)) === true, 'torn', () => {
      return `${topic}: a start has cut ${name} from ${content.length} to ${left.length} bytes, which ${tornName} does not hold`
    })
  }
  for (const [name, content] of partition.torn) {
    const isThere = files.get(name)?.visible.view().equals(content) === true
    must(isThere || again.has(name) || !isComplete, 'torn', () => `${topic}: ${name} is not what a start kept`)
  }
  keep()
}
