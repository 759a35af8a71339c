/** Every API of the listener for brokers. None of them but Fetch and ApiVersions is known on the one for clients. */
import { apiVersionsHandler } from '../handlers/18-api-versions.ts'
import { createTopicsHandler } from '../handlers/19-create-topics.ts'
import { deleteTopicsHandler } from '../handlers/20-delete-topics.ts'
import { offsetForLeaderEpochHandler } from '../handlers/23-offset-for-leader-epoch.ts'
import { alterConfigsHandler } from '../handlers/33-alter-configs.ts'
import { createPartitionsHandler } from '../handlers/37-create-partitions.ts'
import { electLeadersHandler } from '../handlers/43-elect-leaders.ts'
import { incrementalAlterConfigsHandler } from '../handlers/44-incremental-alter-configs.ts'
import { alterPartitionReassignmentsHandler } from '../handlers/45-alter-partition-reassignments.ts'
import { describeQuorumHandler } from '../handlers/55-describe-quorum.ts'
import { alterPartitionHandler } from '../handlers/56-alter-partition.ts'
import { updateFeaturesHandler } from '../handlers/57-update-features.ts'
import { envelopeHandler } from '../handlers/58-envelope.ts'
import { brokerRegistrationHandler } from '../handlers/62-broker-registration.ts'
import { brokerHeartbeatHandler } from '../handlers/63-broker-heartbeat.ts'
import { unregisterBrokerHandler } from '../handlers/64-unregister-broker.ts'
import { allocateProducerIdsHandler } from '../handlers/67-allocate-producer-ids.ts'
import { replicaFetchHandler } from '../handlers/fetch/replica-fetch.ts'
import { addRaftVoterHandler } from '../handlers/80-add-raft-voter.ts'
import { removeRaftVoterHandler } from '../handlers/81-remove-raft-voter.ts'
import { updateRaftVoterHandler } from '../handlers/82-update-raft-voter.ts'
import type { Handler } from '../handlers/handler.ts'
import { quorumHandlers } from './quorum-handlers.ts'
import type { QuorumTransport } from './quorum-transport.ts'

type AnyHandler = Handler<unknown, unknown>

/** What a broker that is not the active controller forwards to it. */
const forwardable = [
  createTopicsHandler,
  deleteTopicsHandler,
  alterConfigsHandler,
  createPartitionsHandler,
  electLeadersHandler,
  incrementalAlterConfigsHandler,
  alterPartitionReassignmentsHandler,
  updateFeaturesHandler,
  unregisterBrokerHandler,
  describeQuorumHandler,
  addRaftVoterHandler,
  removeRaftVoterHandler,
  updateRaftVoterHandler,
] as readonly AnyHandler[]

export function createPeerHandlers(transport: QuorumTransport): readonly AnyHandler[] {
  const handlers = [
    ...quorumHandlers(transport, replicaFetchHandler),
    offsetForLeaderEpochHandler,
    alterPartitionHandler,
    envelopeHandler(forwardable),
    brokerRegistrationHandler,
    brokerHeartbeatHandler,
    allocateProducerIdsHandler,
    describeQuorumHandler,
    addRaftVoterHandler,
    removeRaftVoterHandler,
    updateRaftVoterHandler,
  ] as readonly AnyHandler[]
  return [...handlers, apiVersionsHandler(handlers) as AnyHandler]
}
