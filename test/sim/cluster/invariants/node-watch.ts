import { HostedPartition } from '../../../../broker/replication/hosted-partition.ts'
import type { SimNode } from '../../../../testing/sim/index.ts'
import type { ChangedReplica } from './news.ts'
import { type Belief, type LiveReplica, nameOf } from './survey.ts'

/** A replica as it was at the last look. */
interface Seen extends LiveReplica {
  isLeader: boolean
  leaderEpoch: number
  highWatermark: number
  endOffset: number
  /** The look at which it was still there. */
  look: number
}

/** Remembers how one node was, and says what is new. */
export class NodeWatch {
  readonly node: SimNode
  readonly #leaderGone: (replica: LiveReplica) => void
  readonly #seen = new Map<string, Seen>()
  /** The same by partition: no name is made or looked up for what is as it was. */
  readonly #byPartition = new Map<HostedPartition, Seen>()
  #activity = -1
  #lives = -1
  #start = -1
  #appliedOffset = -1
  #looks = 0

  constructor(node: SimNode, leaderGone: (replica: LiveReplica) => void) {
    this.node = node
    this.#leaderGone = leaderGone
  }

  /** Whether something may have changed since the last look. */
  get isDue(): boolean {
    return this.node.activity !== this.#activity || this.node.isAsync
  }

  replica(name: string): LiveReplica | undefined {
    return this.#seen.get(name)
  }

  replicas(): Iterable<LiveReplica> {
    return this.#seen.values()
  }

  /** Whether the disk has changed hands since the last look. */
  isRemounted(): boolean {
    this.#activity = this.node.activity
    if (this.#lives === this.node.lives) return false
    this.#lives = this.node.lives
    return true
  }

  /** What its broker believes, if that changed. */
  belief(): Belief | null {
    const services = this.node.inside?.services
    if (services === undefined) return null
    const { appliedOffset } = services.cluster.controller
    if (this.#start === this.node.starts && this.#appliedOffset === appliedOffset) return null
    this.#start = this.node.starts
    this.#appliedOffset = appliedOffset
    return { node: this.node, metadata: services.metadata }
  }

  /** Adds the replicas that changed; `isFull`: all. */
  changed(replicas: ChangedReplica[], isFull: boolean): void {
    const look = ++this.#looks
    let count = 0
    for (const partition of this.node.inside?.services.partitions.all() ?? []) {
      if (!(partition instanceof HostedPartition)) continue
      count++
      const seen = this.#byPartition.get(partition)
      if (seen === undefined) {
        replicas.push(this.#firstLook(partition, look))
        continue
      }
      seen.look = look
      const { name, highWatermark: wasCommittedTo, isLeader: wasLeader } = seen
      if (isNews(seen) || isFull)
        replicas.push({ node: this.node, name, partition: seen.partition, wasCommittedTo, wasLeader })
    }
    if (count !== this.#byPartition.size) this.#forget(look)
  }

  #firstLook(partition: HostedPartition, look: number): ChangedReplica {
    const { isLeader, leaderEpoch, highWatermark, logEndOffset: endOffset } = partition
    const { node } = this
    const name = nameOf(partition.topic, partition.index)
    const seen = { node, name, partition, isLeader, leaderEpoch, highWatermark, endOffset, look }
    this.#byPartition.set(partition, seen)
    this.#seen.set(name, seen)
    return { node, name, partition, wasCommittedTo: -1, wasLeader: false }
  }

  /** What was not there at this look is gone, or another object stands for it. */
  #forget(look: number): void {
    for (const [partition, seen] of this.#byPartition) {
      if (seen.look === look) continue
      if (seen.isLeader) this.#leaderGone(seen)
      this.#byPartition.delete(partition)
      if (this.#seen.get(seen.name) === seen) this.#seen.delete(seen.name)
    }
  }
}

/** Whether the replica is not as it was; from now on that is how it was. */
function isNews(seen: Seen): boolean {
  const { isLeader, leaderEpoch, highWatermark, logEndOffset } = seen.partition
  const isSame =
    seen.isLeader === isLeader &&
    seen.leaderEpoch === leaderEpoch &&
    seen.highWatermark === highWatermark &&
    seen.endOffset === logEndOffset
  if (isSame) return false
  seen.isLeader = isLeader
  seen.leaderEpoch = leaderEpoch
  seen.highWatermark = highWatermark
  seen.endOffset = logEndOffset
  return true
}
