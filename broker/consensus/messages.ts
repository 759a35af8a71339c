/**
 * What members of the metadata quorum say to each other: KRaft's five conversations as plain data. Epoch is the
 * sender's; leader is -1 when it knows none. How they become bytes is the transport's business.
 */

export const NO_NODE = -1

/** Asks for a vote in `epoch`; a pre-vote (KIP-996) asks whether it would be granted, and binds nobody. */
export interface VoteRequest {
  readonly type: 'vote-request'
  readonly epoch: number
  readonly candidate: number
  /** End and last epoch of the candidate's log: a voter with more refuses. */
  readonly endOffset: number
  readonly lastEpoch: number
  readonly preVote: boolean
  /** Of the voter that is asked, as far as the candidate knows it; the zero id = it does not. */
  readonly voterDirectoryId: string
}

export interface VoteResponse {
  readonly type: 'vote-response'
  readonly epoch: number
  readonly leader: number
  readonly granted: boolean
  readonly preVote: boolean
}

/** The new leader announces itself: pull replication has no empty push to do it with. Repeated until it is fetched from. */
export interface BeginEpochRequest {
  readonly type: 'begin-epoch-request'
  readonly epoch: number
  readonly leader: number
  /** Of the voter that is told, as far as the leader knows it; the zero id = it does not. */
  readonly voterDirectoryId: string
}

export interface BeginEpochResponse {
  readonly type: 'begin-epoch-response'
  readonly epoch: number
  readonly leader: number
}

/** The leader stops: the first of `successors` may stand for election at once, the others soon after. */
export interface EndEpochRequest {
  readonly type: 'end-epoch-request'
  readonly epoch: number
  readonly leader: number
  readonly successors: readonly number[]
}

export interface EndEpochResponse {
  readonly type: 'end-epoch-response'
  readonly epoch: number
  readonly leader: number
}

/** Pull replication: `fetchOffset` is the sender's durable end, and so also its acknowledgement. */
export interface FetchRequest {
  readonly type: 'fetch-request'
  readonly requestId: number
  readonly epoch: number
  readonly replica: number
  /** Of the sender's data directory. */
  readonly directoryId: string
  readonly fetchOffset: number
  /** Epoch of the record before `fetchOffset`, -1 at the start of the log. */
  readonly lastEpoch: number
  /** What the sender knows; a leader that knows more answers at once (KIP-1166). */
  readonly highWatermark: number
}

export interface FetchResponse {
  readonly type: 'fetch-response'
  readonly requestId: number
  readonly epoch: number
  readonly leader: number
  /**
   * `not-leader`: ask `leader`. `diverging`: cut the log as `diverging` says and ask again. `snapshot`: the leader's log
   * begins later; get `snapshot` first.
   */
  readonly result: 'ok' | 'not-leader' | 'diverging' | 'snapshot'
  readonly diverging: EpochEnd | null
  readonly snapshot: SnapshotId | null
  readonly highWatermark: number
  /** Whole batches as stored, empty when there is nothing new. */
  readonly records: readonly Buffer[]
}

/** Everything below `endOffset`, whose last record is of `epoch`: names a snapshot in the whole cluster, though not its bytes. */
export interface SnapshotId {
  readonly endOffset: number
  readonly epoch: number
}

/** One piece of a snapshot of the leader (KIP-630). */
export interface FetchSnapshotRequest {
  readonly type: 'fetch-snapshot-request'
  readonly requestId: number
  readonly epoch: number
  readonly replica: number
  readonly directoryId: string
  readonly snapshot: SnapshotId
  /** First byte wanted. */
  readonly position: number
}

export interface FetchSnapshotResponse {
  readonly type: 'fetch-snapshot-response'
  readonly requestId: number
  readonly epoch: number
  readonly leader: number
  /** `gone`: the leader does not have that snapshot, or not so many bytes of it: fetch anew. */
  readonly result: 'ok' | 'not-leader' | 'gone'
  /** Bytes of the whole snapshot. */
  readonly sizeBytes: number
  readonly position: number
  readonly bytes: Buffer
}

/** The last epoch that both logs may share, and its exclusive end. */
export interface EpochEnd {
  readonly epoch: number
  readonly endOffset: number
}

export type RaftRequest = VoteRequest | BeginEpochRequest | EndEpochRequest | FetchRequest | FetchSnapshotRequest
export type RaftResponse = VoteResponse | BeginEpochResponse | EndEpochResponse | FetchResponse | FetchSnapshotResponse
export type RaftMessage = RaftRequest | RaftResponse
