import { LogFiles, type SimNode } from '../../../../testing/sim/index.ts'
import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import { METADATA_LOG } from './metadata-logs-match.ts'
import type { News } from './news.ts'

/** Epoch of a batch that nobody has in a log any more: a snapshot stands for it. */
const IN_SNAPSHOT = -1

/**
 * What any broker has applied of the metadata is on the disks of a majority of the voters, dead or alive, and synced there:
 * else a leader could be elected that lacks it. While the voters change a majority of the old or of the new ones will do:
 * any two of these have a voter in common (Raft thesis 4.1).
 */
export class MetadataHeld implements Invariant {
  /** The last batch that anybody has applied: its end and its epoch. */
  #endOffset = 0
  #epoch = IN_SNAPSHOT
  /** Who votes as of that batch, and as of what follows it where it was applied: a change counts as soon as it is in the log. */
  #electorates: readonly ReadonlySet<number>[] = []
  /** How often disks have changed hands, for the last look. */
  #lives = 0
  readonly #files = new Map<number, LogFiles>()

  check({ nodes, beliefs }: News): void {
    let isNews = false
    for (const { node } of beliefs) {
      const controller = node.inside?.services.cluster.controller
      const endOffset = controller?.appliedOffset ?? 0
      if (controller === undefined || endOffset <= this.#endOffset) continue
      const electorates = [controller.votersAt(endOffset), controller.votersAt(Number.POSITIVE_INFINITY)]
      this.#electorates = electorates.map((voters) => new Set(voters.map(({ id }) => id)))
      this.#endOffset = endOffset
      this.#epoch = this.#lastBatch(node)?.leaderEpoch ?? IN_SNAPSHOT
      isNews = true
    }
    const lives = nodes.reduce((sum, node) => sum + node.lives, 0)
    if (this.#endOffset === 0 || (!isNews && lives === this.#lives)) return
    this.#lives = lives
    const holders = nodes.filter((node) => this.#holds(node)).map(({ id }) => id)
    const isHeld = this.#electorates.some((voters) => holders.filter((id) => voters.has(id)).length * 2 > voters.size)
    must(isHeld, 'metadata', () => {
      const voters = this.#electorates.map((members) => [...members].join(' ')).join(', then ')
      return `metadata is applied up to ${this.#endOffset}, voted on by ${voters}, and only ${holders.join(' ')} have it for certain`
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
