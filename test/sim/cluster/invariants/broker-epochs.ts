import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import type { News } from './news.ts'

/** R5: every start of a broker has a broker epoch of its own, higher than all before. */
export class BrokerEpochsGrow implements Invariant {
  /** By broker: the epoch and the start it belongs to. */
  readonly #epochs = new Map<number, Map<number, number>>()

  check({ beliefs }: News): void {
    for (const { node, metadata } of beliefs) {
      const epoch = metadata.broker(node.id)?.epoch
      if (epoch === undefined) continue
      let starts = this.#epochs.get(node.id)
      if (starts === undefined) this.#epochs.set(node.id, (starts = new Map()))
      const start = starts.get(epoch)
      if (start === node.starts) continue
      must(
        start === undefined,
        'R5',
        () => `broker ${node.id} has epoch ${epoch} in its start ${node.starts}, as in start ${start}`,
      )
      const highest = Math.max(-1, ...starts.keys())
      must(epoch > highest, 'R5', () => `broker ${node.id} has epoch ${epoch}, and had ${highest} before`)
      starts.set(epoch, node.starts)
    }
  }
}
