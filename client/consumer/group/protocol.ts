import {
  type ConsumerProtocolSubscription,
  readConsumerProtocolAssignment,
  readConsumerProtocolSubscription,
  writeConsumerProtocolAssignment,
  writeConsumerProtocolSubscription,
} from '../../../proto/kafka/generated/consumer-protocol.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import { Writer } from '../../../proto/kafka/writer.ts'
import { groupByTopic } from '../../cluster/group-offsets.ts'
import type { TopicPartition } from '../../topic.ts'
import type { MemberSubscription } from '../assignors/assignor.ts'

/** What members of consumer groups say to each other through the coordinator, which does not look inside. */

/** Protocol type of consumer groups in JoinGroup. */
export const CONSUMER_PROTOCOL = 'consumer'

const SUBSCRIPTION_VERSION = 3

/** Assignments are written as version 0, which every member can read. */
const ASSIGNMENT_VERSION = 0

/** Its version, then its fields; a member reads versions above its own by the fields it knows. */
export function encodeSubscription(subscription: Omit<MemberSubscription, 'memberId' | 'groupInstanceId'>): Buffer {
  const writer = new Writer()
  writer.int16(SUBSCRIPTION_VERSION)
  const owned = groupByTopic(subscription.ownedPartitions, ({ partition }) => partition)
  const message: ConsumerProtocolSubscription = {
    topics: [...subscription.topics],
    userData: subscription.userData,
    ownedPartitions: [...owned].map(([topic, partitions]) => ({ topic, partitions })),
    generationId: subscription.generation,
    rackId: subscription.rack,
  }
  writeConsumerProtocolSubscription(writer, message, SUBSCRIPTION_VERSION)
  return writer.toBuffer()
}

export function decodeSubscription(
  memberId: string,
  groupInstanceId: string | null,
  encoded: Buffer,
): MemberSubscription {
  const reader = new Reader(encoded)
  const version = Math.min(reader.int16(), SUBSCRIPTION_VERSION)
  const message = readConsumerProtocolSubscription(reader, version)
  return {
    memberId,
    groupInstanceId,
    topics: message.topics,
    userData: message.userData,
    ownedPartitions: message.ownedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    ),
    generation: message.generationId,
    rack: message.rackId,
  }
}

export function encodeAssignment(assigned: readonly TopicPartition[]): Buffer {
  const writer = new Writer()
  writer.int16(ASSIGNMENT_VERSION)
  const byTopic = groupByTopic(assigned, ({ partition }) => partition)
  const assignedPartitions = [...byTopic].map(([topic, partitions]) => ({ topic, partitions }))
  writeConsumerProtocolAssignment(writer, { assignedPartitions, userData: null }, ASSIGNMENT_VERSION)
  return writer.toBuffer()
}

/** No bytes at all is an empty assignment: what a group without work answers. */
export function decodeAssignment(encoded: Buffer): TopicPartition[] {
  if (encoded.length === 0) return []
  const reader = new Reader(encoded)
  reader.int16()
  const message = readConsumerProtocolAssignment(reader, ASSIGNMENT_VERSION)
  return message.assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}
