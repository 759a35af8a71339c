/** The quorum as its leader sees it: what DescribeQuorum tells. */
import type { Clock } from '../ports/clock.ts'
import type { ReplicaProgress } from './progress.ts'
import type { Raft } from './raft.ts'
import type { Voter } from './voters.ts'

/** A member that fetches from the leader, or the leader itself. */
export interface QuorumReplica {
  readonly id: number
  /** The zero id when it is not known. */
  readonly directoryId: string
  /** -1 = not known. */
  readonly endOffset: number
  /** Wall clock of the leader, milliseconds; -1 = never. */
  readonly lastFetchMs: number
  /** When it had everything last, the same way. */
  readonly lastCaughtUpMs: number
}

export interface QuorumDescription {
  readonly leader: number
  readonly epoch: number
  /** -1 until this leader has committed a record of its epoch. */
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  readonly observers: readonly QuorumReplica[]
  /** Where the voters are found. */
  readonly endpoints: readonly Voter[]
}

export function describeQuorum(raft: Raft, clock: Clock): QuorumDescription {
  const { voters, leader, epoch } = raft
  const replicas = raft.replicas() ?? { voters: [], observers: [] }
  const aheadMs = clock.now() - clock.monotonic()
  const wall = (ms: number) => (ms < 0 ? -1 : Math.floor(ms + aheadMs))
  const shown = ({ id, directoryId, endOffset, lastFetchMs, caughtUpMs }: ReplicaProgress): QuorumReplica => ({
    id,
    directoryId,
    endOffset,
    lastFetchMs: wall(lastFetchMs),
    lastCaughtUpMs: wall(caughtUpMs),
  })
  return {
    leader,
    epoch,
    highWatermark: raft.highWatermark > raft.epochStartOffset ? raft.highWatermark : -1,
    voters: replicas.voters.map(shown),
    observers: replicas.observers.map(shown),
    endpoints: voters,
  }
}
