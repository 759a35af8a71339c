import type { ErrorCode } from '../../proto/kafka/errors.ts'
import type { MetadataDelta } from '../controller/view.ts'

/**
 * What the rest of the broker may ask of the group coordinators. Wired as `new GroupManager(dependencies)` in
 * `broker/groups/manager.ts`; then `start()` once, `metadataChanged(delta)` after every applied metadata batch, and
 * `close()` at the end. Every `done` runs exactly once, in this turn or a later one; replies that depend on a record run
 * after that record is committed.
 */
export interface GroupsApi {
  /** The `__consumer_offsets` partition that coordinates `groupId` (Java's String.hashCode, as Kafka does). */
  partitionFor(groupId: string): number
  /**
   * The node that coordinates `groupId`. Creates `__consumer_offsets` when there is none, and waits a little until the
   * coordinator is there and has loaded, so that a newcomer's next request is served. nodeId is -1 on error.
   */
  findCoordinator(groupId: string, done: Done<{ readonly error: ErrorCode; readonly nodeId: number }>): void
  join(request: JoinRequest, done: Done<JoinResult>): void
  sync(request: SyncRequest, done: Done<SyncResult>): void
  heartbeat(request: MemberRequest, done: Done<ErrorCode>): void
  leave(request: LeaveRequest, done: Done<LeaveResult>): void
  commitOffsets(request: CommitRequest, done: Done<CommitTopicResult[]>): void
  fetchOffsets(request: FetchOffsetsRequest, done: Done<FetchOffsetsResult>): void
  /** Groups that are not coordinated here come back with NOT_COORDINATOR; one result per id, in order. */
  describe(groupIds: readonly string[], done: Done<DescribedGroup[]>): void
  /** Empty filters mean all. States and types match without regard to case. */
  list(filter: { readonly states: readonly string[]; readonly types: readonly string[] }, done: Done<ListResult>): void
  deleteGroups(groupIds: readonly string[], done: Done<{ readonly groupId: string; readonly error: ErrorCode }[]>): void
  deleteOffsets(request: DeleteOffsetsRequest, done: Done<DeleteOffsetsResult>): void
}

/** The life of the coordinators, for the composition root alone. */
export interface GroupsLifecycle {
  /** Begins to follow leadership of the offsets topic. */
  start(): void
  /** Drops the committed offsets of deleted topics. */
  metadataChanged(delta: MetadataDelta): void
  /** Answers everything that is parked with NOT_COORDINATOR and stops the timer. */
  close(): void
}

export type Done<T> = (result: T) => void

/** A protocol (assignor) a member can use; `metadata` is opaque to the coordinator. */
export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface JoinRequest {
  readonly groupId: string
  /** '' for a newcomer. */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** True from JoinGroup v4 (KIP-394): an unknown dynamic member is told its id first. */
  readonly requireKnownMemberId: boolean
  /** True from JoinGroup v9 (KIP-814): a returning static leader is told to skip the assignment. */
  readonly supportsSkippingAssignment: boolean
  readonly sessionTimeoutMs: number
  /** Already the session timeout for JoinGroup v0. */
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly MemberProtocol[]
  readonly reason: string | null
}

export interface JoinResult {
  readonly error: ErrorCode
  /** -1 on error. */
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** '' on error. */
  readonly leader: string
  readonly skipAssignment: boolean
  readonly memberId: string
  /** For the leader only. */
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly metadata: Buffer
  }[]
}

export interface SyncRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** Null before SyncGroup v5. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export interface SyncResult {
  readonly error: ErrorCode
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}

export interface MemberRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface LeaveRequest {
  readonly groupId: string
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly reason: string | null
  }[]
}

export interface LeaveResult {
  /** Of the whole request; the members are empty when it is not NONE. */
  readonly error: ErrorCode
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly error: ErrorCode
  }[]
}

export interface CommitRequest {
  readonly groupId: string
  /** -1 for a client that does not use group membership. */
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** OffsetCommit v2 to v4; -1 = the broker's `offsets.retention.minutes`. */
  readonly retentionTimeMs: number
  /** From OffsetCommit v9 an unknown group is GROUP_ID_NOT_FOUND, before it ILLEGAL_GENERATION. */
  readonly knowsGroupIdNotFound: boolean
  readonly topics: readonly {
    readonly topic: string
    /** All zero when the request carried none. */
    readonly topicId: string
    readonly partitions: readonly {
      readonly partition: number
      readonly offset: number
      /** -1 = none. */
      readonly leaderEpoch: number
      readonly metadata: string | null
    }[]
  }[]
}

/** In the order of the request. */
export interface CommitTopicResult {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly error: ErrorCode }[]
}

export interface FetchOffsetsRequest {
  readonly groupId: string
  /** Null before OffsetFetch v9. */
  readonly memberId: string | null
  readonly memberEpoch: number
  /** Null = every offset the group has. */
  readonly topics:
    | readonly {
        readonly topic: string
        /** All zero before OffsetFetch v10. */
        readonly topicId: string
        readonly partitions: readonly number[]
      }[]
    | null
  readonly requireStable: boolean
}

export interface FetchOffsetsResult {
  readonly error: ErrorCode
  /** The topic id is the one that was asked with; all zero when everything was asked for. */
  readonly topics: readonly {
    readonly topic: string
    readonly topicId: string
    readonly partitions: readonly FetchedOffset[]
  }[]
}

export interface FetchedOffset {
  readonly partition: number
  /** -1 = nothing committed. */
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
  readonly error: ErrorCode
}

export interface DescribedGroup {
  readonly error: ErrorCode
  readonly message: string | null
  readonly groupId: string
  /** Kafka's names: `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`, `Dead`; '' on error. */
  readonly state: string
  readonly protocolType: string
  readonly protocolName: string
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly clientId: string
    readonly clientHost: string
    readonly metadata: Buffer
    readonly assignment: Buffer
  }[]
}

export interface ListResult {
  /** COORDINATOR_LOAD_IN_PROGRESS while a shard loads, and then no groups. */
  readonly error: ErrorCode
  readonly groups: readonly {
    readonly groupId: string
    readonly protocolType: string
    readonly state: string
    /** `classic` in this version of the broker. */
    readonly type: string
  }[]
}

export interface DeleteOffsetsRequest {
  readonly groupId: string
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

export interface DeleteOffsetsResult {
  readonly error: ErrorCode
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly error: ErrorCode }[]
  }[]
}
