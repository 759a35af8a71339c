import type { SimNode } from '../../../../testing/sim/index.ts'
import type { News } from './news.ts'

interface Loss {
  readonly disksLost: number
  /** Of the last uptime that had the disk. */
  readonly brokerEpoch: number
}

/**
 * Which brokers hold nothing, and need not: whoever has lost its disk is named by the metadata as if it had it, until it
 * registers with the new one.
 */
export class LostDisks {
  readonly #losses = new Map<number, Loss>()
  /** By broker: the newest uptime that anybody has heard of. */
  readonly #epochs = new Map<number, number>()

  learn({ nodes, beliefs }: News): void {
    for (const { metadata } of beliefs) {
      for (const { id } of nodes) {
        const epoch = metadata.broker(id)?.epoch ?? -1
        if (epoch > this.#epochOf(id)) this.#epochs.set(id, epoch)
      }
    }
  }

  isExcused(node: SimNode): boolean {
    if (node.disksLost === 0) return false
    const brokerEpoch = this.#epochOf(node.id)
    const loss = this.#losses.get(node.id)
    if (loss?.disksLost !== node.disksLost) {
      this.#losses.set(node.id, { disksLost: node.disksLost, brokerEpoch })
      return true
    }
    return brokerEpoch <= loss.brokerEpoch
  }

  #epochOf(id: number): number {
    return this.#epochs.get(id) ?? -1
  }
}
