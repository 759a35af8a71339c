/** What happens to a member of the quorum, what it wants done, and the log it looks at. */
import type { ErrorCode } from '../../proto/kafka/errors.ts'
import type { EpochEnd, RaftMessage, SnapshotId } from './messages.ts'
import type { QuorumState } from './quorum-state.ts'
import type { Voter, VoterChange, VoterEndpoint, VotersAt } from './voters.ts'

export type RaftEvent =
  /** First of all events, once. */
  | { readonly type: 'start' }
  /** `deadlineMs` has come. */
  | { readonly type: 'tick' }
  | { readonly type: 'receive'; readonly from: number; readonly message: RaftMessage }
  /** Records were appended to the own log (the leader's by its application). */
  | { readonly type: 'log-appended' }
  /** The durable end of the own log moved. */
  | { readonly type: 'log-synced' }
  /** Hand over leadership if there is any; the process stops soon. */
  | { readonly type: 'resign' }
  /** A hint, never trusted: the connection to `leader` broke and cannot be made again. */
  | { readonly type: 'leader-down'; readonly leader: number }
  /** Answered by a `voters-answered` effect: of this step, or with `waits` of the one that commits the change. */
  | {
      readonly type: 'change-voters'
      readonly requestId: number
      readonly change: VoterChange
      readonly waits: boolean
    }
  /** The snapshot is in place, and the log goes on behind it. */
  | { readonly type: 'snapshot-installed'; readonly snapshot: SnapshotId }
  /** What was fetched is no valid snapshot, or there is no room for it. */
  | { readonly type: 'snapshot-refused'; readonly snapshot: SnapshotId }

/** Carried out in order, each before the next; `persist` must be durable before what follows it is done. */
export type RaftEffect =
  | { readonly type: 'persist'; readonly state: QuorumState }
  | { readonly type: 'send'; readonly to: number; readonly message: RaftMessage }
  /** Answer a fetch with the batches from `fetchOffset` on, as a FetchResponse with result `ok`. */
  | {
      readonly type: 'send-records'
      readonly to: number
      readonly requestId: number
      readonly epoch: number
      readonly fetchOffset: number
      readonly highWatermark: number
    }
  /** Cut the own log: everything from `offset` on goes. */
  | { readonly type: 'truncate'; readonly offset: number }
  /** Append what the leader sent, and sync it. */
  | { readonly type: 'append-records'; readonly records: readonly Buffer[] }
  /**
   * Append the first record of the new epoch and sync it: this node leads. With `bootstraps` the same batch tells the
   * voters, which only the configuration has named so far.
   */
  | {
      readonly type: 'append-leader-change'
      readonly epoch: number
      readonly voters: readonly Voter[]
      readonly bootstraps: boolean
    }
  /** Append a new set of voters and sync it: it counts from here on. */
  | { readonly type: 'append-voters'; readonly voters: readonly Voter[] }
  | {
      readonly type: 'voters-answered'
      readonly requestId: number
      readonly error: ErrorCode
      readonly message: string | null
    }
  /** Answer with a piece of a snapshot, as a FetchSnapshotResponse. */
  | {
      readonly type: 'send-snapshot'
      readonly to: number
      readonly requestId: number
      readonly epoch: number
      readonly snapshot: SnapshotId
      readonly position: number
    }
  /** The next bytes of the snapshot that is being fetched; position 0 begins it anew. */
  | {
      readonly type: 'keep-snapshot'
      readonly snapshot: SnapshotId
      readonly position: number
      readonly bytes: Buffer
    }
  /** All its bytes are there: check it, make it durable, begin the log behind it; then say so by an event. */
  | { readonly type: 'install-snapshot'; readonly snapshot: SnapshotId }
  /** What was kept of a snapshot is not wanted any more. */
  | { readonly type: 'drop-snapshot' }
  | { readonly type: 'leader-changed'; readonly leader: number; readonly epoch: number }
  /** Everything below `offset` is committed, for ever. */
  | { readonly type: 'committed'; readonly offset: number }

/** The own log as the core sees it; it changes only through effects and the leader's appends. */
export interface RaftLog {
  /** First offset that can be read. Where it is not 0, there is a snapshot of all before it. */
  readonly startOffset: number
  /** Epoch of the record before `startOffset`, -1 at 0. */
  readonly startEpoch: number
  /** The newest durable one; never above what is committed. */
  readonly snapshot: SnapshotId | null
  /** The last set of voters in the log or in its snapshot, the same object until it changes; null = the configured ones. */
  readonly voters: VotersAt | null
  readonly endOffset: number
  /** Exclusive end of what survives a crash. */
  readonly durableEndOffset: number
  /** There is no room for more now: who cannot write must not lead. */
  readonly isFull: boolean
  /** Epoch of the last record, that of the snapshot when there is none behind it, -1 when there is nothing. */
  readonly lastEpoch: number
  /**
   * The highest epoch not above `epoch` and its exclusive end; `{ epoch: -1, endOffset: 0 }` when there is none. Of what is
   * before `startOffset` only `startEpoch` is known.
   */
  endOffsetForEpoch(epoch: number): EpochEnd
}

export interface RaftOptions {
  readonly nodeId: number
  /** Of this node's data directory. */
  readonly directoryId: string
  /** The voters until the log names them; a node that is not among those that count follows without a vote (an observer). */
  readonly voters: readonly VoterEndpoint[]
  /** `controller.quorum.election.timeout.ms`: an election is given this long, up to twice as long at random. */
  readonly electionTimeoutMs: number
  /** `controller.quorum.fetch.timeout.ms`: a leader not heard from for this long is replaced. */
  readonly fetchTimeoutMs: number
  /** `controller.quorum.request.timeout.ms`: an unanswered request is sent again after this. */
  readonly requestTimeoutMs: number
  /** `controller.quorum.retry.backoff.ms`. */
  readonly retryBackoffMs: number
}

/** How long a leader keeps a fetch that it has nothing for: Kafka's 500 ms, less with a short fetch timeout. */
export function fetchWaitMs(options: Pick<RaftOptions, 'fetchTimeoutMs'>): number {
  return Math.min(500, options.fetchTimeoutMs / 4)
}

/** Longest random wait before an election that needs no timeout, so that two seldom stand at once. */
export const ELECTION_SPREAD_MS = 100
