/** Calls about the metadata quorum, as the Kafka requests that they stand for. */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import { AddRaftVoter, DescribeQuorum, RemoveRaftVoter, UpdateRaftVoter } from '../../../proto/kafka/generated/apis.ts'
import type { DescribeQuorumResponse, ReplicaState } from '../../../proto/kafka/generated/55-describe-quorum.ts'
import type { QuorumDescription, QuorumReplica } from '../../consensus/quorum-description.ts'
import type { Voter, VoterChange } from '../../consensus/voters.ts'
import type { ItemResult } from '../../controller/api.ts'
import { METADATA_TOPIC } from '../../controller/names.ts'
import { call, itemOf } from './calls.ts'

/** What requests about voters name beside the voter. */
export interface QuorumNames {
  readonly clusterId: string
  /** Of the listener that brokers use among themselves. */
  readonly listener: string
}

export function describeQuorumCall() {
  return call(DescribeQuorum, 2, {
    request: () => ({ topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }] }),
    read: (response) => quorumOf(response),
  })
}

function quorumOf(response: DescribeQuorumResponse): ItemResult & { readonly quorum: QuorumDescription | null } {
  const [partition] = response.topics[0]?.partitions ?? []
  const error = (response.errorCode || (partition?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR)) as ErrorCode
  const message = response.errorMessage ?? partition?.errorMessage ?? null
  if (partition === undefined || error !== Errors.NONE) return { error, message, quorum: null }
  const directoryOf = (id: number) =>
    partition.currentVoters.find(({ replicaId }) => replicaId === id)?.replicaDirectoryId
  const quorum: QuorumDescription = {
    leader: partition.leaderId,
    epoch: partition.leaderEpoch,
    highWatermark: partition.highWatermark,
    voters: partition.currentVoters.map(replicaOf),
    observers: partition.observers.map(replicaOf),
    endpoints: response.nodes.flatMap(({ nodeId, listeners: [listener] }) => {
      const directoryId = directoryOf(nodeId)
      if (listener === undefined || directoryId === undefined) return []
      return [{ id: nodeId, directoryId, host: listener.host, port: listener.port }]
    }),
  }
  return { error, message, quorum }
}

function replicaOf(state: ReplicaState): QuorumReplica {
  return {
    id: state.replicaId,
    directoryId: state.replicaDirectoryId,
    endOffset: state.logEndOffset,
    lastFetchMs: state.lastFetchTimestamp,
    lastCaughtUpMs: state.lastCaughtUpTimestamp,
  }
}

function listenersOf(name: string, { host, port }: Voter) {
  return [{ name, host, port }]
}

export function addVoterCall({ clusterId, listener }: QuorumNames, voter: Voter, waits: boolean) {
  return call(AddRaftVoter, 1, {
    request: (timeoutMs) => ({
      clusterId,
      timeoutMs,
      voterId: voter.id,
      voterDirectoryId: voter.directoryId,
      listeners: listenersOf(listener, voter),
      ackWhenCommitted: waits,
    }),
    read: (response) => itemOf(response),
  })
}

export function removeVoterCall({ clusterId }: QuorumNames, change: Extract<VoterChange, { kind: 'remove' }>) {
  return call(RemoveRaftVoter, 0, {
    request: () => ({ clusterId, voterId: change.id, voterDirectoryId: change.directoryId }),
    read: (response) => itemOf(response),
  })
}

export function updateVoterCall({ clusterId, listener }: QuorumNames, voter: Voter) {
  return call(UpdateRaftVoter, 0, {
    request: () => ({
      clusterId,
      // Whoever is the active controller now.
      currentLeaderEpoch: -1,
      voterId: voter.id,
      voterDirectoryId: voter.directoryId,
      listeners: listenersOf(listener, voter),
      kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
    }),
    read: ({ errorCode }): ItemResult => ({ error: errorCode as ErrorCode, message: null }),
  })
}
