import type { PartitionView } from '../../../../broker/controller/view.ts'
import type { SimNode } from '../../../../testing/sim/index.ts'
import { Violation } from '../../log/violation.ts'
import type { ChangedLog, ChangedReplica, News } from './news.ts'
import { NodeWatch } from './node-watch.ts'
import { type Belief, type LiveReplica, nameOf } from './survey.ts'

/** Looks after every event for what it changed: only at the nodes in which something ran. */
export class Watch {
  readonly #nodes: readonly SimNode[]
  readonly #watches: readonly NodeWatch[]
  /** The newest state of each partition that anybody has had: who had it may be down, and those that are up behind. */
  readonly #newest = new Map<string, PartitionView>()

  /** `leaderGone` is told of a replica that led when it was last seen, and is on its broker no more. */
  constructor(nodes: readonly SimNode[], leaderGone: (replica: LiveReplica) => void) {
    this.#nodes = nodes
    this.#watches = nodes.map((node) => new NodeWatch(node, leaderGone))
  }

  /** By partition: its state as the broker that has applied most of the metadata knows it. */
  get newest(): ReadonlyMap<string, PartitionView> {
    return this.#newest
  }

  /** What changed since the last look; null = nothing can have. */
  look(): News | null {
    let isDue = false
    for (const watch of this.#watches) isDue ||= watch.isDue
    return isDue ? this.#news(false) : null
  }

  /** Everything there is. Throws when something has changed that `look` would not have seen. */
  lookAtAll(): News {
    for (const watch of this.#watches) if (!watch.isDue) mustBeQuiet(watch)
    return this.#news(true)
  }

  /** The replicas of a running broker, as far as they have been seen. */
  replicasOn(node: SimNode): Iterable<LiveReplica> {
    return node.inside === null ? [] : (this.#watches.find((watch) => watch.node === node)?.replicas() ?? [])
  }

  #news(isFull: boolean): News {
    const replicas: ChangedReplica[] = []
    const beliefs: Belief[] = []
    const logs: ChangedLog[] = []
    const remounted: SimNode[] = []
    const views = new Map<string, PartitionView>()
    const active: SimNode[] = []
    for (const watch of this.#watches) {
      if (!watch.isDue && !isFull) continue
      const { node } = watch
      active.push(node)
      if (watch.isRemounted()) remounted.push(node)
      const belief = watch.belief()
      if (belief !== null) {
        beliefs.push(belief)
        this.#learn(belief, views)
      }
      for (const directory of node.disk.takeChanged())
        logs.push({ node, name: directory.slice(directory.lastIndexOf('/') + 1) })
      watch.changed(replicas, isFull)
    }
    const changes = replicas.length + beliefs.length + logs.length + remounted.length
    const isQuiet = changes === 0 && !isFull
    const replicasOf = (name: string) => this.#replicasOf(name)
    return { isFull, isQuiet, nodes: this.#nodes, active, replicas, beliefs, logs, remounted, views, replicasOf }
  }

  #replicasOf(name: string): LiveReplica[] {
    const found: LiveReplica[] = []
    for (const watch of this.#watches) {
      const replica = watch.replica(name)
      if (replica !== undefined && watch.node.inside !== null) found.push(replica)
    }
    return found
  }

  #learn({ metadata }: Belief, views: Map<string, PartitionView>): void {
    for (const topic of metadata.topics()) {
      for (const view of topic.partitions) {
        const name = nameOf(topic.name, view.index)
        if ((this.#newest.get(name)?.partitionEpoch ?? -1) >= view.partitionEpoch) continue
        this.#newest.set(name, view)
        views.set(name, view)
      }
    }
  }
}

/** Nothing has run in the node, so nothing may have changed: else the simulator misses what it should check. */
function mustBeQuiet(watch: NodeWatch): void {
  const replicas: ChangedReplica[] = []
  watch.changed(replicas, false)
  const [changed] = replicas
  if (changed !== undefined)
    throw new Violation('simulator', `${changed.name} on ${watch.node.host} changed, and nothing ran there`)
  if (watch.belief() !== null)
    throw new Violation('simulator', `${watch.node.host} applied metadata, and nothing ran there`)
}
