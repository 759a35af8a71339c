/** Pieces of a metadata snapshot, as the requests and responses of Kafka's protocol (FetchSnapshot, KIP-630) and back. Pure. */
import type { FetchSnapshotRequest, FetchSnapshotResponse } from '../consensus/messages.ts'
import { METADATA_TOPIC } from '../controller/names.ts'
import { METADATA_FETCH_BYTES_MAX } from '../limits.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type * as snapshot from '../../proto/kafka/generated/59-fetch-snapshot.ts'
import { checkAnswer, checkCluster, type QuorumIdentity, QuorumRefusal } from './quorum-wire.ts'

const results = new Map<number, FetchSnapshotResponse['result']>([
  [Errors.NONE, 'ok'],
  [Errors.NOT_LEADER_OR_FOLLOWER, 'not-leader'],
  [Errors.FENCED_LEADER_EPOCH, 'not-leader'],
  [Errors.SNAPSHOT_NOT_FOUND, 'gone'],
  [Errors.POSITION_OUT_OF_RANGE, 'gone'],
])
const codes = { ok: Errors.NONE, 'not-leader': Errors.NOT_LEADER_OR_FOLLOWER, gone: Errors.SNAPSHOT_NOT_FOUND } as const

export const snapshotWire = {
  request(own: QuorumIdentity, message: FetchSnapshotRequest): snapshot.FetchSnapshotRequest {
    const partition = {
      partition: 0,
      currentLeaderEpoch: message.epoch,
      snapshotId: message.snapshot,
      position: message.position,
      replicaDirectoryId: message.directoryId,
    }
    return {
      clusterId: own.clusterId,
      replicaId: message.replica,
      maxBytes: METADATA_FETCH_BYTES_MAX,
      topics: [{ name: METADATA_TOPIC, partitions: [partition] }],
    }
  },

  /** `requestId` is chosen by the receiver, to find the request again that an answer belongs to. */
  receive(own: QuorumIdentity, request: snapshot.FetchSnapshotRequest, requestId: number): FetchSnapshotRequest {
    checkCluster(own, request.clusterId, request.replicaId)
    const [topic] = request.topics
    const [partition] = topic?.partitions ?? []
    if (request.topics.length !== 1 || topic?.partitions.length !== 1 || partition === undefined) {
      throw new QuorumRefusal(Errors.INVALID_REQUEST, 'a snapshot of one partition is asked for')
    }
    if (topic.name !== METADATA_TOPIC || partition.partition !== 0) {
      throw new QuorumRefusal(Errors.UNKNOWN_TOPIC_OR_PARTITION, 'only the metadata log has snapshots')
    }
    return {
      type: 'fetch-snapshot-request',
      requestId,
      epoch: partition.currentLeaderEpoch,
      replica: request.replicaId,
      directoryId: partition.replicaDirectoryId,
      snapshot: partition.snapshotId,
      position: partition.position,
    }
  },

  response({
    epoch,
    leader,
    result,
    sizeBytes,
    position,
    bytes,
  }: FetchSnapshotResponse): snapshot.FetchSnapshotResponse {
    const partition = {
      index: 0,
      errorCode: codes[result],
      // Whoever asked knows which one he asked for.
      snapshotId: { endOffset: -1, epoch: -1 },
      currentLeader: { leaderId: leader, leaderEpoch: epoch },
      size: sizeBytes,
      position,
      unalignedRecords: bytes,
    }
    const topics = [{ name: METADATA_TOPIC, partitions: [partition] }]
    return { throttleTimeMs: 0, errorCode: Errors.NONE, topics, nodeEndpoints: [] }
  },

  receiveResponse({ errorCode, topics }: snapshot.FetchSnapshotResponse, requestId: number): FetchSnapshotResponse {
    checkAnswer(errorCode, Errors.NONE)
    const [partition] = topics[0]?.partitions ?? []
    if (partition === undefined) throw new QuorumRefusal(Errors.INVALID_REQUEST, 'an answer about no partition')
    const result = results.get(partition.errorCode)
    if (result === undefined) checkAnswer(Errors.NONE, partition.errorCode)
    return {
      type: 'fetch-snapshot-response',
      requestId,
      epoch: partition.currentLeader.leaderEpoch,
      leader: partition.currentLeader.leaderId,
      result: result ?? 'gone',
      sizeBytes: partition.size,
      position: partition.position,
      bytes: partition.unalignedRecords,
    }
  },

  refusal(errorCode: number): snapshot.FetchSnapshotResponse {
    return { throttleTimeMs: 0, errorCode, topics: [], nodeEndpoints: [] }
  },
}
