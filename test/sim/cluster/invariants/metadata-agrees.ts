import type { PartitionView } from '../../../../broker/controller/view.ts'
import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import type { News } from './news.ts'
import { nameOf } from './survey.ts'

/**
 * R13, R6: what two brokers believe of a partition in the same partition epoch is the same, the leader of a leader epoch is
 * the same, and no broker goes back to an older epoch while it runs.
 */
export class MetadataAgrees implements Invariant {
  /** By topic id, partition and partition epoch. */
  readonly #states = new Map<string, PartitionView>()
  readonly #leaders = new Map<string, number>()
  /** What each running broker last believed: the same object as long as nothing changed. */
  readonly #last = new Map<string, PartitionView>()

  check({ beliefs }: News): void {
    for (const { node, metadata } of beliefs) {
      for (const topic of metadata.topics()) {
        for (const view of topic.partitions) {
          const name = nameOf(topic.name, view.index)
          const key = `${node.id}.${node.starts} ${topic.id} ${view.index}`
          const before = this.#last.get(key)
          if (before === view) continue
          must(before === undefined || before.partitionEpoch <= view.partitionEpoch, 'R13', () => {
            return `${node.host} goes back from ${name} in partition epoch ${before?.partitionEpoch} to ${view.partitionEpoch}`
          })
          this.#last.set(key, view)
          this.#agree(`${topic.id} ${view.index}`, name, view)
        }
      }
    }
  }

  #agree(id: string, name: string, view: PartitionView): void {
    const key = `${id} ${view.partitionEpoch}`
    const known = this.#states.get(key)
    if (known === undefined) this.#states.set(key, view)
    else
      must(
        isSame(known, view),
        'R13',
        () => `${name} in partition epoch ${view.partitionEpoch}: ${text(known)}, or ${text(view)}`,
      )
    if (view.leader < 0) return
    const epoch = `${id} ${view.leaderEpoch}`
    const leader = this.#leaders.get(epoch)
    if (leader === undefined) this.#leaders.set(epoch, view.leader)
    else
      must(
        leader === view.leader,
        'R6',
        () => `${name} in epoch ${view.leaderEpoch} is led by ${leader}, or by ${view.leader}`,
      )
  }
}

function isSame(a: PartitionView, b: PartitionView): boolean {
  return text(a) === text(b)
}

function text({ leader, leaderEpoch, isr, elr, replicas }: PartitionView): string {
  return `leader ${leader} epoch ${leaderEpoch} isr ${isr.join(',')} elr ${elr.join(',')} replicas ${replicas.join(',')}`
}
