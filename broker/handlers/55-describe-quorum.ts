/**
 * DescribeQuorum (key 55, KIP-595). Versions 0 to 2. 1: times of the last fetch (KIP-836); 2: directory ids and endpoints
 * (KIP-853). Answered by the leader of the quorum; any other broker asks it.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { DescribeQuorum } from '../../proto/kafka/generated/apis.ts'
import type {
  DescribeQuorumRequest,
  DescribeQuorumResponse,
  PartitionDataResult,
  ReplicaState,
} from '../../proto/kafka/generated/55-describe-quorum.ts'
import type { QuorumDescription, QuorumReplica } from '../consensus/quorum-description.ts'
import type { ItemResult } from '../controller/api.ts'
import { METADATA_TOPIC } from '../controller/names.ts'
import type { Handler } from './handler.ts'
import { peerListenerName } from './voters.ts'

const PARTITION = 0

export const describeQuorumHandler: Handler<DescribeQuorumRequest, DescribeQuorumResponse> = {
  api: DescribeQuorum,
  handle(request, context, { controller, config }) {
    if (!isMetadataLog(request)) return context.reply(unknownPartitions(request))
    controller.describeQuorum(({ quorum, ...why }) => {
      context.reply(quorum === null ? refusal(why) : description(quorum, peerListenerName(config)))
    })
  },
}

function isMetadataLog({ topics }: DescribeQuorumRequest): boolean {
  const [topic] = topics
  const isOne = topics.length === 1 && topic?.partitions.length === 1
  return isOne && topic?.topicName === METADATA_TOPIC && topic.partitions[0]?.partitionIndex === PARTITION
}

const unknown: Omit<PartitionDataResult, 'partitionIndex'> = {
  errorCode: Errors.NONE,
  errorMessage: null,
  leaderId: 0,
  leaderEpoch: 0,
  highWatermark: 0,
  currentVoters: [],
  observers: [],
}

/** Only the metadata log has a quorum. */
function unknownPartitions({ topics }: DescribeQuorumRequest): DescribeQuorumResponse {
  const errorCode = Errors.UNKNOWN_TOPIC_OR_PARTITION
  return {
    errorCode: Errors.NONE,
    errorMessage: null,
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => ({ ...unknown, partitionIndex, errorCode })),
    })),
    nodes: [],
  }
}

function refusal({ error, message }: ItemResult): DescribeQuorumResponse {
  const partition = { ...unknown, partitionIndex: PARTITION, errorCode: error, errorMessage: message }
  const topics = [{ topicName: METADATA_TOPIC, partitions: [partition] }]
  return { errorCode: Errors.NONE, errorMessage: null, topics, nodes: [] }
}

function description(quorum: QuorumDescription, listener: string): DescribeQuorumResponse {
  const partition: PartitionDataResult = {
    partitionIndex: PARTITION,
    errorCode: Errors.NONE,
    errorMessage: null,
    leaderId: quorum.leader,
    leaderEpoch: quorum.epoch,
    highWatermark: quorum.highWatermark,
    currentVoters: quorum.voters.map(stateOf),
    observers: quorum.observers.map(stateOf),
  }
  return {
    errorCode: Errors.NONE,
    errorMessage: null,
    topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }],
    nodes: quorum.endpoints.map(({ id, host, port }) => ({ nodeId: id, listeners: [{ name: listener, host, port }] })),
  }
}

function stateOf({ id, directoryId, endOffset, lastFetchMs, lastCaughtUpMs }: QuorumReplica): ReplicaState {
  return {
    replicaId: id,
    replicaDirectoryId: directoryId,
    logEndOffset: endOffset,
    lastFetchTimestamp: lastFetchMs,
    lastCaughtUpTimestamp: lastCaughtUpMs,
  }
}
