/** What happens to a member of the quorum, what it wants done, and the log it looks at. */
import type { EpochEnd, RaftMessage } from './messages.ts'
import type { QuorumState } from './quorum-state.ts'

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
  /** Append the first record of the new epoch and sync it: this node leads. */
  | { readonly type: 'append-leader-change'; readonly epoch: number; readonly voters: readonly number[] }
  | { readonly type: 'leader-changed'; readonly leader: number; readonly epoch: number }
  /** Everything below `offset` is committed, for ever. */
  | { readonly type: 'committed'; readonly offset: number }

/** The own log as the core sees it; it changes only through effects and the leader's appends. */
export interface RaftLog {
  readonly endOffset: number
  /** Exclusive end of what survives a crash. */
  readonly durableEndOffset: number
  /** Epoch of the last record, -1 when empty. */
  readonly lastEpoch: number
  /** The highest epoch not above `epoch` and its exclusive end; `{ epoch: -1, endOffset: 0 }` when there is none. */
  endOffsetForEpoch(epoch: number): EpochEnd
}

export interface RaftOptions {
  readonly nodeId: number
  /** Ids of the voters, fixed; a node that is not among them follows without a vote (an observer). */
  readonly voters: readonly number[]
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
export function fetchWaitMs(options: RaftOptions): number {
  return Math.min(500, options.fetchTimeoutMs / 4)
}
