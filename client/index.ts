/** The public surface of the package `millrace`: the client SDK. */
export type {
  Admin,
  BrokerDescription,
  ClusterDescription,
  ConfigChange,
  ConfigEntry,
  ConfigResource,
  ConfigSource,
  CreatedTopic,
  FeatureDescription,
  FeatureUpdateOptions,
  FeatureUpdates,
  GroupDescription,
  GroupListing,
  GroupMember,
  GroupOffset,
  ListedOffset,
  NewTopic,
  NewVoter,
  OffsetSpec,
  PartitionDescription,
  PartitionMove,
  PartitionReassignment,
  QuorumDescription,
  QuorumReplica,
  ReplicaEnd,
  ReplicatedPartition,
  TopicDescription,
  TopicListing,
} from './admin/types.ts'
export { Client } from './client.ts'
export type { Assignor, GroupAssignment, MemberSubscription, TopicCounts } from './consumer/assignors/assignor.ts'
export type {
  Assignment,
  AssignorName,
  BatchOf,
  CommitOffset,
  CommitTarget,
  Consumer,
  ConsumerBatch,
  ConsumerOptions,
  ConsumerRecord,
  OffsetReset,
  RecordHeader,
  RecordOf,
} from './consumer/types.ts'
export { AbortError, type ClientErrorCode, KafkaError, MillraceError, SerdeError, type SerdePlace } from './errors.ts'
export type { Abortable, ClientOptions, Compression } from './options.ts'
export type { ClientSocket, OpenSocket, SocketEvents } from './network/socket.ts'
export type {
  HeadersInput,
  HeaderValue,
  PartitionContext,
  Partitioner,
  Producer,
  ProducerOptions,
  ProducerRecord,
  RecordMetadata,
} from './producer/types.ts'
export { json, type JsonOptions } from './serde/json.ts'
export { msgpack } from './serde/msgpack.ts'
export { boolean, float32, float64, int16, int32, int64 } from './serde/numbers.ts'
export { protobuf, type ProtobufType } from './serde/protobuf.ts'
export type { Serde, SerdeType } from './serde/serde.ts'
export type { OutputOf, StandardIssue, StandardResult, StandardSchema } from './serde/standard-schema.ts'
export { bytes, string, uuid } from './serde/text.ts'
export { topic, type Topic, type TopicPartition, type TopicPartitionOffset } from './topic.ts'
