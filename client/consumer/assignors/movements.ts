import type { TopicPartition } from '../../topic.ts'

interface Movement {
  readonly from: string
  readonly to: string
}

/**
 * Which partitions one balancing run has moved, and between whom. When a partition of a topic is to go from A to B while
 * another of that topic went from B to A before, it is the other one that goes back: fewer partitions change hands.
 */
export class Movements {
  readonly #byPartition = new Map<TopicPartition, Movement>()
  readonly #byRoute = new Map<string, Set<TopicPartition>>()

  /** The partition to move in place of `partition`, so that no two of a topic swap sides. */
  instead(partition: TopicPartition, from: string, to: string): TopicPartition {
    const source = this.#byPartition.get(partition)?.from ?? from
    const back = this.#byRoute.get(route(partition.topic, to, source))
    const first = back?.values().next().value
    return first ?? partition
  }

  move(partition: TopicPartition, from: string, to: string): void {
    const earlier = this.#byPartition.get(partition)
    if (earlier !== undefined) this.#forget(partition, earlier)
    const source = earlier?.from ?? from
    if (source === to) return
    this.#byPartition.set(partition, { from: source, to })
    const key = route(partition.topic, source, to)
    const moved = this.#byRoute.get(key)
    if (moved === undefined) this.#byRoute.set(key, new Set([partition]))
    else moved.add(partition)
  }

  #forget(partition: TopicPartition, movement: Movement): void {
    this.#byPartition.delete(partition)
    const key = route(partition.topic, movement.from, movement.to)
    const moved = this.#byRoute.get(key)
    moved?.delete(partition)
    if (moved?.size === 0) this.#byRoute.delete(key)
  }
}

function route(topic: string, from: string, to: string): string {
  return JSON.stringify([topic, from, to])
}
