import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import type { News } from './news.ts'
import type { LiveReplica } from './survey.ts'
import type { PartitionView } from '../../../../broker/controller/view.ts'

/** R4: whoever the next leader may be, the high watermark of the present one waits for him. */
export class QuorumSuperset implements Invariant {
  readonly #views = new Map<string, PartitionView>()

  check({ replicas, views, replicasOf }: News): void {
    for (const [name, view] of views) {
      this.#views.set(name, view)
      for (const replica of replicasOf(name)) this.#judge(replica)
    }
    for (const replica of replicas) this.#judge(replica)
  }

  #judge({ node, name, partition }: LiveReplica): void {
    const view = this.#views.get(name)
    if (!partition.isLeader || view?.leaderEpoch !== partition.leaderEpoch) return
    const awaited = partition.awaitedReplicas
    const forgotten = view.isr.find((id) => !awaited.includes(id))
    must(forgotten === undefined, 'R4', () => {
      return `${name} on ${node.host} waits for ${awaited.join(' ')}, and ${forgotten} is in the in-sync set of partition epoch ${view.partitionEpoch}`
    })
  }
}
