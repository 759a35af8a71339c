/** What the group coordinators show to Prometheus. */
import type { Metrics } from '../metrics.ts'
import type { Budget } from './budget.ts'
import type { GroupShard } from './shard.ts'

type Counters = GroupShard['counters']

export class GroupMetrics {
  readonly #shards: () => Iterable<GroupShard>
  /** Counted by shards that are gone. */
  #past: Counters = { completedRebalances: 0, committedOffsets: 0, expiredOffsets: 0 }

  constructor(metrics: Metrics, budget: Budget, shards: () => Iterable<GroupShard>) {
    this.#shards = shards
    metrics.gauge('millrace_groups', 'Groups coordinated by this broker.', () => budget.groups)
    metrics.gauge(
      'millrace_group_state_bytes',
      'Memory taken by groups, members and offsets, estimated.',
      () => budget.bytes,
    )
    metrics.gauge('millrace_group_offsets', 'Committed offsets held.', () =>
      this.#sum(({ offsetCount }) => offsetCount),
    )
    const count = (name: string, help: string, key: keyof Counters) =>
      metrics.gauge(name, help, () => this.#past[key] + this.#sum(({ counters }) => counters[key]))
    count('millrace_group_rebalances_total', 'Generations begun.', 'completedRebalances')
    count('millrace_group_offset_commits_total', 'Offsets committed.', 'committedOffsets')
    count('millrace_group_offsets_expired_total', 'Offsets removed by retention.', 'expiredOffsets')
  }

  /** Keeps the totals from going down when a shard moves away. */
  keepCountersOf(shard: GroupShard): void {
    const { completedRebalances, committedOffsets, expiredOffsets } = shard.counters
    this.#past = {
      completedRebalances: this.#past.completedRebalances + completedRebalances,
      committedOffsets: this.#past.committedOffsets + committedOffsets,
      expiredOffsets: this.#past.expiredOffsets + expiredOffsets,
    }
  }

  #sum(read: (shard: GroupShard) => number): number {
    let sum = 0
    for (const shard of this.#shards()) sum += read(shard)
    return sum
  }
}
