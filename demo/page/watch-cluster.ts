import type { Client } from '../../client/client.ts'
import { pause } from '../pause.ts'
import { Telemetry } from '../topics.ts'

/** A broker, as the page shows it. */
export interface BrokerInfo {
  readonly id: number
  /** Registered and serving. */
  readonly alive: boolean
  readonly controller: boolean
}

/** A partition of the telemetry topic. */
export interface PartitionInfo {
  readonly partition: number
  /** Broker id, or -1. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

/** Who keeps the telemetry, and who leads what. */
export interface ClusterInfo {
  readonly brokers: readonly BrokerInfo[]
  readonly partitions: readonly PartitionInfo[]
  /** Leaders that moved since the page's server began to look. */
  readonly moves: number
}

export const NO_CLUSTER: ClusterInfo = { brokers: [], partitions: [], moves: 0 }

/** Often enough that a failover of a second or two is seen. */
const LOOK_MS = 300

/** Looks at the cluster through the admin API until the signal fires; tells when anything is another. */
export async function watchCluster(
  client: Client,
  signal: AbortSignal,
  tell: (cluster: ClusterInfo) => void,
): Promise<void> {
  await using admin = client.admin()
  let last = NO_CLUSTER
  const leaders = new Map<number, number>()
  for (;;) {
    const [brokers, [telemetry]] = await Promise.all([
      admin.describeBrokers({ signal }),
      admin.describeTopics([Telemetry.name], { signal }),
    ])
    const partitions = (telemetry?.partitions ?? []).map(({ partition, leader, replicas, inSync }) => ({
      partition,
      leader,
      replicas,
      inSync,
    }))
    const now = {
      brokers: brokers.map(({ id, fenced, controller }) => ({ id, alive: !fenced, controller })),
      partitions,
      moves: last.moves + moved(leaders, partitions),
    }
    if (JSON.stringify(now) !== JSON.stringify(last)) tell(now)
    last = now
    await pause(LOOK_MS, signal)
  }
}

/** How many partitions another broker leads now than before; one without a leader is still on its way. */
function moved(leaders: Map<number, number>, partitions: readonly PartitionInfo[]): number {
  let count = 0
  for (const { partition, leader } of partitions) {
    if (leader < 0) continue
    if ((leaders.get(partition) ?? leader) !== leader) count++
    leaders.set(partition, leader)
  }
  return count
}
