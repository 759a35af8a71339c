/** AlterPartition as a command (KIP-497, KIP-903): a leader's wish for another in-sync set, checked as Kafka checks it. */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
  PartitionData,
  PartitionDataResult,
} from '../../proto/kafka/generated/56-alter-partition.ts'
import { topicProperties } from '../config/effective.ts'
import { brokerEpochProblem } from './broker-life.ts'
import type { CommandContext, Outcome } from './core.ts'
import { changePartition } from './partition-change.ts'
import type { PartitionView, TopicView } from './view.ts'

/** Kafka's LeaderRecoveryState RECOVERED: there is no other here. */
const RECOVERED = 0

function failed(partitionIndex: number, errorCode: ErrorCode): PartitionDataResult {
  return {
    partitionIndex,
    errorCode,
    leaderId: -1,
    leaderEpoch: -1,
    isr: [],
    leaderRecoveryState: RECOVERED,
    partitionEpoch: -1,
  }
}

/** Unknown, fenced, stopping, or another uptime than the leader saw: its log need not be what the leader takes it for. */
function isIneligible(context: CommandContext, brokerId: number, brokerEpoch: number): boolean {
  const broker = context.image.broker(brokerId)
  return (
    broker === undefined || !context.image.isActive(brokerId) || (brokerEpoch !== -1 && brokerEpoch !== broker.epoch)
  )
}

function problemOf(
  context: CommandContext,
  sender: number,
  wish: PartitionData,
  partition: PartitionView,
): ErrorCode | null {
  // Who knows of a later state than this controller speaks to one that has been replaced.
  if (wish.leaderEpoch > partition.leaderEpoch || wish.partitionEpoch > partition.partitionEpoch) {
    return Errors.NOT_CONTROLLER
  }
  if (wish.leaderEpoch < partition.leaderEpoch) return Errors.FENCED_LEADER_EPOCH
  if (sender !== partition.leader) return Errors.INVALID_REQUEST
  if (wish.partitionEpoch < partition.partitionEpoch) return Errors.INVALID_UPDATE_VERSION
  const ids = wish.newIsrWithEpochs.map(({ brokerId }) => brokerId)
  const isSet = new Set(ids).size === ids.length && ids.every((id) => partition.replicas.includes(id))
  if (!isSet || !ids.includes(partition.leader)) return Errors.INVALID_REQUEST
  if (wish.leaderRecoveryState !== RECOVERED) return Errors.INVALID_REQUEST
  const isRefused = wish.newIsrWithEpochs.some(({ brokerId, brokerEpoch }) =>
    isIneligible(context, brokerId, brokerEpoch),
  )
  return isRefused ? Errors.INELIGIBLE_REPLICA : null
}

function alterOne(
  context: CommandContext,
  sender: number,
  topic: TopicView,
  wish: PartitionData,
  records: MetadataRecord[],
): PartitionDataResult {
  const { partitionIndex } = wish
  const partition = topic.partitions[partitionIndex]
  if (partition === undefined) return failed(partitionIndex, Errors.UNKNOWN_TOPIC_OR_PARTITION)
  const problem = problemOf(context, sender, wish, partition)
  if (problem !== null) return failed(partitionIndex, problem)
  const options = topicProperties(topic.configs, context.config, context.image)
  const record = changePartition({
    topicId: topic.id,
    partition,
    minIsr: options['min.insync.replicas'],
    isActive: (id) => context.image.isActive(id),
    targetIsr: wish.newIsrWithEpochs.map(({ brokerId }) => brokerId),
    ...(options['unclean.leader.election.enable'] ? { election: 'unclean' as const } : {}),
  })
  if (record !== null) records.push(record)
  // The move that this in-sync set completes takes the leadership away: who asked has to look at the metadata.
  const leader = record?.leader ?? partition.leader
  if (leader !== sender) return failed(partitionIndex, Errors.NEW_LEADER_ELECTED)
  return {
    partitionIndex,
    errorCode: Errors.NONE,
    leaderId: leader,
    leaderEpoch: partition.leaderEpoch + ((record?.leader ?? null) === null ? 0 : 1),
    isr: [...(record?.isr?.ids ?? partition.isr)],
    leaderRecoveryState: RECOVERED,
    partitionEpoch: partition.partitionEpoch + (record === null ? 0 : 1),
  }
}

export function refusedAlterPartition(errorCode: ErrorCode): AlterPartitionResponse {
  return { throttleTimeMs: 0, errorCode, topics: [] }
}

/** `newIsrWithEpochs` is filled in for versions that lack it. Of a partition that is named twice the first wish counts. */
export function alterPartition(
  context: CommandContext,
  { brokerId, brokerEpoch, topics }: AlterPartitionRequest,
): Outcome<AlterPartitionResponse> {
  const problem = brokerEpochProblem(context, brokerId, brokerEpoch)
  if (problem !== null) return { records: [], result: refusedAlterPartition(problem.error) }
  const records: MetadataRecord[] = []
  const named = new Set<string>()
  const results = topics.map(({ topicId, partitions }) => {
    const topic = context.image.topicById(topicId)
    const altered = partitions.map((wish) => {
      const key = `${topicId}-${wish.partitionIndex}`
      if (topic === undefined) return failed(wish.partitionIndex, Errors.UNKNOWN_TOPIC_ID)
      if (named.has(key)) return failed(wish.partitionIndex, Errors.INVALID_REQUEST)
      named.add(key)
      return alterOne(context, brokerId, topic, wish, records)
    })
    return { topicId, partitions: altered }
  })
  return { records, result: { throttleTimeMs: 0, errorCode: Errors.NONE, topics: results } }
}
