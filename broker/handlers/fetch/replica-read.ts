/** One partition of a follower's fetch: whether the follower may be heard, where its log parts from ours, and what it gets. */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import {
  defaultEpochEndOffset,
  defaultLeaderIdAndEpoch,
  defaultSnapshotId,
  type PartitionData,
} from '../../../proto/kafka/generated/01-fetch.ts'
import type { MetadataView } from '../../controller/view.ts'
import type { PartitionsApi, ReadResult, ReplicatedPartition } from '../../replication/api.ts'
import type { ReplicaSession, ReplicaTarget } from './replica-session.ts'

/** Where the partitions of followers' fetches are found. */
export interface ReplicaSource extends Pick<PartitionsApi, 'leaderOrError'> {
  get(topic: string, index: number): ReplicatedPartition | undefined
}

/** The partition to read from, watched for news from here on; or the answer that there is none to be read. */
export function openTarget(
  session: ReplicaSession,
  target: ReplicaTarget,
  source: ReplicaSource,
  metadata: Pick<MetadataView, 'topicById'>,
): ReplicatedPartition | PartitionData {
  const partition = target.partition ?? locate(target, source, metadata)
  if (typeof partition === 'number') return replicaAnswer(target, null, partition)
  const error = partition.isOnline
    ? partition.checkLeaderEpoch(target.asked.currentLeaderEpoch)
    : Errors.KAFKA_STORAGE_ERROR
  if (error !== Errors.NONE) return replicaAnswer(target, null, error)
  const parted = divergence(partition, target)
  if (parted !== null) return parted
  if (!target.isNew) return partition
  const refusal = partition.replicaFetched({
    replica: session.replica,
    brokerEpoch: session.brokerEpoch,
    fetchOffset: target.asked.fetchOffset,
    logStartOffset: target.asked.logStartOffset,
  })
  if (refusal !== Errors.NONE) return replicaAnswer(target, null, refusal)
  target.isNew = false
  return partition
}

function locate(
  target: ReplicaTarget,
  source: ReplicaSource,
  metadata: Pick<MetadataView, 'topicById'>,
): ReplicatedPartition | ErrorCode {
  const topic = metadata.topicById(target.topicId)
  if (topic === undefined) return Errors.UNKNOWN_TOPIC_ID
  const found = source.leaderOrError(topic.name, target.index)
  if (found.partition === null) return found.error
  const partition = source.get(topic.name, target.index)
  if (partition?.topicId !== target.topicId) return Errors.UNKNOWN_TOPIC_ID
  target.watch(partition)
  return partition
}

/**
 * KIP-595: a follower whose last record is of another epoch than ours at that place, or beyond the end of that epoch, hears
 * where that epoch ends here. One that stands outside this log hears OFFSET_OUT_OF_RANGE and where the log begins.
 */
function divergence(partition: ReplicatedPartition, target: ReplicaTarget): PartitionData | null {
  const { lastFetchedEpoch, fetchOffset } = target.asked
  if (fetchOffset < partition.logStartOffset) return replicaAnswer(target, partition, Errors.OFFSET_OUT_OF_RANGE)
  if (lastFetchedEpoch >= 0) {
    const end = partition.endOffsetForEpoch(lastFetchedEpoch)
    if (end.epoch < 0) return replicaAnswer(target, partition, Errors.OFFSET_OUT_OF_RANGE)
    if (end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset) {
      return { ...replicaAnswer(target, partition, Errors.NONE), divergingEpoch: end }
    }
  }
  const isBeyond = fetchOffset > partition.flushedEndOffset
  return isBeyond ? replicaAnswer(target, partition, Errors.OFFSET_OUT_OF_RANGE) : null
}

/** What the follower hears of a partition; null = there was none to look at. */
export function replicaAnswer(
  target: ReplicaTarget,
  partition: ReplicatedPartition | null,
  errorCode: ErrorCode,
  records: ReadResult['buffers'] = [],
): PartitionData {
  return {
    partitionIndex: target.index,
    errorCode,
    highWatermark: partition?.highWatermark ?? -1,
    lastStableOffset: -1,
    logStartOffset: partition?.logStartOffset ?? -1,
    divergingEpoch: defaultEpochEndOffset,
    currentLeader: defaultLeaderIdAndEpoch,
    snapshotId: defaultSnapshotId,
    abortedTransactions: null,
    preferredReadReplica: -1,
    records,
  }
}
