import { Errors } from '../../proto/kafka/errors.ts'
import { ListOffsets } from '../../proto/kafka/generated/apis.ts'
import type { ListOffsetsTopic } from '../../proto/kafka/generated/02-list-offsets.ts'
import { KafkaError } from '../errors.ts'
import { retrying, safeOffset } from '../timing.ts'
import type { TopicPartition } from '../topic.ts'
import type { Cluster } from './cluster.ts'
import { isStaleMetadata } from './stale.ts'

/** Timestamps that mean a place (W19). */
export const LATEST = -1
export const EARLIEST = -2
export const MAX_TIMESTAMP = -3

/** The answer for one partition; offset -1 when there is no record at or after the time. */
export interface OffsetAt extends TopicPartition {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

export interface ListOffsetsOptions {
  readonly isReadCommitted: boolean
  readonly signal?: AbortSignal | undefined
}

/** Asks the leaders for the offsets of a time or place, all partitions at once; retries until apiTimeoutMs. */
export function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  timestamp: number,
  options: ListOffsetsOptions,
): Promise<OffsetAt[]> {
  const found = new Map<TopicPartition, OffsetAt>()
  const policy = { ...cluster.config, timeoutMs: cluster.config.apiTimeoutMs, signal: options.signal }
  return retrying(
    policy,
    async () => {
      const missing = partitions.filter((partition) => !found.has(partition))
      await Promise.all(missing.map(({ topic }) => cluster.topic(topic, options.signal)))
      const byLeader = groupByLeader(cluster, missing)
      const results = await Promise.allSettled(
        [...byLeader].map(([leader, group]) => askLeader(cluster, leader, group, timestamp, options, found)),
      )
      for (const result of results) if (result.status === 'rejected') throw result.reason
      return partitions.map((partition) => found.get(partition)!)
    },
    () => cluster.refreshSoon(),
  )
}

async function askLeader(
  cluster: Cluster,
  leader: number,
  partitions: readonly TopicPartition[],
  timestamp: number,
  options: ListOffsetsOptions,
  found: Map<TopicPartition, OffsetAt>,
): Promise<void> {
  const response = await cluster.request(
    ListOffsets,
    {
      replicaId: -1,
      isolationLevel: options.isReadCommitted ? 1 : 0,
      topics: requestTopics(cluster, partitions, timestamp),
      timeoutMs: cluster.config.requestTimeoutMs,
    },
    { node: leader, signal: options.signal },
  )
  let failure: KafkaError | undefined
  for (const topic of response.topics) {
    for (const answer of topic.partitions) {
      const asked = partitions.find((other) => other.topic === topic.name && other.partition === answer.partitionIndex)
      if (asked === undefined) continue
      if (answer.errorCode !== Errors.NONE) {
        if (isStaleMetadata(answer.errorCode)) cluster.refreshSoon()
        failure = new KafkaError(answer.errorCode, `offsets of ${topic.name}[${answer.partitionIndex}]`)
        continue
      }
      const offset = safeOffset(answer.offset, `offset of ${topic.name}[${answer.partitionIndex}]`)
      found.set(asked, { ...asked, offset, timestamp: answer.timestamp, leaderEpoch: answer.leaderEpoch })
    }
  }
  if (failure !== undefined) throw failure
}

function requestTopics(cluster: Cluster, partitions: readonly TopicPartition[], timestamp: number): ListOffsetsTopic[] {
  const topics = new Map<string, ListOffsetsTopic>()
  for (const { topic, partition } of partitions) {
    const entry = topics.get(topic) ?? { name: topic, partitions: [] }
    topics.set(topic, entry)
    const currentLeaderEpoch = cluster.metadata.partition(topic, partition)?.leaderEpoch ?? -1
    entry.partitions.push({ partitionIndex: partition, currentLeaderEpoch, timestamp })
  }
  return [...topics.values()]
}

/** Partitions by their leader's id. Throws LEADER_NOT_AVAILABLE, or UNKNOWN_TOPIC_OR_PARTITION, both retriable. */
export function groupByLeader<P extends TopicPartition>(cluster: Cluster, partitions: readonly P[]): Map<number, P[]> {
  const groups = new Map<number, P[]>()
  for (const partition of partitions) {
    const info = cluster.metadata.partition(partition.topic, partition.partition)
    const place = `${partition.topic}[${partition.partition}]`
    if (info === undefined) throw new KafkaError(Errors.UNKNOWN_TOPIC_OR_PARTITION, place)
    if (info.leader < 0) throw new KafkaError(Errors.LEADER_NOT_AVAILABLE, place)
    const group = groups.get(info.leader)
    if (group === undefined) groups.set(info.leader, [partition])
    else group.push(partition)
  }
  return groups
}
