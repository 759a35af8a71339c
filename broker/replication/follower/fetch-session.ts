import type { FetchPartition, FetchRequest } from '../../../proto/kafka/generated/01-fetch.ts'

/** A partition, and where its replica wants to go on. */
export interface Position {
  readonly topicId: string
  readonly asked: FetchPartition
}

interface TopicPartition {
  readonly topicId: string
  readonly partition: number
}

/**
 * The follower's half of an incremental fetch session (KIP-227): names in each request only what changed since the last one,
 * so that thousands of idle partitions cost nothing.
 */
export class FollowerSession {
  private id = 0
  private epoch = 0
  /** As the leader knows them. */
  private readonly known = new Map<string, FetchPartition>()
  /** What the request that is under way tells it. */
  private named: readonly Position[] = []
  private forgotten: readonly TopicPartition[] = []

  /** The leader knows nothing: the next request has to name everything. */
  get isNew(): boolean {
    return this.epoch === 0
  }

  /**
   * The part of a request that the session makes. `wanted`: whatever may have changed of what is to be fetched now;
   * `unwanted`: whatever may have been fetched before and is not to be now.
   */
  request(
    wanted: readonly Position[],
    unwanted: readonly TopicPartition[],
  ): Pick<FetchRequest, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'> {
    this.named = wanted.filter(({ topicId, asked }) => {
      const known = this.known.get(keyOf(topicId, asked.partition))
      return known === undefined || !same(known, asked)
    })
    this.forgotten = unwanted.filter(({ topicId, partition }) => this.known.has(keyOf(topicId, partition)))
    return {
      sessionId: this.id,
      sessionEpoch: this.epoch,
      topics: grouped(this.named.map(({ topicId, asked }) => [topicId, asked])).map(([topicId, partitions]) => ({
        topic: '',
        topicId,
        partitions,
      })),
      forgottenTopicsData: grouped(this.forgotten.map(({ topicId, partition }) => [topicId, partition])).map(
        ([topicId, partitions]) => ({ topic: '', topicId, partitions }),
      ),
    }
  }

  /** The request was answered, under this session id (0: the leader keeps none). */
  answered(sessionId: number): void {
    for (const { topicId, partition } of this.forgotten) this.known.delete(keyOf(topicId, partition))
    for (const { topicId, asked } of this.named) this.known.set(keyOf(topicId, asked.partition), asked)
    this.named = []
    this.forgotten = []
    this.id = sessionId
    if (sessionId === 0) this.epoch = 0
    else this.epoch = this.epoch === 0x7fff_ffff ? 1 : this.epoch + 1
  }

  /** Where the request that was answered last wanted to go on with a partition; undefined when it did not name it. */
  askedPosition(
    topicId: string,
    partition: number,
  ): Pick<FetchPartition, 'fetchOffset' | 'currentLeaderEpoch'> | undefined {
    return this.known.get(keyOf(topicId, partition))
  }

  /** What the leader knows is unknown: the next request opens a new session. Closing the old one is the leader's business. */
  reset(): void {
    this.id = 0
    this.epoch = 0
    this.known.clear()
    this.named = []
    this.forgotten = []
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}:${partition}`
}

function same(a: FetchPartition, b: FetchPartition): boolean {
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
