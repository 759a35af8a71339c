/** What a start cuts off a log is kept: its `.torn` files hold exactly those bytes. */
import { LOG_TORN_FILES_MAX } from '../../../broker/limits.ts'
import { LOG_SUFFIX, TORN_SUFFIX } from '../../../broker/log/file-names.ts'
import { must } from './violation.ts'
import type { Partition, World } from './world.ts'

/** Segments by name, as they were before a start. */
export type Segments = ReadonlyMap<string, Buffer>

export function segmentsOf(world: World, partition: Partition): Segments {
  const segments = new Map<string, Buffer>()
  for (const [name, file] of world.filesOf(partition)) {
    if (name.endsWith(LOG_SUFFIX)) segments.set(name, Buffer.from(file.visible.view()))
  }
  return segments
}

/** Judges the start that has just been: each segment is there whole, or its end is set aside. Nothing else is changed. */
export function checkTorn(world: World, partition: Partition, before: Segments, logStartOffset: number): void {
  const { topic } = partition.model
  const files = world.filesOf(partition)
  // The oldest of many go.
  const isComplete = [...files.keys()].filter((name) => name.endsWith(TORN_SUFFIX)).length < LOG_TORN_FILES_MAX
  for (const [name, content] of before) {
    const left = files.get(name)?.visible.view() ?? Buffer.alloc(0)
    must(content.subarray(0, left.length).equals(left), 'torn', () => `${topic}: a start has changed ${name}`)
    if (left.length === content.length || !isComplete) continue
    // Nothing valid was left above the start: what lies below it was deleted already.
    if (!files.has(name) && Number.parseInt(name, 10) < logStartOffset) continue
    const tornName = `${name.slice(0, -LOG_SUFFIX.length)}.${left.length}${TORN_SUFFIX}`
    const torn = files.get(tornName)?.visible.view()
    must(torn?.equals(content.subarray(left.length)) === true, 'torn', () => {
      return `${topic}: a start has cut ${name} from ${content.length} to ${left.length} bytes, which ${tornName} does not hold`
    })
  }
}
