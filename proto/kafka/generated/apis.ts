// Generated from schema/: change the files there and run `npm run generate`.
import { NEVER_FLEXIBLE, type Api } from '../api.ts'
import {
  readProduceRequest,
  readProduceResponse,
  writeProduceRequest,
  writeProduceResponse,
  type ProduceRequest,
  type ProduceResponse,
} from './00-produce.ts'
import {
  readFetchRequest,
  readFetchResponse,
  writeFetchRequest,
  writeFetchResponse,
  type FetchRequest,
  type FetchResponse,
} from './01-fetch.ts'
import {
  readListOffsetsRequest,
  readListOffsetsResponse,
  writeListOffsetsRequest,
  writeListOffsetsResponse,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from './02-list-offsets.ts'
import {
  readMetadataRequest,
  readMetadataResponse,
  writeMetadataRequest,
  writeMetadataResponse,
  type MetadataRequest,
  type MetadataResponse,
} from './03-metadata.ts'
import {
  readOffsetCommitRequest,
  readOffsetCommitResponse,
  writeOffsetCommitRequest,
  writeOffsetCommitResponse,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
} from './08-offset-commit.ts'
import {
  readOffsetFetchRequest,
  readOffsetFetchResponse,
  writeOffsetFetchRequest,
  writeOffsetFetchResponse,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
} from './09-offset-fetch.ts'
import {
  readFindCoordinatorRequest,
  readFindCoordinatorResponse,
  writeFindCoordinatorRequest,
  writeFindCoordinatorResponse,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from './10-find-coordinator.ts'
import {
  readJoinGroupRequest,
  readJoinGroupResponse,
  writeJoinGroupRequest,
  writeJoinGroupResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from './11-join-group.ts'
import {
  readHeartbeatRequest,
  readHeartbeatResponse,
  writeHeartbeatRequest,
  writeHeartbeatResponse,
  type HeartbeatRequest,
  type HeartbeatResponse,
} from './12-heartbeat.ts'
import {
  readLeaveGroupRequest,
  readLeaveGroupResponse,
  writeLeaveGroupRequest,
  writeLeaveGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
} from './13-leave-group.ts'
import {
  readSyncGroupRequest,
  readSyncGroupResponse,
  writeSyncGroupRequest,
  writeSyncGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from './14-sync-group.ts'
import {
  readDescribeGroupsRequest,
  readDescribeGroupsResponse,
  writeDescribeGroupsRequest,
  writeDescribeGroupsResponse,
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
} from './15-describe-groups.ts'
import {
  readListGroupsRequest,
  readListGroupsResponse,
  writeListGroupsRequest,
  writeListGroupsResponse,
  type ListGroupsRequest,
  type ListGroupsResponse,
} from './16-list-groups.ts'
import {
  readSaslHandshakeRequest,
  readSaslHandshakeResponse,
  writeSaslHandshakeRequest,
  writeSaslHandshakeResponse,
  type SaslHandshakeRequest,
  type SaslHandshakeResponse,
} from './17-sasl-handshake.ts'
import {
  readApiVersionsRequest,
  readApiVersionsResponse,
  writeApiVersionsRequest,
  writeApiVersionsResponse,
  type ApiVersionsRequest,
  type ApiVersionsResponse,
} from './18-api-versions.ts'
import {
  readCreateTopicsRequest,
  readCreateTopicsResponse,
  writeCreateTopicsRequest,
  writeCreateTopicsResponse,
  type CreateTopicsRequest,
  type CreateTopicsResponse,
} from './19-create-topics.ts'
import {
  readDeleteTopicsRequest,
  readDeleteTopicsResponse,
  writeDeleteTopicsRequest,
  writeDeleteTopicsResponse,
  type DeleteTopicsRequest,
  type DeleteTopicsResponse,
} from './20-delete-topics.ts'
import {
  readDeleteRecordsRequest,
  readDeleteRecordsResponse,
  writeDeleteRecordsRequest,
  writeDeleteRecordsResponse,
  type DeleteRecordsRequest,
  type DeleteRecordsResponse,
} from './21-delete-records.ts'
import {
  readInitProducerIdRequest,
  readInitProducerIdResponse,
  writeInitProducerIdRequest,
  writeInitProducerIdResponse,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from './22-init-producer-id.ts'
import {
  readOffsetForLeaderEpochRequest,
  readOffsetForLeaderEpochResponse,
  writeOffsetForLeaderEpochRequest,
  writeOffsetForLeaderEpochResponse,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
} from './23-offset-for-leader-epoch.ts'
import {
  readDescribeConfigsRequest,
  readDescribeConfigsResponse,
  writeDescribeConfigsRequest,
  writeDescribeConfigsResponse,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
} from './32-describe-configs.ts'
import {
  readAlterConfigsRequest,
  readAlterConfigsResponse,
  writeAlterConfigsRequest,
  writeAlterConfigsResponse,
  type AlterConfigsRequest,
  type AlterConfigsResponse,
} from './33-alter-configs.ts'
import {
  readAlterReplicaLogDirsRequest,
  readAlterReplicaLogDirsResponse,
  writeAlterReplicaLogDirsRequest,
  writeAlterReplicaLogDirsResponse,
  type AlterReplicaLogDirsRequest,
  type AlterReplicaLogDirsResponse,
} from './34-alter-replica-log-dirs.ts'
import {
  readDescribeLogDirsRequest,
  readDescribeLogDirsResponse,
  writeDescribeLogDirsRequest,
  writeDescribeLogDirsResponse,
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
} from './35-describe-log-dirs.ts'
import {
  readCreatePartitionsRequest,
  readCreatePartitionsResponse,
  writeCreatePartitionsRequest,
  writeCreatePartitionsResponse,
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
} from './37-create-partitions.ts'
import {
  readDeleteGroupsRequest,
  readDeleteGroupsResponse,
  writeDeleteGroupsRequest,
  writeDeleteGroupsResponse,
  type DeleteGroupsRequest,
  type DeleteGroupsResponse,
} from './42-delete-groups.ts'
import {
  readElectLeadersRequest,
  readElectLeadersResponse,
  writeElectLeadersRequest,
  writeElectLeadersResponse,
  type ElectLeadersRequest,
  type ElectLeadersResponse,
} from './43-elect-leaders.ts'
import {
  readIncrementalAlterConfigsRequest,
  readIncrementalAlterConfigsResponse,
  writeIncrementalAlterConfigsRequest,
  writeIncrementalAlterConfigsResponse,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
} from './44-incremental-alter-configs.ts'
import {
  readAlterPartitionReassignmentsRequest,
  readAlterPartitionReassignmentsResponse,
  writeAlterPartitionReassignmentsRequest,
  writeAlterPartitionReassignmentsResponse,
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
} from './45-alter-partition-reassignments.ts'
import {
  readListPartitionReassignmentsRequest,
  readListPartitionReassignmentsResponse,
  writeListPartitionReassignmentsRequest,
  writeListPartitionReassignmentsResponse,
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
} from './46-list-partition-reassignments.ts'
import {
  readOffsetDeleteRequest,
  readOffsetDeleteResponse,
  writeOffsetDeleteRequest,
  writeOffsetDeleteResponse,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
} from './47-offset-delete.ts'
import {
  readVoteRequest,
  readVoteResponse,
  writeVoteRequest,
  writeVoteResponse,
  type VoteRequest,
  type VoteResponse,
} from './52-vote.ts'
import {
  readBeginQuorumEpochRequest,
  readBeginQuorumEpochResponse,
  writeBeginQuorumEpochRequest,
  writeBeginQuorumEpochResponse,
  type BeginQuorumEpochRequest,
  type BeginQuorumEpochResponse,
} from './53-begin-quorum-epoch.ts'
import {
  readEndQuorumEpochRequest,
  readEndQuorumEpochResponse,
  writeEndQuorumEpochRequest,
  writeEndQuorumEpochResponse,
  type EndQuorumEpochRequest,
  type EndQuorumEpochResponse,
} from './54-end-quorum-epoch.ts'
import {
  readDescribeQuorumRequest,
  readDescribeQuorumResponse,
  writeDescribeQuorumRequest,
  writeDescribeQuorumResponse,
  type DescribeQuorumRequest,
  type DescribeQuorumResponse,
} from './55-describe-quorum.ts'
import {
  readAlterPartitionRequest,
  readAlterPartitionResponse,
  writeAlterPartitionRequest,
  writeAlterPartitionResponse,
  type AlterPartitionRequest,
  type AlterPartitionResponse,
} from './56-alter-partition.ts'
import {
  readUpdateFeaturesRequest,
  readUpdateFeaturesResponse,
  writeUpdateFeaturesRequest,
  writeUpdateFeaturesResponse,
  type UpdateFeaturesRequest,
  type UpdateFeaturesResponse,
} from './57-update-features.ts'
import {
  readEnvelopeRequest,
  readEnvelopeResponse,
  writeEnvelopeRequest,
  writeEnvelopeResponse,
  type EnvelopeRequest,
  type EnvelopeResponse,
} from './58-envelope.ts'
import {
  readFetchSnapshotRequest,
  readFetchSnapshotResponse,
  writeFetchSnapshotRequest,
  writeFetchSnapshotResponse,
  type FetchSnapshotRequest,
  type FetchSnapshotResponse,
} from './59-fetch-snapshot.ts'
import {
  readDescribeClusterRequest,
  readDescribeClusterResponse,
  writeDescribeClusterRequest,
  writeDescribeClusterResponse,
  type DescribeClusterRequest,
  type DescribeClusterResponse,
} from './60-describe-cluster.ts'
import {
  readBrokerRegistrationRequest,
  readBrokerRegistrationResponse,
  writeBrokerRegistrationRequest,
  writeBrokerRegistrationResponse,
  type BrokerRegistrationRequest,
  type BrokerRegistrationResponse,
} from './62-broker-registration.ts'
import {
  readBrokerHeartbeatRequest,
  readBrokerHeartbeatResponse,
  writeBrokerHeartbeatRequest,
  writeBrokerHeartbeatResponse,
  type BrokerHeartbeatRequest,
  type BrokerHeartbeatResponse,
} from './63-broker-heartbeat.ts'
import {
  readUnregisterBrokerRequest,
  readUnregisterBrokerResponse,
  writeUnregisterBrokerRequest,
  writeUnregisterBrokerResponse,
  type UnregisterBrokerRequest,
  type UnregisterBrokerResponse,
} from './64-unregister-broker.ts'
import {
  readAllocateProducerIdsRequest,
  readAllocateProducerIdsResponse,
  writeAllocateProducerIdsRequest,
  writeAllocateProducerIdsResponse,
  type AllocateProducerIdsRequest,
  type AllocateProducerIdsResponse,
} from './67-allocate-producer-ids.ts'
import {
  readDescribeTopicPartitionsRequest,
  readDescribeTopicPartitionsResponse,
  writeDescribeTopicPartitionsRequest,
  writeDescribeTopicPartitionsResponse,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
} from './75-describe-topic-partitions.ts'
import {
  readAddRaftVoterRequest,
  readAddRaftVoterResponse,
  writeAddRaftVoterRequest,
  writeAddRaftVoterResponse,
  type AddRaftVoterRequest,
  type AddRaftVoterResponse,
} from './80-add-raft-voter.ts'
import {
  readRemoveRaftVoterRequest,
  readRemoveRaftVoterResponse,
  writeRemoveRaftVoterRequest,
  writeRemoveRaftVoterResponse,
  type RemoveRaftVoterRequest,
  type RemoveRaftVoterResponse,
} from './81-remove-raft-voter.ts'
import {
  readUpdateRaftVoterRequest,
  readUpdateRaftVoterResponse,
  writeUpdateRaftVoterRequest,
  writeUpdateRaftVoterResponse,
  type UpdateRaftVoterRequest,
  type UpdateRaftVoterResponse,
} from './82-update-raft-voter.ts'

/** Key 0, versions 0-13. Appends one batch to each of some partitions. */
export const Produce: Api<ProduceRequest, ProduceResponse> = {
  key: 0,
  name: 'Produce',
  minVersion: 0,
  maxVersion: 13,
  minCodecVersion: 3,
  maxCodecVersion: 13,
  flexibleFrom: 9,
  readRequest: readProduceRequest,
  writeRequest: writeProduceRequest,
  readResponse: readProduceResponse,
  writeResponse: writeProduceResponse,
}

/** Key 1, versions 4-18. Reads batches of some partitions, waiting for them if there are too few. */
export const Fetch: Api<FetchRequest, FetchResponse> = {
  key: 1,
  name: 'Fetch',
  minVersion: 4,
  maxVersion: 18,
  minCodecVersion: 4,
  maxCodecVersion: 18,
  flexibleFrom: 12,
  readRequest: readFetchRequest,
  writeRequest: writeFetchRequest,
  readResponse: readFetchResponse,
  writeResponse: writeFetchResponse,
}

/** Key 2, versions 1-11. Finds offsets by time, or the ends of the log. */
export const ListOffsets: Api<ListOffsetsRequest, ListOffsetsResponse> = {
  key: 2,
  name: 'ListOffsets',
  minVersion: 1,
  maxVersion: 11,
  minCodecVersion: 1,
  maxCodecVersion: 11,
  flexibleFrom: 6,
  readRequest: readListOffsetsRequest,
  writeRequest: writeListOffsetsRequest,
  readResponse: readListOffsetsResponse,
  writeResponse: writeListOffsetsResponse,
}

/** Key 3, versions 0-13. Describes brokers and topics, and may create topics (W22). */
export const Metadata: Api<MetadataRequest, MetadataResponse> = {
  key: 3,
  name: 'Metadata',
  minVersion: 0,
  maxVersion: 13,
  minCodecVersion: 0,
  maxCodecVersion: 13,
  flexibleFrom: 9,
  readRequest: readMetadataRequest,
  writeRequest: writeMetadataRequest,
  readResponse: readMetadataResponse,
  writeResponse: writeMetadataResponse,
}

/** Key 8, versions 2-10. Stores a group's offsets. */
export const OffsetCommit: Api<OffsetCommitRequest, OffsetCommitResponse> = {
  key: 8,
  name: 'OffsetCommit',
  minVersion: 2,
  maxVersion: 10,
  minCodecVersion: 2,
  maxCodecVersion: 10,
  flexibleFrom: 8,
  readRequest: readOffsetCommitRequest,
  writeRequest: writeOffsetCommitRequest,
  readResponse: readOffsetCommitResponse,
  writeResponse: writeOffsetCommitResponse,
}

/** Key 9, versions 1-10. Reads a group's stored offsets. */
export const OffsetFetch: Api<OffsetFetchRequest, OffsetFetchResponse> = {
  key: 9,
  name: 'OffsetFetch',
  minVersion: 1,
  maxVersion: 10,
  minCodecVersion: 1,
  maxCodecVersion: 10,
  flexibleFrom: 6,
  readRequest: readOffsetFetchRequest,
  writeRequest: writeOffsetFetchRequest,
  readResponse: readOffsetFetchResponse,
  writeResponse: writeOffsetFetchResponse,
}

/** Key 10, versions 0-6. Names the broker that coordinates a group, a transaction or a share partition. */
export const FindCoordinator: Api<FindCoordinatorRequest, FindCoordinatorResponse> = {
  key: 10,
  name: 'FindCoordinator',
  minVersion: 0,
  maxVersion: 6,
  minCodecVersion: 0,
  maxCodecVersion: 6,
  flexibleFrom: 3,
  readRequest: readFindCoordinatorRequest,
  writeRequest: writeFindCoordinatorRequest,
  readResponse: readFindCoordinatorResponse,
  writeResponse: writeFindCoordinatorResponse,
}

/** Key 11, versions 0-9. Joins a group of the classic protocol; answered when the others have joined. */
export const JoinGroup: Api<JoinGroupRequest, JoinGroupResponse> = {
  key: 11,
  name: 'JoinGroup',
  minVersion: 0,
  maxVersion: 9,
  minCodecVersion: 0,
  maxCodecVersion: 9,
  flexibleFrom: 6,
  readRequest: readJoinGroupRequest,
  writeRequest: writeJoinGroupRequest,
  readResponse: readJoinGroupResponse,
  writeResponse: writeJoinGroupResponse,
}

/** Key 12, versions 0-4. Keeps a member of a classic group alive. */
export const Heartbeat: Api<HeartbeatRequest, HeartbeatResponse> = {
  key: 12,
  name: 'Heartbeat',
  minVersion: 0,
  maxVersion: 4,
  minCodecVersion: 0,
  maxCodecVersion: 4,
  flexibleFrom: 4,
  readRequest: readHeartbeatRequest,
  writeRequest: writeHeartbeatRequest,
  readResponse: readHeartbeatResponse,
  writeResponse: writeHeartbeatResponse,
}

/** Key 13, versions 0-5. Takes members out of a group. */
export const LeaveGroup: Api<LeaveGroupRequest, LeaveGroupResponse> = {
  key: 13,
  name: 'LeaveGroup',
  minVersion: 0,
  maxVersion: 5,
  minCodecVersion: 0,
  maxCodecVersion: 5,
  flexibleFrom: 4,
  readRequest: readLeaveGroupRequest,
  writeRequest: writeLeaveGroupRequest,
  readResponse: readLeaveGroupResponse,
  writeResponse: writeLeaveGroupResponse,
}

/** Key 14, versions 0-5. Hands over the leader's assignment and fetches the member's own. */
export const SyncGroup: Api<SyncGroupRequest, SyncGroupResponse> = {
  key: 14,
  name: 'SyncGroup',
  minVersion: 0,
  maxVersion: 5,
  minCodecVersion: 0,
  maxCodecVersion: 5,
  flexibleFrom: 4,
  readRequest: readSyncGroupRequest,
  writeRequest: writeSyncGroupRequest,
  readResponse: readSyncGroupResponse,
  writeResponse: writeSyncGroupResponse,
}

/** Key 15, versions 0-6. Describes groups of the classic protocol. */
export const DescribeGroups: Api<DescribeGroupsRequest, DescribeGroupsResponse> = {
  key: 15,
  name: 'DescribeGroups',
  minVersion: 0,
  maxVersion: 6,
  minCodecVersion: 0,
  maxCodecVersion: 6,
  flexibleFrom: 5,
  readRequest: readDescribeGroupsRequest,
  writeRequest: writeDescribeGroupsRequest,
  readResponse: readDescribeGroupsResponse,
  writeResponse: writeDescribeGroupsResponse,
}

/** Key 16, versions 0-5. Lists the groups that this broker coordinates. */
export const ListGroups: Api<ListGroupsRequest, ListGroupsResponse> = {
  key: 16,
  name: 'ListGroups',
  minVersion: 0,
  maxVersion: 5,
  minCodecVersion: 0,
  maxCodecVersion: 5,
  flexibleFrom: 3,
  readRequest: readListGroupsRequest,
  writeRequest: writeListGroupsRequest,
  readResponse: readListGroupsResponse,
  writeResponse: writeListGroupsResponse,
}

/** Key 17, versions 0-1. Picks a SASL mechanism. */
export const SaslHandshake: Api<SaslHandshakeRequest, SaslHandshakeResponse> = {
  key: 17,
  name: 'SaslHandshake',
  minVersion: 0,
  maxVersion: 1,
  minCodecVersion: 0,
  maxCodecVersion: 1,
  flexibleFrom: NEVER_FLEXIBLE,
  readRequest: readSaslHandshakeRequest,
  writeRequest: writeSaslHandshakeRequest,
  readResponse: readSaslHandshakeResponse,
  writeResponse: writeSaslHandshakeResponse,
}

/** Key 18, versions 0-4. Tells which APIs and versions the broker serves; the first request of most clients. */
export const ApiVersions: Api<ApiVersionsRequest, ApiVersionsResponse> = {
  key: 18,
  name: 'ApiVersions',
  minVersion: 0,
  maxVersion: 4,
  minCodecVersion: 0,
  maxCodecVersion: 4,
  flexibleFrom: 3,
  readRequest: readApiVersionsRequest,
  writeRequest: writeApiVersionsRequest,
  readResponse: readApiVersionsResponse,
  writeResponse: writeApiVersionsResponse,
}

/** Key 19, versions 2-7. Creates topics. */
export const CreateTopics: Api<CreateTopicsRequest, CreateTopicsResponse> = {
  key: 19,
  name: 'CreateTopics',
  minVersion: 2,
  maxVersion: 7,
  minCodecVersion: 2,
  maxCodecVersion: 7,
  flexibleFrom: 5,
  readRequest: readCreateTopicsRequest,
  writeRequest: writeCreateTopicsRequest,
  readResponse: readCreateTopicsResponse,
  writeResponse: writeCreateTopicsResponse,
}

/** Key 20, versions 1-6. Deletes topics. */
export const DeleteTopics: Api<DeleteTopicsRequest, DeleteTopicsResponse> = {
  key: 20,
  name: 'DeleteTopics',
  minVersion: 1,
  maxVersion: 6,
  minCodecVersion: 1,
  maxCodecVersion: 6,
  flexibleFrom: 4,
  readRequest: readDeleteTopicsRequest,
  writeRequest: writeDeleteTopicsRequest,
  readResponse: readDeleteTopicsResponse,
  writeResponse: writeDeleteTopicsResponse,
}

/** Key 21, versions 0-2. Deletes the records before an offset. */
export const DeleteRecords: Api<DeleteRecordsRequest, DeleteRecordsResponse> = {
  key: 21,
  name: 'DeleteRecords',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 2,
  readRequest: readDeleteRecordsRequest,
  writeRequest: writeDeleteRecordsRequest,
  readResponse: readDeleteRecordsResponse,
  writeResponse: writeDeleteRecordsResponse,
}

/** Key 22, versions 0-5. Gives a producer its id and epoch; ends what its predecessor left open. */
export const InitProducerId: Api<InitProducerIdRequest, InitProducerIdResponse> = {
  key: 22,
  name: 'InitProducerId',
  minVersion: 0,
  maxVersion: 5,
  minCodecVersion: 0,
  maxCodecVersion: 6,
  flexibleFrom: 2,
  readRequest: readInitProducerIdRequest,
  writeRequest: writeInitProducerIdRequest,
  readResponse: readInitProducerIdResponse,
  writeResponse: writeInitProducerIdResponse,
}

/** Key 23, versions 2-4. Tells where a leader epoch ends, so that a client can find where logs diverge. */
export const OffsetForLeaderEpoch: Api<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> = {
  key: 23,
  name: 'OffsetForLeaderEpoch',
  minVersion: 2,
  maxVersion: 4,
  minCodecVersion: 2,
  maxCodecVersion: 4,
  flexibleFrom: 4,
  readRequest: readOffsetForLeaderEpochRequest,
  writeRequest: writeOffsetForLeaderEpochRequest,
  readResponse: readOffsetForLeaderEpochResponse,
  writeResponse: writeOffsetForLeaderEpochResponse,
}

/** Key 32, versions 1-4. Tells the configs of topics and brokers. */
export const DescribeConfigs: Api<DescribeConfigsRequest, DescribeConfigsResponse> = {
  key: 32,
  name: 'DescribeConfigs',
  minVersion: 1,
  maxVersion: 4,
  minCodecVersion: 1,
  maxCodecVersion: 4,
  flexibleFrom: 4,
  readRequest: readDescribeConfigsRequest,
  writeRequest: writeDescribeConfigsRequest,
  readResponse: readDescribeConfigsResponse,
  writeResponse: writeDescribeConfigsResponse,
}

/** Key 33, versions 0-2. Replaces all configs of a resource; superseded by IncrementalAlterConfigs. */
export const AlterConfigs: Api<AlterConfigsRequest, AlterConfigsResponse> = {
  key: 33,
  name: 'AlterConfigs',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 2,
  readRequest: readAlterConfigsRequest,
  writeRequest: writeAlterConfigsRequest,
  readResponse: readAlterConfigsResponse,
  writeResponse: writeAlterConfigsResponse,
}

/** Key 34, versions 1-2. Moves replicas between the log directories of a broker (KIP-113). */
export const AlterReplicaLogDirs: Api<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse> = {
  key: 34,
  name: 'AlterReplicaLogDirs',
  minVersion: 1,
  maxVersion: 2,
  minCodecVersion: 1,
  maxCodecVersion: 2,
  flexibleFrom: 2,
  readRequest: readAlterReplicaLogDirsRequest,
  writeRequest: writeAlterReplicaLogDirsRequest,
  readResponse: readAlterReplicaLogDirsResponse,
  writeResponse: writeAlterReplicaLogDirsResponse,
}

/** Key 35, versions 1-5. Tells the log directories of the broker and what lies in them. */
export const DescribeLogDirs: Api<DescribeLogDirsRequest, DescribeLogDirsResponse> = {
  key: 35,
  name: 'DescribeLogDirs',
  minVersion: 1,
  maxVersion: 5,
  minCodecVersion: 1,
  maxCodecVersion: 5,
  flexibleFrom: 2,
  readRequest: readDescribeLogDirsRequest,
  writeRequest: writeDescribeLogDirsRequest,
  readResponse: readDescribeLogDirsResponse,
  writeResponse: writeDescribeLogDirsResponse,
}

/** Key 37, versions 0-3. Adds partitions to topics. */
export const CreatePartitions: Api<CreatePartitionsRequest, CreatePartitionsResponse> = {
  key: 37,
  name: 'CreatePartitions',
  minVersion: 0,
  maxVersion: 3,
  minCodecVersion: 0,
  maxCodecVersion: 3,
  flexibleFrom: 2,
  readRequest: readCreatePartitionsRequest,
  writeRequest: writeCreatePartitionsRequest,
  readResponse: readCreatePartitionsResponse,
  writeResponse: writeCreatePartitionsResponse,
}

/** Key 42, versions 0-2. Deletes empty groups and their offsets. */
export const DeleteGroups: Api<DeleteGroupsRequest, DeleteGroupsResponse> = {
  key: 42,
  name: 'DeleteGroups',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 2,
  readRequest: readDeleteGroupsRequest,
  writeRequest: writeDeleteGroupsRequest,
  readResponse: readDeleteGroupsResponse,
  writeResponse: writeDeleteGroupsResponse,
}

/** Key 43, versions 0-2. Elects the preferred leader, or an unclean one, of partitions. */
export const ElectLeaders: Api<ElectLeadersRequest, ElectLeadersResponse> = {
  key: 43,
  name: 'ElectLeaders',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 2,
  readRequest: readElectLeadersRequest,
  writeRequest: writeElectLeadersRequest,
  readResponse: readElectLeadersResponse,
  writeResponse: writeElectLeadersResponse,
}

/** Key 44, versions 0-1. Changes some configs of a resource (KIP-339). */
export const IncrementalAlterConfigs: Api<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse> = {
  key: 44,
  name: 'IncrementalAlterConfigs',
  minVersion: 0,
  maxVersion: 1,
  minCodecVersion: 0,
  maxCodecVersion: 1,
  flexibleFrom: 1,
  readRequest: readIncrementalAlterConfigsRequest,
  writeRequest: writeIncrementalAlterConfigsRequest,
  readResponse: readIncrementalAlterConfigsResponse,
  writeResponse: writeIncrementalAlterConfigsResponse,
}

/** Key 45, versions 0-1. Begins, changes or cancels moves of partitions to other replicas (KIP-455). */
export const AlterPartitionReassignments: Api<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse> = {
  key: 45,
  name: 'AlterPartitionReassignments',
  minVersion: 0,
  maxVersion: 1,
  minCodecVersion: 0,
  maxCodecVersion: 1,
  flexibleFrom: 0,
  readRequest: readAlterPartitionReassignmentsRequest,
  writeRequest: writeAlterPartitionReassignmentsRequest,
  readResponse: readAlterPartitionReassignmentsResponse,
  writeResponse: writeAlterPartitionReassignmentsResponse,
}

/** Key 46, versions 0. Lists the moves of partitions under way (KIP-455). */
export const ListPartitionReassignments: Api<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse> = {
  key: 46,
  name: 'ListPartitionReassignments',
  minVersion: 0,
  maxVersion: 0,
  minCodecVersion: 0,
  maxCodecVersion: 0,
  flexibleFrom: 0,
  readRequest: readListPartitionReassignmentsRequest,
  writeRequest: writeListPartitionReassignmentsRequest,
  readResponse: readListPartitionReassignmentsResponse,
  writeResponse: writeListPartitionReassignmentsResponse,
}

/** Key 47, versions 0. Deletes stored offsets of topics that no member subscribes to (KIP-496). */
export const OffsetDelete: Api<OffsetDeleteRequest, OffsetDeleteResponse> = {
  key: 47,
  name: 'OffsetDelete',
  minVersion: 0,
  maxVersion: 0,
  minCodecVersion: 0,
  maxCodecVersion: 0,
  flexibleFrom: NEVER_FLEXIBLE,
  readRequest: readOffsetDeleteRequest,
  writeRequest: writeOffsetDeleteRequest,
  readResponse: readOffsetDeleteResponse,
  writeResponse: writeOffsetDeleteResponse,
}

/** Key 52, versions 0-2. Asks a voter of the metadata quorum for its vote (KIP-595). */
export const Vote: Api<VoteRequest, VoteResponse> = {
  key: 52,
  name: 'Vote',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 0,
  readRequest: readVoteRequest,
  writeRequest: writeVoteRequest,
  readResponse: readVoteResponse,
  writeResponse: writeVoteResponse,
}

/** Key 53, versions 0-1. A new leader of the metadata quorum announces itself (KIP-595). */
export const BeginQuorumEpoch: Api<BeginQuorumEpochRequest, BeginQuorumEpochResponse> = {
  key: 53,
  name: 'BeginQuorumEpoch',
  minVersion: 0,
  maxVersion: 1,
  minCodecVersion: 0,
  maxCodecVersion: 1,
  flexibleFrom: 1,
  readRequest: readBeginQuorumEpochRequest,
  writeRequest: writeBeginQuorumEpochRequest,
  readResponse: readBeginQuorumEpochResponse,
  writeResponse: writeBeginQuorumEpochResponse,
}

/** Key 54, versions 0-1. A leader of the metadata quorum steps down and names who should follow (KIP-595). */
export const EndQuorumEpoch: Api<EndQuorumEpochRequest, EndQuorumEpochResponse> = {
  key: 54,
  name: 'EndQuorumEpoch',
  minVersion: 0,
  maxVersion: 1,
  minCodecVersion: 0,
  maxCodecVersion: 1,
  flexibleFrom: 1,
  readRequest: readEndQuorumEpochRequest,
  writeRequest: writeEndQuorumEpochRequest,
  readResponse: readEndQuorumEpochResponse,
  writeResponse: writeEndQuorumEpochResponse,
}

/** Key 55, versions 0-2. Describes the leader, the voters and the observers of the metadata quorum (KIP-595). */
export const DescribeQuorum: Api<DescribeQuorumRequest, DescribeQuorumResponse> = {
  key: 55,
  name: 'DescribeQuorum',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 0,
  readRequest: readDescribeQuorumRequest,
  writeRequest: writeDescribeQuorumRequest,
  readResponse: readDescribeQuorumResponse,
  writeResponse: writeDescribeQuorumResponse,
}

/** Key 56, versions 2-3. A leader asks the controller to change the in-sync replicas of its partitions (KIP-497). */
export const AlterPartition: Api<AlterPartitionRequest, AlterPartitionResponse> = {
  key: 56,
  name: 'AlterPartition',
  minVersion: 2,
  maxVersion: 3,
  minCodecVersion: 2,
  maxCodecVersion: 3,
  flexibleFrom: 0,
  readRequest: readAlterPartitionRequest,
  writeRequest: writeAlterPartitionRequest,
  readResponse: readAlterPartitionResponse,
  writeResponse: writeAlterPartitionResponse,
}

/** Key 57, versions 0-2. Changes finalised feature levels (KIP-584). */
export const UpdateFeatures: Api<UpdateFeaturesRequest, UpdateFeaturesResponse> = {
  key: 57,
  name: 'UpdateFeatures',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 0,
  readRequest: readUpdateFeaturesRequest,
  writeRequest: writeUpdateFeaturesRequest,
  readResponse: readUpdateFeaturesResponse,
  writeResponse: writeUpdateFeaturesResponse,
}

/** Key 58, versions 0. A request that a broker forwards to the controller for its client (KIP-590). */
export const Envelope: Api<EnvelopeRequest, EnvelopeResponse> = {
  key: 58,
  name: 'Envelope',
  minVersion: 0,
  maxVersion: 0,
  minCodecVersion: 0,
  maxCodecVersion: 0,
  flexibleFrom: 0,
  readRequest: readEnvelopeRequest,
  writeRequest: writeEnvelopeRequest,
  readResponse: readEnvelopeResponse,
  writeResponse: writeEnvelopeResponse,
}

/** Key 59, versions 0-1. Reads a piece of a snapshot of the metadata log (KIP-630). */
export const FetchSnapshot: Api<FetchSnapshotRequest, FetchSnapshotResponse> = {
  key: 59,
  name: 'FetchSnapshot',
  minVersion: 0,
  maxVersion: 1,
  minCodecVersion: 0,
  maxCodecVersion: 1,
  flexibleFrom: 0,
  readRequest: readFetchSnapshotRequest,
  writeRequest: writeFetchSnapshotRequest,
  readResponse: readFetchSnapshotResponse,
  writeResponse: writeFetchSnapshotResponse,
}

/** Key 60, versions 0-2. Describes the cluster and its brokers (KIP-700). */
export const DescribeCluster: Api<DescribeClusterRequest, DescribeClusterResponse> = {
  key: 60,
  name: 'DescribeCluster',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 0,
  readRequest: readDescribeClusterRequest,
  writeRequest: writeDescribeClusterRequest,
  readResponse: readDescribeClusterResponse,
  writeResponse: writeDescribeClusterResponse,
}

/** Key 62, versions 0-4. A broker that has started makes itself known to the controller (KIP-631). */
export const BrokerRegistration: Api<BrokerRegistrationRequest, BrokerRegistrationResponse> = {
  key: 62,
  name: 'BrokerRegistration',
  minVersion: 0,
  maxVersion: 4,
  minCodecVersion: 0,
  maxCodecVersion: 4,
  flexibleFrom: 0,
  readRequest: readBrokerRegistrationRequest,
  writeRequest: writeBrokerRegistrationRequest,
  readResponse: readBrokerRegistrationResponse,
  writeResponse: writeBrokerRegistrationResponse,
}

/** Key 63, versions 0-2. A broker says that it lives, and asks to be unfenced or to stop (KIP-631). */
export const BrokerHeartbeat: Api<BrokerHeartbeatRequest, BrokerHeartbeatResponse> = {
  key: 63,
  name: 'BrokerHeartbeat',
  minVersion: 0,
  maxVersion: 2,
  minCodecVersion: 0,
  maxCodecVersion: 2,
  flexibleFrom: 0,
  readRequest: readBrokerHeartbeatRequest,
  writeRequest: writeBrokerHeartbeatRequest,
  readResponse: readBrokerHeartbeatResponse,
  writeResponse: writeBrokerHeartbeatResponse,
}

/** Key 64, versions 0. Forgets a broker that will not come back (KIP-631). */
export const UnregisterBroker: Api<UnregisterBrokerRequest, UnregisterBrokerResponse> = {
  key: 64,
  name: 'UnregisterBroker',
  minVersion: 0,
  maxVersion: 0,
  minCodecVersion: 0,
  maxCodecVersion: 0,
  flexibleFrom: 0,
  readRequest: readUnregisterBrokerRequest,
  writeRequest: writeUnregisterBrokerRequest,
  readResponse: readUnregisterBrokerResponse,
  writeResponse: writeUnregisterBrokerResponse,
}

/** Key 67, versions 0. A broker asks the controller for a block of producer ids (KIP-730). */
export const AllocateProducerIds: Api<AllocateProducerIdsRequest, AllocateProducerIdsResponse> = {
  key: 67,
  name: 'AllocateProducerIds',
  minVersion: 0,
  maxVersion: 0,
  minCodecVersion: 0,
  maxCodecVersion: 0,
  flexibleFrom: 0,
  readRequest: readAllocateProducerIdsRequest,
  writeRequest: writeAllocateProducerIdsRequest,
  readResponse: readAllocateProducerIdsResponse,
  writeResponse: writeAllocateProducerIdsResponse,
}

/** Key 75, versions 0. Describes topics page by page, eligible leader replicas included (KIP-966). */
export const DescribeTopicPartitions: Api<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse> = {
  key: 75,
  name: 'DescribeTopicPartitions',
  minVersion: 0,
  maxVersion: 0,
  minCodecVersion: 0,
  maxCodecVersion: 0,
  flexibleFrom: 0,
  readRequest: readDescribeTopicPartitionsRequest,
  writeRequest: writeDescribeTopicPartitionsRequest,
  readResponse: readDescribeTopicPartitionsResponse,
  writeResponse: writeDescribeTopicPartitionsResponse,
}

/** Key 80, versions 0-1. Adds a voter to the metadata quorum (KIP-853). */
export const AddRaftVoter: Api<AddRaftVoterRequest, AddRaftVoterResponse> = {
  key: 80,
  name: 'AddRaftVoter',
  minVersion: 0,
  maxVersion: 1,
  minCodecVersion: 0,
  maxCodecVersion: 1,
  flexibleFrom: 0,
  readRequest: readAddRaftVoterRequest,
  writeRequest: writeAddRaftVoterRequest,
  readResponse: readAddRaftVoterResponse,
  writeResponse: writeAddRaftVoterResponse,
}

/** Key 81, versions 0. Removes a voter from the metadata quorum (KIP-853). */
export const RemoveRaftVoter: Api<RemoveRaftVoterRequest, RemoveRaftVoterResponse> = {
  key: 81,
  name: 'RemoveRaftVoter',
  minVersion: 0,
  maxVersion: 0,
  minCodecVersion: 0,
  maxCodecVersion: 0,
  flexibleFrom: 0,
  readRequest: readRemoveRaftVoterRequest,
  writeRequest: writeRemoveRaftVoterRequest,
  readResponse: readRemoveRaftVoterResponse,
  writeResponse: writeRemoveRaftVoterResponse,
}

/** Key 82, versions 0. A voter tells the leader its new endpoints and versions (KIP-853). */
export const UpdateRaftVoter: Api<UpdateRaftVoterRequest, UpdateRaftVoterResponse> = {
  key: 82,
  name: 'UpdateRaftVoter',
  minVersion: 0,
  maxVersion: 0,
  minCodecVersion: 0,
  maxCodecVersion: 0,
  flexibleFrom: 0,
  readRequest: readUpdateRaftVoterRequest,
  writeRequest: writeUpdateRaftVoterRequest,
  readResponse: readUpdateRaftVoterResponse,
  writeResponse: writeUpdateRaftVoterResponse,
}

/** Every API there is a codec for, by its key. */
export const apisByKey: ReadonlyMap<number, Api<unknown, unknown>> = new Map<number, Api<unknown, unknown>>([
  [0, Produce],
  [1, Fetch],
  [2, ListOffsets],
  [3, Metadata],
  [8, OffsetCommit],
  [9, OffsetFetch],
  [10, FindCoordinator],
  [11, JoinGroup],
  [12, Heartbeat],
  [13, LeaveGroup],
  [14, SyncGroup],
  [15, DescribeGroups],
  [16, ListGroups],
  [17, SaslHandshake],
  [18, ApiVersions],
  [19, CreateTopics],
  [20, DeleteTopics],
  [21, DeleteRecords],
  [22, InitProducerId],
  [23, OffsetForLeaderEpoch],
  [32, DescribeConfigs],
  [33, AlterConfigs],
  [34, AlterReplicaLogDirs],
  [35, DescribeLogDirs],
  [37, CreatePartitions],
  [42, DeleteGroups],
  [43, ElectLeaders],
  [44, IncrementalAlterConfigs],
  [45, AlterPartitionReassignments],
  [46, ListPartitionReassignments],
  [47, OffsetDelete],
  [52, Vote],
  [53, BeginQuorumEpoch],
  [54, EndQuorumEpoch],
  [55, DescribeQuorum],
  [56, AlterPartition],
  [57, UpdateFeatures],
  [58, Envelope],
  [59, FetchSnapshot],
  [60, DescribeCluster],
  [62, BrokerRegistration],
  [63, BrokerHeartbeat],
  [64, UnregisterBroker],
  [67, AllocateProducerIds],
  [75, DescribeTopicPartitions],
  [80, AddRaftVoter],
  [81, RemoveRaftVoter],
  [82, UpdateRaftVoter],
])
