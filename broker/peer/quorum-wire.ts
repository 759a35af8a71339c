/** What members of the metadata quorum say, as the requests and responses of Kafka's protocol (KIP-595) and back. Pure. */
import type {
  BeginEpochRequest,
  BeginEpochResponse,
  EndEpochRequest,
  EndEpochResponse,
  FetchRequest,
  FetchResponse,
  VoteRequest,
  VoteResponse,
} from '../consensus/messages.ts'
import { METADATA_TOPIC, METADATA_TOPIC_ID } from '../controller/names.ts'
import { METADATA_FETCH_BYTES_MAX } from '../limits.ts'
import { type ErrorCode, errorName, Errors } from '../../proto/kafka/errors.ts'
import type * as fetch from '../../proto/kafka/generated/01-fetch.ts'
import type * as vote from '../../proto/kafka/generated/52-vote.ts'
import type * as begin from '../../proto/kafka/generated/53-begin-quorum-epoch.ts'
import type * as end from '../../proto/kafka/generated/54-end-quorum-epoch.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'

/** The other side refuses the request, or it is not about the metadata log. Kafka's error code. */
export class QuorumRefusal extends Error {
  override readonly name = 'QuorumRefusal'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Known to both ends of a request. */
export interface QuorumIdentity {
  readonly clusterId: string
  readonly nodeId: number
  /** Of this node's data directory. */
  readonly directoryId: string
}

interface TopicOf<Partition> {
  readonly topicName: string
  readonly partitions: readonly Partition[]
}

const noDivergence = { epoch: -1, endOffset: -1 }
const noSnapshot = { endOffset: -1, epoch: -1 }

function metadataTopic<Partition>(partition: Partition) {
  return [{ topicName: METADATA_TOPIC, partitions: [partition] }]
}

/** The one partition there is. Throws QuorumRefusal when the message is about another one. */
function metadataPartition<Partition extends { readonly partitionIndex: number }>(
  topics: readonly TopicOf<Partition>[],
): Partition {
  const [topic] = topics
  const [partition] = topic?.partitions ?? []
  const isOne = topics.length === 1 && topic?.partitions.length === 1
  if (isOne && partition?.partitionIndex === 0 && topic?.topicName === METADATA_TOPIC) return partition
  throw new QuorumRefusal(Errors.INVALID_REQUEST, 'the quorum is about one partition, that of the metadata log')
}

/** `sender`: the node that asks, -1 when it does not say. */
export function checkCluster(own: QuorumIdentity, clusterId: string | null, sender = -1): void {
  if (clusterId === null || clusterId === own.clusterId) return
  const message = `node ${sender} belongs to cluster ${clusterId}, and node ${own.nodeId} to ${own.clusterId}`
  throw new QuorumRefusal(Errors.INCONSISTENT_CLUSTER_ID, message)
}

/** A voter is a node and its disk (KIP-853); the zero id means whatever disk it has. */
function checkVoter(own: QuorumIdentity, voterId: number, directoryId = ZERO_UUID): void {
  const isNode = voterId < 0 || voterId === own.nodeId
  if (isNode && (directoryId === ZERO_UUID || directoryId === own.directoryId)) return
  const wanted = directoryId === ZERO_UUID ? `voter ${voterId}` : `voter ${voterId} with directory ${directoryId}`
  const found = `node ${own.nodeId} with directory ${own.directoryId}`
  throw new QuorumRefusal(Errors.INVALID_VOTER_KEY, `a request for ${wanted} reached ${found}`)
}

/** The error of the whole answer, else that of its partition. */
export function checkAnswer(errorCode: number, partitionCode: number): void {
  const code = errorCode === Errors.NONE ? partitionCode : errorCode
  if (code !== Errors.NONE) throw new QuorumRefusal(code, `refused with ${errorName(code as ErrorCode)}`)
}

export const voteWire = {
  request(own: QuorumIdentity, to: number, message: VoteRequest): vote.VoteRequest {
    const partition = {
      partitionIndex: 0,
      replicaEpoch: message.epoch,
      replicaId: message.candidate,
      replicaDirectoryId: ZERO_UUID,
      voterDirectoryId: message.voterDirectoryId,
      lastOffsetEpoch: message.lastEpoch,
      lastOffset: message.endOffset,
      preVote: message.preVote,
    }
    return { clusterId: own.clusterId, voterId: to, topics: metadataTopic(partition) }
  },

  receive(own: QuorumIdentity, request: vote.VoteRequest): VoteRequest {
    checkCluster(own, request.clusterId, request.topics[0]?.partitions[0]?.replicaId)
    checkVoter(own, request.voterId)
    const partition = metadataPartition(request.topics)
    const { replicaEpoch, replicaId, lastOffset, lastOffsetEpoch, preVote, voterDirectoryId } = partition
    return {
      type: 'vote-request',
      epoch: replicaEpoch,
      candidate: replicaId,
      endOffset: lastOffset,
      lastEpoch: lastOffsetEpoch,
      preVote,
      voterDirectoryId,
    }
  },

  response({ leader, epoch, granted }: VoteResponse): vote.VoteResponse {
    const partition = { partitionIndex: 0, errorCode: 0, leaderId: leader, leaderEpoch: epoch, voteGranted: granted }
    return { errorCode: Errors.NONE, topics: metadataTopic(partition), nodeEndpoints: [] }
  },

  /** `preVote` is what was asked: the answer does not say. */
  receiveResponse({ errorCode, topics }: vote.VoteResponse, preVote: boolean): VoteResponse {
    checkAnswer(errorCode, Errors.NONE)
    const partition = metadataPartition(topics)
    checkAnswer(partition.errorCode, Errors.NONE)
    const { leaderId, leaderEpoch, voteGranted } = partition
    return { type: 'vote-response', epoch: leaderEpoch, leader: leaderId, granted: voteGranted, preVote }
  },

  refusal: (errorCode: number): vote.VoteResponse => ({ errorCode, topics: [], nodeEndpoints: [] }),
}

export const beginWire = {
  request(own: QuorumIdentity, to: number, message: BeginEpochRequest): begin.BeginQuorumEpochRequest {
    const { epoch, leader, voterDirectoryId } = message
    const partition = { partitionIndex: 0, voterDirectoryId, leaderId: leader, leaderEpoch: epoch }
    return { clusterId: own.clusterId, voterId: to, topics: metadataTopic(partition), leaderEndpoints: [] }
  },

  receive(own: QuorumIdentity, request: begin.BeginQuorumEpochRequest): BeginEpochRequest {
    checkCluster(own, request.clusterId, request.topics[0]?.partitions[0]?.leaderId)
    const { leaderId, leaderEpoch, voterDirectoryId } = metadataPartition(request.topics)
    checkVoter(own, request.voterId, voterDirectoryId)
    return { type: 'begin-epoch-request', epoch: leaderEpoch, leader: leaderId, voterDirectoryId }
  },

  response({ epoch, leader }: BeginEpochResponse): begin.BeginQuorumEpochResponse {
    const partition = { partitionIndex: 0, errorCode: 0, leaderId: leader, leaderEpoch: epoch }
    return { errorCode: Errors.NONE, topics: metadataTopic(partition), nodeEndpoints: [] }
  },

  receiveResponse({ errorCode, topics }: begin.BeginQuorumEpochResponse): BeginEpochResponse {
    checkAnswer(errorCode, Errors.NONE)
    const partition = metadataPartition(topics)
    checkAnswer(partition.errorCode, Errors.NONE)
    return { type: 'begin-epoch-response', epoch: partition.leaderEpoch, leader: partition.leaderId }
  },

  refusal: (errorCode: number): begin.BeginQuorumEpochResponse => ({ errorCode, topics: [], nodeEndpoints: [] }),
}

export const endWire = {
  request(own: QuorumIdentity, { epoch, leader, successors }: EndEpochRequest): end.EndQuorumEpochRequest {
    const partition = {
      partitionIndex: 0,
      leaderId: leader,
      leaderEpoch: epoch,
      preferredSuccessors: [...successors],
      preferredCandidates: successors.map((candidateId) => ({ candidateId, candidateDirectoryId: ZERO_UUID })),
    }
    return { clusterId: own.clusterId, topics: metadataTopic(partition), leaderEndpoints: [] }
  },

  receive(own: QuorumIdentity, request: end.EndQuorumEpochRequest): EndEpochRequest {
    checkCluster(own, request.clusterId, request.topics[0]?.partitions[0]?.leaderId)
    const { leaderId, leaderEpoch, preferredCandidates, preferredSuccessors } = metadataPartition(request.topics)
    const successors =
      preferredCandidates.length > 0 ? preferredCandidates.map(({ candidateId }) => candidateId) : preferredSuccessors
    return { type: 'end-epoch-request', epoch: leaderEpoch, leader: leaderId, successors }
  },

  response({ epoch, leader }: EndEpochResponse): end.EndQuorumEpochResponse {
    const partition = { partitionIndex: 0, errorCode: 0, leaderId: leader, leaderEpoch: epoch }
    return { errorCode: Errors.NONE, topics: metadataTopic(partition), nodeEndpoints: [] }
  },

  receiveResponse({ errorCode, topics }: end.EndQuorumEpochResponse): EndEpochResponse {
    checkAnswer(errorCode, Errors.NONE)
    const partition = metadataPartition(topics)
    checkAnswer(partition.errorCode, Errors.NONE)
    return { type: 'end-epoch-response', epoch: partition.leaderEpoch, leader: partition.leaderId }
  },

  refusal: (errorCode: number): end.EndQuorumEpochResponse => ({ errorCode, topics: [], nodeEndpoints: [] }),
}

export const fetchWire = {
  /** Whether a fetch is one of the quorum, and not of a follower of some topic. */
  isQuorum: ({ topics }: fetch.FetchRequest): boolean =>
    topics.length === 1 && topics[0]?.topicId === METADATA_TOPIC_ID,

  request(own: QuorumIdentity, message: FetchRequest, maxWaitMs: number): fetch.FetchRequest {
    const partition = {
      partition: 0,
      currentLeaderEpoch: message.epoch,
      fetchOffset: message.fetchOffset,
      lastFetchedEpoch: message.lastEpoch,
      logStartOffset: -1,
      partitionMaxBytes: METADATA_FETCH_BYTES_MAX,
      replicaDirectoryId: message.directoryId,
      highWatermark: message.highWatermark,
    }
    return {
      clusterId: own.clusterId,
      replicaId: message.replica,
      replicaState: { replicaId: message.replica, replicaEpoch: -1 },
      maxWaitMs,
      minBytes: 1,
      maxBytes: METADATA_FETCH_BYTES_MAX,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: METADATA_TOPIC, topicId: METADATA_TOPIC_ID, partitions: [partition] }],
      forgottenTopicsData: [],
      rackId: '',
    }
  },

  /** `requestId` is chosen by the receiver, to find the fetch again that an answer belongs to. */
  receive(own: QuorumIdentity, request: fetch.FetchRequest, requestId: number): FetchRequest {
    checkCluster(own, request.clusterId, request.replicaState.replicaId)
    const [partition] = request.topics[0]?.partitions ?? []
    if (partition === undefined) throw new QuorumRefusal(Errors.INVALID_REQUEST, 'a fetch of no partition')
    return {
      type: 'fetch-request',
      requestId,
      epoch: partition.currentLeaderEpoch,
      replica: request.replicaState.replicaId,
      directoryId: partition.replicaDirectoryId,
      fetchOffset: partition.fetchOffset,
      lastEpoch: partition.lastFetchedEpoch,
      highWatermark: partition.highWatermark,
    }
  },

  response(message: FetchResponse): fetch.FetchResponse {
    const { epoch, leader, result, diverging, snapshot, highWatermark, records } = message
    const partition: fetch.PartitionData = {
      partitionIndex: 0,
      errorCode: result === 'not-leader' ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.NONE,
      highWatermark,
      lastStableOffset: highWatermark,
      logStartOffset: -1,
      divergingEpoch: diverging ?? noDivergence,
      currentLeader: { leaderId: leader, leaderEpoch: epoch },
      snapshotId: snapshot ?? noSnapshot,
      abortedTransactions: null,
      preferredReadReplica: -1,
      records,
    }
    const topic = { topic: METADATA_TOPIC, topicId: METADATA_TOPIC_ID, partitions: [partition] }
    return { throttleTimeMs: 0, errorCode: Errors.NONE, sessionId: 0, responses: [topic], nodeEndpoints: [] }
  },

  receiveResponse({ errorCode, responses }: fetch.FetchResponse, requestId: number): FetchResponse {
    checkAnswer(errorCode, Errors.NONE)
    const [partition] = responses[0]?.partitions ?? []
    if (partition === undefined) throw new QuorumRefusal(Errors.INVALID_REQUEST, 'an answer about no partition')
    const isLeader = partition.errorCode !== Errors.NOT_LEADER_OR_FOLLOWER
    if (isLeader) checkAnswer(Errors.NONE, partition.errorCode)
    const { divergingEpoch, snapshotId, records } = partition
    const diverging = isLeader && divergingEpoch.endOffset >= 0 ? divergingEpoch : null
    const snapshot = isLeader && snapshotId.endOffset >= 0 ? snapshotId : null
    const redirected = snapshot !== null ? 'snapshot' : diverging !== null ? 'diverging' : 'ok'
    return {
      type: 'fetch-response',
      requestId,
      epoch: partition.currentLeader.leaderEpoch,
      leader: partition.currentLeader.leaderId,
      result: isLeader ? redirected : 'not-leader',
      diverging,
      snapshot,
      highWatermark: partition.highWatermark,
      records: records === null ? [] : Buffer.isBuffer(records) ? (records.length === 0 ? [] : [records]) : records,
    }
  },

  refusal(errorCode: number): fetch.FetchResponse {
    return { throttleTimeMs: 0, errorCode, sessionId: 0, responses: [], nodeEndpoints: [] }
  },
}
