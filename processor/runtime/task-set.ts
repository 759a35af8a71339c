import type { TopicPartition } from '../../client/topic.ts'
import { ProcessorError } from '../errors.ts'
import type { Task } from '../task/task.ts'
import type { Widths } from '../topology/partitions.ts'
import type { Subtopology, Topology } from '../topology/plan.ts'
import { keyOf } from './read-to-end.ts'

/** A task that the assigned partitions make up. */
export interface TaskPlace {
  readonly id: string
  readonly part: Subtopology
  readonly partition: number
}

/** Which tasks a set of partitions makes up. Partitions that share state must have come together. */
export function tasksOf(topology: Topology, widths: Widths, partitions: readonly TopicPartition[]): TaskPlace[] {
  const assigned = new Set(partitions.map(keyOf))
  const places: TaskPlace[] = []
  for (const part of topology.subtopologies) {
    for (let partition = 0; partition < widths.tasks[part.index]!; partition++) {
      const all = part.topics.filter((topic) => partition < widths.topics.get(topic)!)
      const here = all.filter((topic) => assigned.has(keyOf({ topic, partition })))
      if (here.length === 0) continue
      if (part.coPartitioned && here.length < all.length) {
        throw new ProcessorError(
          'PROCESSOR_NOT_CO_PARTITIONED',
          `partition ${partition} of ${all.join(', ')} must go to one member, but only ${here.join(', ')} came: ` +
            'every member of the group must assign by range',
        )
      }
      places.push({ id: `${part.index}_${partition}`, part, partition })
    }
  }
  return places
}

/** The tasks that run here, by what they read. */
export class TaskSet {
  readonly #tasks = new Map<string, Task>()
  readonly #byPartition = new Map<string, Task>()

  get size(): number {
    return this.#tasks.size
  }

  [Symbol.iterator](): IterableIterator<Task> {
    return this.#tasks.values()
  }

  add(task: Task): void {
    this.#tasks.set(task.id, task)
    for (const topic of task.inputs.keys()) this.#byPartition.set(keyOf({ topic, partition: task.partition }), task)
  }

  get(id: string): Task | undefined {
    return this.#tasks.get(id)
  }

  /** The task that reads a partition. */
  at(partition: TopicPartition): Task | undefined {
    return this.#byPartition.get(keyOf(partition))
  }

  clear(): void {
    this.#tasks.clear()
    this.#byPartition.clear()
  }
}
