/** Checks of replica lists that a client chose itself. */
import type { CommandContext } from './core.ts'
import { activeReplicas } from './core.ts'

/** Null when the brokers can be the replicas of the partition, else Kafka's message (INVALID_REPLICA_ASSIGNMENT). */
export function manualAssignmentProblem(
  context: CommandContext,
  partition: number,
  brokers: readonly number[],
  replicationFactor: number | null,
): string | null {
  if (brokers.length === 0) return 'The manual partition assignment includes an empty replica list.'
  const sorted = [...brokers].sort((a, b) => a - b)
  for (const [i, id] of sorted.entries()) {
    if (context.image.broker(id) === undefined) {
      return `The manual partition assignment includes broker ${id}, but no such broker is registered.`
    }
    if (sorted[i - 1] === id) return `The manual partition assignment includes the broker ${id} more than once.`
  }
  if (replicationFactor !== null && brokers.length !== replicationFactor) {
    return `The manual partition assignment includes a partition with ${brokers.length} replica(s), but this is not consistent with previous partitions, which have ${replicationFactor} replica(s).`
  }
  if (activeReplicas(context, brokers).length === 0) {
    return `All brokers specified in the manual partition assignment for partition ${partition} are fenced or in controlled shutdown.`
  }
  return null
}
