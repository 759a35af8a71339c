import { LogFiles, type SimNode } from '../../../../testing/sim/index.ts'
import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import { METADATA_LOG } from './metadata-logs-match.ts'
import type { News } from './news.ts'

/** Epoch of a batch that nobody has in a log any more: a snapshot stands for it. */
const IN_SNAPSHOT = -1

/**
 * What any broker has applied of the metadata is on the disks of a majority of the voters, dead or alive, and synced there:
 * else a leader could be elected that lacks it.
 */
export class MetadataHeld implements Invariant {
  /** The last batch that anybody has applied: its end and its epoch. */
  #endOffset = 0
  #epoch = IN_SNAPSHOT
  /** How often disks have changed hands, for the last look. */
  #lives = 0
  readonly #files = new Map<number, LogFiles>()

  check({ nodes, beliefs }: News): void {
    let isNews = false
    for (const { node } of beliefs) {
      const endOffset = node.inside?.services.cluster.controller.appliedOffset ?? 0
      if (endOffset <= this.#endOffset) continue
      this.#endOffset = endOffset
      this.#epoch = this.#lastBatch(node)?.leaderEpoch ?? IN_SNAPSHOT
      isNews = true
    }
    const lives = nodes.reduce((sum, node) => sum + node.lives, 0)
    if (!isNews && lives === this.#lives) return
    this.#lives = lives
    const holders = nodes.filter((node) => this.#holds(node))
    must(holders.length * 2 > nodes.length, 'metadata', () => {
      return `metadata is applied up to ${this.#endOffset}, and only ${holders.length} of ${nodes.length} disks have it for certain`
    })
  }

  #holds(node: SimNode): boolean {
    // A log that begins later begins with a snapshot.
    if (this.#filesOf(node).startOffset(node.disk) >= this.#endOffset) return true
    const batch = this.#lastBatch(node)
    if (batch === undefined || batch.baseOffset >= this.#endOffset) return false
    return batch.isDurable && (this.#epoch === IN_SNAPSHOT || batch.leaderEpoch === this.#epoch)
  }

  /** The batch that ends at what was applied last, or the first one after it. */
  #lastBatch(node: SimNode) {
    for (const batch of this.#filesOf(node).from(node.disk, this.#endOffset - 1)) return batch
    return undefined
  }

  #filesOf(node: SimNode): LogFiles {
    let files = this.#files.get(node.id)
    if (files === undefined) {
      files = new LogFiles(`${node.config.dataDir}/${METADATA_LOG}`)
      this.#files.set(node.id, files)
    }
    return files
  }
}
