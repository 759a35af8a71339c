/** Follows: one fetcher for each broker that leads a partition which has a replica here, as the metadata moves them about. */
import type { PeerChannel } from '../peer/channel.ts'
import type { Clock } from '../ports/clock.ts'
import { LeaderFetcher } from './follower/leader-fetcher.ts'
import type { ReplicaFetcherOptions } from './follower/replica-fetcher.ts'
import type { Replica } from './follower/replica.ts'

export interface FetcherManagerOptions extends ReplicaFetcherOptions {
  readonly clock: Clock
  readonly channels: FetchChannels
  /** `replica.socket.timeout.ms`. */
  readonly timeoutMs: number
}

/** The ways to leaders; null when nobody knows where one is. */
export interface FetchChannels {
  to(nodeId: number, purpose: 'fetch'): Pick<PeerChannel, 'request'> | null
}

/** A replica that follows a leader. */
export interface FollowedReplica extends Replica {
  readonly leader: number
}

export class FetcherManager {
  private readonly options: FetcherManagerOptions
  /** By node id of the leader: as many as brokers. */
  private readonly fetchers = new Map<number, LeaderFetcher>()
  /** What each partition follows now, by topic id and index. */
  private readonly followed = new Map<string, FollowedReplica>()
  private closed = false

  constructor(options: FetcherManagerOptions) {
    this.options = options
  }

  /** Partitions that are followed. */
  get size(): number {
    return this.followed.size
  }

  /** Replaces what was followed of the partition before. */
  follow(replica: FollowedReplica): void {
    this.unfollow(replica.topicId, replica.index)
    const key = keyOf(replica.topicId, replica.index)
    this.followed.set(key, replica)
    // Its first fetch acknowledges what is in its log, which a crash may have left in the page cache.
    replica.persist(() => {
      if (this.followed.get(key) === replica && !this.closed) this.fetcherOf(replica.leader).assign(replica)
    })
  }

  unfollow(topicId: string, index: number): void {
    const key = keyOf(topicId, index)
    const replica = this.followed.get(key)
    if (replica === undefined) return
    this.followed.delete(key)
    this.fetchers.get(replica.leader)?.remove(topicId, index)
  }

  close(): void {
    this.closed = true
    for (const fetcher of this.fetchers.values()) fetcher.close()
  }

  private fetcherOf(leader: number): LeaderFetcher {
    let fetcher = this.fetchers.get(leader)
    if (fetcher === undefined) {
      const { channels } = this.options
      fetcher = new LeaderFetcher({ ...this.options, channel: () => channels.to(leader, 'fetch') })
      this.fetchers.set(leader, fetcher)
    }
    return fetcher
  }
}

function keyOf(topicId: string, index: number): string {
  return `${topicId}:${index}`
}
