/** KIP-951: a client that asked the wrong broker is told the right one in the same answer. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { MetadataView } from '../controller/view.ts'

/** The leader as the metadata has it; -1 and -1 when unknown. */
export interface LeaderHint {
  readonly leaderId: number
  readonly leaderEpoch: number
}

export interface LeaderEndpoint {
  nodeId: number
  host: string
  port: number
  rack: string | null
}

const NO_HINT: LeaderHint = Object.freeze({ leaderId: -1, leaderEpoch: -1 })

/** Collects the leaders named in one response and their addresses. */
export class LeaderHints {
  private readonly metadata: MetadataView
  /** Null until one is named: nearly every response names none. */
  private leaders: Set<number> | null = null

  constructor(metadata: MetadataView) {
    this.metadata = metadata
  }

  /** The hint that goes with `error`: only a wrong leader or epoch has one. */
  for(topic: string, partition: number, error: ErrorCode): LeaderHint {
    if (error !== Errors.NOT_LEADER_OR_FOLLOWER && error !== Errors.FENCED_LEADER_EPOCH) return NO_HINT
    const view = this.metadata.topic(topic)?.partitions[partition]
    if (view === undefined || view.leader < 0) return NO_HINT
    this.leaders ??= new Set()
    this.leaders.add(view.leader)
    return { leaderId: view.leader, leaderEpoch: view.leaderEpoch }
  }

  endpoints(): LeaderEndpoint[] {
    const { leaders } = this
    if (leaders === null) return []
    return this.metadata
      .brokers()
      .filter((broker) => leaders.has(broker.id))
      .map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack }))
  }
}
