/** What an event changed in the insides of the brokers, for every invariant to judge. */
import type { PartitionView } from '../../../../broker/controller/view.ts'
import type { SimNode } from '../../../../testing/sim/index.ts'
import type { Belief, LiveReplica } from './survey.ts'

export interface ChangedReplica extends LiveReplica {
  /** Its high watermark at the last look; -1 = it was not there, or another object stood for it. */
  readonly wasCommittedTo: number
  /** It led at the last look: what it committed since then, it may have committed before it lost that. */
  readonly wasLeader: boolean
}

export interface ChangedLog {
  readonly node: SimNode
  /** The directory of the log, such as `orders-0`. */
  readonly name: string
}

export interface News {
  /** Everything, whether it changed or not: what has been compared before is to be compared again. */
  readonly isFull: boolean
  /** Something ran, and nothing of what is named below changed. */
  readonly isQuiet: boolean
  readonly nodes: readonly SimNode[]
  /** Those in which something has run. */
  readonly active: readonly SimNode[]
  /** Replicas whose role, epoch, end or high watermark changed. */
  readonly replicas: readonly ChangedReplica[]
  /** Brokers that have applied metadata. */
  readonly beliefs: readonly Belief[]
  /** Directories in which something was written, cut or renamed. */
  readonly logs: readonly ChangedLog[]
  /** Nodes whose disk has changed hands: any log may be another one. */
  readonly remounted: readonly SimNode[]
  /** By partition: its state as nobody knew it before. */
  readonly views: ReadonlyMap<string, PartitionView>
  /** All replicas of a partition on running brokers. */
  readonly replicasOf: (name: string) => readonly LiveReplica[]
}
