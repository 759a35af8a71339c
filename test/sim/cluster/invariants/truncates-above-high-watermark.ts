import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import type { News } from './news.ts'

/** R12: a replica is never cut below what it has taken for committed. That it keeps what truly is: `CommittedDataHeld`. */
export class TruncatesAboveHighWatermark implements Invariant {
  readonly #deletedBelow: (name: string) => number

  /** `deletedBelow`: what need not be there any more. Who ends below begins anew. */
  constructor(deletedBelow: (name: string) => number) {
    this.#deletedBelow = deletedBelow
  }

  check({ replicas }: News): void {
    for (const { node, name, partition, wasCommittedTo } of replicas) {
      const { logEndOffset } = partition
      if (logEndOffset >= wasCommittedTo) continue
      must(wasCommittedTo <= this.#deletedBelow(name), 'R12', () => {
        return `${name} on ${node.host} is cut to ${logEndOffset}, and its high watermark was ${wasCommittedTo}`
      })
    }
  }
}
