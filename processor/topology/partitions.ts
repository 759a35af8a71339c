import { ProcessorError } from '../errors.ts'
import { TASKS_MAX } from '../limits.ts'
import type { RepartitionSinkNode } from './node.ts'
import type { Subtopology, Topology } from './plan.ts'

/** How wide things are. */
export interface Widths {
  /** Partitions of every topic read, repartition topics included. */
  readonly topics: ReadonlyMap<string, number>
  /** Tasks of each subtopology, by index. */
  readonly tasks: readonly number[]
}

/**
 * Numbers of tasks and of partitions of repartition topics. A repartition topic is as wide as what it shares a task with,
 * else as it was told, else as the widest topic read by those who write it.
 */
export function resolveWidths(topology: Topology, counts: ReadonlyMap<string, number>): Widths {
  const topics = new Map<string, number>()
  const writers = new Map<string, { sink: RepartitionSinkNode; by: Subtopology }>()
  for (const by of topology.subtopologies) for (const sink of by.sinks) writers.set(sink.topic.name, { sink, by })
  const tasks: (number | undefined)[] = topology.subtopologies.map(() => undefined)

  const fixedWidth = (topic: string): number | undefined => writers.get(topic)?.sink.partitions ?? topics.get(topic)
  const resolve = (part: Subtopology): number => {
    const known = tasks[part.index]
    if (known !== undefined) return known
    for (const topic of part.topics) {
      if (writers.has(topic)) continue
      const count = counts.get(topic)
      if (count === undefined) throw new ProcessorError('PROCESSOR_MISSING_TOPIC', `topic '${topic}' does not exist`)
      topics.set(topic, count)
    }
    const open = part.topics.filter((topic) => fixedWidth(topic) === undefined)
    const fixed = part.topics.map(fixedWidth).find((width) => width !== undefined)
    const width = fixed ?? Math.max(...open.map((topic) => resolve(writers.get(topic)!.by)))
    for (const topic of part.topics) topics.set(topic, fixedWidth(topic) ?? width)
    checkCoPartitioned(part, topics)
    tasks[part.index] = Math.max(...part.topics.map((topic) => topics.get(topic)!))
    return tasks[part.index]!
  }
  return { tasks: topology.subtopologies.map(resolve), topics }
}

function checkCoPartitioned(part: Subtopology, topics: ReadonlyMap<string, number>): void {
  const widths = part.topics.map((topic) => topics.get(topic)!)
  const widest = Math.max(...widths)
  if (widest > TASKS_MAX) {
    throw new ProcessorError(
      'PROCESSOR_NOT_CO_PARTITIONED',
      `a topic has ${widest} partitions, the most is ${TASKS_MAX}`,
    )
  }
  if (!part.coPartitioned || widths.every((width) => width === widest)) return
  const list = part.topics.map((topic, i) => `${topic} has ${widths[i]}`).join(', ')
  throw new ProcessorError(
    'PROCESSOR_NOT_CO_PARTITIONED',
    `topics that are worked on together need the same number of partitions: ${list}. groupBy() makes them meet`,
  )
}
