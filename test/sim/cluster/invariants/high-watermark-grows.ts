import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import type { News } from './news.ts'

interface Seen {
  life: string
  epoch: number
  highWatermark: number
}

/** R7: while a broker leads an epoch its high watermark does not fall, and it is never above the end of its log. */
export class HighWatermarkGrows implements Invariant {
  readonly #seen = new Map<string, Seen>()

  check({ replicas }: News): void {
    for (const { node, name, partition } of replicas) {
      const { highWatermark, logEndOffset, leaderEpoch: epoch } = partition
      must(
        highWatermark <= logEndOffset,
        'R8',
        () => `${name} on ${node.host} ends at ${logEndOffset}, its high watermark is ${highWatermark}`,
      )
      if (!partition.isLeader) continue
      const life = `${node.id}.${node.starts}`
      const before = this.#seen.get(name)
      const isSame = before !== undefined && before.life === life && before.epoch === epoch
      must(!isSame || before.highWatermark <= highWatermark, 'R7', () => {
        return `the high watermark of ${name} on ${node.host} falls from ${before?.highWatermark} to ${highWatermark} in epoch ${epoch}`
      })
      this.#seen.set(name, { life, epoch, highWatermark })
    }
  }
}
