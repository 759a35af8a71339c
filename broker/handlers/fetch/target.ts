/** One partition of a fetch: what was asked of it, and what reading it gave. */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import {
  defaultEpochEndOffset,
  defaultLeaderIdAndEpoch,
  defaultSnapshotId,
  type FetchPartition,
  type PartitionData,
} from '../../../proto/kafka/generated/01-fetch.ts'
import type { Partition, ReadResult } from '../../replication/api.ts'
import type { Services } from '../../services.ts'

export interface FetchTarget {
  /** '' when the client asked by id. */
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  currentLeaderEpoch: number
  fetchOffset: number
  lastFetchedEpoch: number
  maxBytes: number
}

export function fetchTarget(topic: string, topicId: string, asked: FetchPartition): FetchTarget {
  return {
    topic,
    topicId,
    partition: asked.partition,
    currentLeaderEpoch: asked.currentLeaderEpoch,
    fetchOffset: asked.fetchOffset,
    lastFetchedEpoch: asked.lastFetchedEpoch,
    maxBytes: asked.partitionMaxBytes,
  }
}

/** How a whole fetch reads. */
export interface ReadTerms {
  readonly readCommitted: boolean
  /** From Fetch 13 on topics have ids instead of names. */
  readonly byId: boolean
  /** Node id of a follower, -1 for a consumer. */
  readonly replicaId: number
  /** KIP-392: a consumer that says where it is may read from a follower. */
  readonly fromFollowers: boolean
}

/** A partition that can be read, or why not. */
export type Located =
  | { readonly partition: Partition; readonly name: string; readonly error: 0 }
  | { readonly partition: null; readonly name: string; readonly error: ErrorCode }

export function locate(target: FetchTarget, terms: ReadTerms, services: Services): Located {
  let name = target.topic
  if (terms.byId) {
    const topic = services.metadata.topicById(target.topicId)
    if (topic === undefined) return { partition: null, name: '', error: Errors.UNKNOWN_TOPIC_ID }
    name = topic.name
  }
  const hosted = terms.fromFollowers ? services.partitions.get(name, target.partition) : undefined
  const isFollower = hosted?.isFollower === true && hosted.isOnline
  const found = isFollower
    ? ({ partition: hosted, error: Errors.NONE } as const)
    : services.partitions.leaderOrError(name, target.partition)
  if (found.partition === null) return { partition: null, name, error: found.error }
  // Followers have a listener of their own: nobody on this one is a replica.
  if (terms.replicaId >= 0) return { partition: null, name, error: Errors.NOT_LEADER_OR_FOLLOWER }
  const error = found.partition.checkLeaderEpoch(target.currentLeaderEpoch)
  return error === Errors.NONE ? { partition: found.partition, name, error: 0 } : { partition: null, name, error }
}

/** The answer for a partition that was not read. */
export function failedPartition(partition: number, errorCode: ErrorCode): PartitionData {
  return {
    partitionIndex: partition,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    divergingEpoch: defaultEpochEndOffset,
    currentLeader: defaultLeaderIdAndEpoch,
    snapshotId: defaultSnapshotId,
    // Kafka has an empty list where it never came to read, null where reading failed.
    abortedTransactions:
      errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION || errorCode === Errors.UNKNOWN_TOPIC_ID ? [] : null,
    preferredReadReplica: -1,
    records: [],
  }
}

/** Where a consumer of this isolation stops. */
export function visibleEnd(partition: Partition, readCommitted: boolean): number {
  return readCommitted ? partition.lastStableOffset : partition.highWatermark
}

/** The answer for a partition that was read (W11: whole batches, the client drops what lies before its offset). */
export function readPartition(
  partition: Partition,
  fetchOffset: number,
  read: ReadResult,
  readCommitted: boolean,
): PartitionData {
  if (read.error !== Errors.NONE) return failedPartition(partition.index, read.error)
  // Consumers that were not told of an aborted transaction would take it for a committed one.
  const aborted = readCommitted && read.bytes > 0 ? partition.abortedTransactions(fetchOffset, read.nextOffset) : []
  if (aborted === null) return failedPartition(partition.index, Errors.KAFKA_STORAGE_ERROR)
  return {
    partitionIndex: partition.index,
    errorCode: Errors.NONE,
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    logStartOffset: partition.logStartOffset,
    divergingEpoch: defaultEpochEndOffset,
    currentLeader: defaultLeaderIdAndEpoch,
    snapshotId: defaultSnapshotId,
    abortedTransactions: readCommitted ? [...aborted] : null,
    preferredReadReplica: -1,
    records: read.buffers,
  }
}

/**
 * KIP-595: a reader that names the epoch of its last record learns where its log leaves ours. Null when it does not;
 * OFFSET_OUT_OF_RANGE when the epoch is unknown here.
 */
export function divergence(partition: Partition, target: FetchTarget): PartitionData | null {
  if (target.lastFetchedEpoch < 0) return null
  const end = partition.endOffsetForEpoch(target.lastFetchedEpoch)
  // A follower that has less than its consumer has not diverged: its leader knows.
  const isBehind = partition.isFollower && target.fetchOffset > partition.logEndOffset
  if (isBehind || end.endOffset < 0 || end.epoch < 0 || target.fetchOffset < partition.logStartOffset) {
    return failedPartition(target.partition, Errors.OFFSET_OUT_OF_RANGE)
  }
  if (end.epoch >= target.lastFetchedEpoch && end.endOffset >= target.fetchOffset) return null
  const read = { error: Errors.NONE, buffers: [], bytes: 0, nextOffset: target.fetchOffset, release: null }
  return { ...readPartition(partition, target.fetchOffset, read, false), divergingEpoch: end }
}
