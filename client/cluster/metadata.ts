import type { MetadataResponse, MetadataResponseTopic } from '../../proto/kafka/generated/03-metadata.ts'
import { Errors } from '../../proto/kafka/errors.ts'

export interface BrokerInfo {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface PartitionInfo {
  readonly partition: number
  /** Broker id, or -1 while there is none. */
  readonly leader: number
  /** -1 when the broker is too old to say. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  readonly offline: readonly number[]
}

/** What is known of a topic. `errorCode` is what the broker answered for it; partitions are indexed by their number. */
export interface TopicInfo {
  readonly name: string
  readonly id: string
  readonly internal: boolean
  readonly errorCode: number
  readonly partitions: readonly PartitionInfo[]
}

/** Brokers, controller and topics as the last metadata answers have them. No requests here: see `Cluster`. */
export class Metadata {
  readonly brokers = new Map<number, BrokerInfo>()
  readonly #topics = new Map<string, TopicInfo>()
  clusterId: string | null = null
  controllerId = -1

  topic(name: string): TopicInfo | undefined {
    return this.#topics.get(name)
  }

  forget(name: string): void {
    this.#topics.delete(name)
  }

  partition(topic: string, partition: number): PartitionInfo | undefined {
    return this.#topics.get(topic)?.partitions[partition]
  }

  /** Takes in an answer. Brokers are replaced; topics are merged, never going back to an older leader epoch. */
  apply(response: MetadataResponse): void {
    this.clusterId = response.clusterId
    this.controllerId = response.controllerId
    this.brokers.clear()
    for (const broker of response.brokers) {
      this.brokers.set(broker.nodeId, { id: broker.nodeId, host: broker.host, port: broker.port, rack: broker.rack })
    }
    for (const topic of response.topics) {
      if (topic.name !== null) this.#topics.set(topic.name, mergeTopic(topic.name, topic, this.#topics.get(topic.name)))
    }
  }

  /** A newer leader that a produce or fetch answer named (KIP-951). True if it was news. */
  moveLeader(topic: string, partition: number, leader: number, leaderEpoch: number): boolean {
    const info = this.#topics.get(topic)
    const known = info?.partitions[partition]
    if (info === undefined || known === undefined || leader < 0 || leaderEpoch <= known.leaderEpoch) return false
    const partitions = info.partitions.map((other) => (other === known ? { ...known, leader, leaderEpoch } : other))
    this.#topics.set(topic, { ...info, partitions })
    return true
  }

  /** A broker that an answer named (KIP-951) or FindCoordinator gave. */
  addBroker(broker: BrokerInfo): void {
    this.brokers.set(broker.id, broker)
  }
}

function mergeTopic(name: string, topic: MetadataResponseTopic, known: TopicInfo | undefined): TopicInfo {
  const sameTopic = known !== undefined && known.id === topic.topicId
  const partitions: PartitionInfo[] = []
  for (const given of [...topic.partitions].sort((a, b) => a.partitionIndex - b.partitionIndex)) {
    const before = sameTopic ? known.partitions[given.partitionIndex] : undefined
    const isOlder = before !== undefined && given.leaderEpoch >= 0 && given.leaderEpoch < before.leaderEpoch
    const fresh: PartitionInfo = {
      partition: given.partitionIndex,
      leader: given.leaderId,
      leaderEpoch: given.leaderEpoch,
      replicas: given.replicaNodes,
      inSync: given.isrNodes,
      offline: given.offlineReplicas,
    }
    // A gap in the numbering cannot be indexed: what lies beyond it waits for the next answer.
    if (given.partitionIndex === partitions.length) partitions.push(isOlder ? before : fresh)
  }
  // A passing error must not take away what is known: the partitions stay usable until it is settled.
  const isPassing = topic.errorCode === Errors.LEADER_NOT_AVAILABLE && partitions.length === 0 && sameTopic
  return {
    name,
    id: topic.topicId,
    internal: topic.isInternal,
    errorCode: topic.errorCode,
    partitions: isPassing ? known.partitions : partitions,
  }
}
