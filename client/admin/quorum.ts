import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import {
  AddRaftVoter,
  DescribeCluster,
  DescribeQuorum,
  RemoveRaftVoter,
  UnregisterBroker,
} from '../../proto/kafka/generated/apis.ts'
import type { ReplicaState } from '../../proto/kafka/generated/55-describe-quorum.ts'
import { clientError, KafkaError } from '../errors.ts'
import type { AdminContext } from './context.ts'
import type { BrokerDescription, NewVoter, QuorumDescription, QuorumReplica } from './types.ts'

const METADATA_TOPIC = '__cluster_metadata'
const BROKERS = 1

export async function describeQuorum(
  context: AdminContext,
  signal: AbortSignal | undefined,
): Promise<QuorumDescription> {
  const message = { topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }] }
  const answer = await context.any(DescribeQuorum, message, signal)
  check(answer.errorCode, 'describe quorum', answer.errorMessage)
  const partition = answer.topics[0]?.partitions[0]
  if (partition === undefined) throw clientError('CLIENT_PROTOCOL', 'no answer about the metadata quorum')
  check(partition.errorCode, 'describe quorum', partition.errorMessage)
  const addresses = new Map<number, string>()
  for (const { nodeId, listeners } of answer.nodes) {
    for (const { host, port } of listeners.slice(0, 1)) addresses.set(nodeId, `${host}:${port}`)
  }
  return {
    leader: partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    highWatermark: partition.highWatermark,
    voters: partition.currentVoters.map((state) => replica(state, addresses.get(state.replicaId))),
    observers: partition.observers.map((state) => replica(state)),
  }
}

function replica(state: ReplicaState, address: string | null = null): QuorumReplica {
  return {
    id: state.replicaId,
    directoryId: state.replicaDirectoryId,
    logEndOffset: state.logEndOffset,
    lastFetchMs: state.lastFetchTimestamp,
    lastCaughtUpMs: state.lastCaughtUpTimestamp,
    address,
  }
}

export async function addVoter(context: AdminContext, voter: NewVoter, signal: AbortSignal | undefined): Promise<void> {
  const message = {
    clusterId: null,
    timeoutMs: context.requestTimeoutMs,
    voterId: voter.id,
    voterDirectoryId: voter.directoryId,
    listeners: [{ name: 'CONTROLLER', host: voter.host, port: voter.port }],
    ackWhenCommitted: true,
  }
  const answer = await context.controller(AddRaftVoter, message, signal, (response) => [response])
  check(answer.errorCode, `add voter ${voter.id}`, answer.errorMessage)
}

export async function removeVoter(
  context: AdminContext,
  voter: { readonly id: number; readonly directoryId: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  const message = { clusterId: null, voterId: voter.id, voterDirectoryId: voter.directoryId }
  const answer = await context.controller(RemoveRaftVoter, message, signal, (response) => [response])
  check(answer.errorCode, `remove voter ${voter.id}`, answer.errorMessage)
}

/** Registered brokers, the fenced ones too. */
export async function describeBrokers(
  context: AdminContext,
  signal: AbortSignal | undefined,
): Promise<BrokerDescription[]> {
  const message = { includeClusterAuthorizedOperations: false, endpointType: BROKERS, includeFencedBrokers: true }
  const answer = await context.any(DescribeCluster, message, signal)
  check(answer.errorCode, 'describe brokers', answer.errorMessage)
  return answer.brokers.map(({ brokerId, host, port, rack, isFenced }) => ({
    id: brokerId,
    host,
    port,
    rack,
    fenced: isFenced,
    controller: brokerId === answer.controllerId,
  }))
}

export async function unregisterBroker(
  context: AdminContext,
  brokerId: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const answer = await context.controller(UnregisterBroker, { brokerId }, signal, (response) => [response])
  check(answer.errorCode, `unregister broker ${brokerId}`, answer.errorMessage)
}

function check(code: ErrorCode, what: string, detail?: string | null): void {
  if (code !== Errors.NONE) throw new KafkaError(code, what, detail)
}
