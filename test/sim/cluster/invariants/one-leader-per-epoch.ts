import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import type { News } from './news.ts'

/** R6: nobody else leads a partition in the same epoch, ever; and a broker never goes back to an older one. */
export class OneLeaderPerEpoch implements Invariant {
  /** By partition and epoch: the broker that led it, and in which of its lives. */
  readonly #leaders = new Map<string, Map<number, string>>()

  check({ replicas }: News): void {
    for (const { node, name, partition } of replicas) {
      if (!partition.isLeader) continue
      let epochs = this.#leaders.get(name)
      if (epochs === undefined) this.#leaders.set(name, (epochs = new Map()))
      const life = `${node.id}.${node.starts}`
      const before = epochs.get(partition.leaderEpoch)
      if (before === undefined) epochs.set(partition.leaderEpoch, life)
      else
        must(
          before === life,
          'R6',
          () => `${name} is led in epoch ${partition.leaderEpoch} by ${before} and by ${life} (broker.start)`,
        )
    }
  }
}
