import type { FetchPartition, FetchRequest } from '../../../proto/kafka/generated/01-fetch.ts'

type Sent = Omit<FetchPartition, 'partition' | 'replicaDirectoryId'>

interface TopicPartition {
  readonly topicId: string
  readonly partition: number
}

interface Named {
  readonly id: TopicPartition
  readonly sent: Sent
}

/**
 * The follower's half of an incremental fetch session (KIP-227): names in each request only what changed since the last one,
 * so that thousands of idle partitions cost nothing.
 */
export class FollowerSession {
  private id = 0
  private epoch = 0
  /** As the leader knows them. */
  private known = new Map<string, Named>()
  /** As it will know them once it has answered the request that is under way. */
  private asked = new Map<string, Named>()

  /** The part of a request that the session makes; `wanted` is everything to be fetched now. */
  request(
    wanted: readonly FetchPartition[],
    topicIds: readonly string[],
  ): Pick<FetchRequest, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'> {
    this.asked = new Map()
    const changed: { topicId: string; partition: FetchPartition }[] = []
    for (const [position, partition] of wanted.entries()) {
      const topicId = topicIds[position]!
      const key = keyOf(topicId, partition.partition)
      const known = this.epoch === 0 ? undefined : this.known.get(key)
      this.asked.set(key, { id: { topicId, partition: partition.partition }, sent: partition })
      if (known === undefined || !same(known.sent, partition)) changed.push({ topicId, partition })
    }
    const forgotten: TopicPartition[] = []
    if (this.epoch > 0) for (const [key, { id }] of this.known) if (!this.asked.has(key)) forgotten.push(id)
    return {
      sessionId: this.id,
      sessionEpoch: this.epoch,
      topics: grouped(changed.map(({ topicId, partition }) => [topicId, partition])).map(([topicId, partitions]) => ({
        topic: '',
        topicId,
        partitions,
      })),
      forgottenTopicsData: grouped(forgotten.map(({ topicId, partition }) => [topicId, partition])).map(
        ([topicId, partitions]) => ({ topic: '', topicId, partitions }),
      ),
    }
  }

  /** The request was answered, under this session id (0: the leader keeps none). */
  answered(sessionId: number): void {
    this.known = this.asked
    this.id = sessionId
    if (sessionId === 0) this.epoch = 0
    else this.epoch = this.epoch === 0x7fff_ffff ? 1 : this.epoch + 1
  }

  /** Where the request that was answered last wanted to go on with a partition; undefined when it did not name it. */
  askedPosition(
    topicId: string,
    partition: number,
  ): Pick<FetchPartition, 'fetchOffset' | 'currentLeaderEpoch'> | undefined {
    return this.known.get(keyOf(topicId, partition))?.sent
  }

  /** What the leader knows is unknown: the next request opens a new session. Closing the old one is the leader's business. */
  reset(): void {
    this.id = 0
    this.epoch = 0
    this.known = new Map()
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}:${partition}`
}

function same(a: Sent, b: Sent): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.lastFetchedEpoch === b.lastFetchedEpoch &&
    a.currentLeaderEpoch === b.currentLeaderEpoch &&
    a.logStartOffset === b.logStartOffset &&
    a.highWatermark === b.highWatermark &&
    a.partitionMaxBytes === b.partitionMaxBytes
  )
}

function grouped<T>(items: readonly (readonly [string, T])[]): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const [key, item] of items) {
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups]
}
