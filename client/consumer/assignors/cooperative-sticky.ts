import type { TopicPartition } from '../../topic.ts'
import type { Assignor, GroupAssignment, MemberSubscription } from './assignor.ts'
import { readOwnership, remove } from './ownership.ts'
import { PartitionTable } from './partition-table.ts'
import { assignEqual } from './sticky-constrained.ts'
import { assignUnequal } from './sticky-general.ts'

/**
 * Kafka's `cooperative-sticky` (KIP-429): as even as possible, then as few moves as possible. A partition that changes
 * hands is left out of this round: its old member gives it up first and the group rebalances once more. Racks are not
 * looked at.
 */
export const cooperativeSticky: Assignor = {
  name: 'cooperative-sticky',
  cooperative: true,
  assign(counts, members) {
    if (members.length === 0) return new Map()
    const table = new PartitionTable(counts)
    const ownership = readOwnership(table, members)
    if (ownership.equalSubscriptions) {
      const { assignment, moving } = assignEqual(table, ownership)
      return withhold(assignment, moving)
    }
    const assignment = assignUnequal(table, members, ownership)
    return withhold(assignment, movingBetween(table, members, assignment))
  },
  /** The generation as four bytes, for leaders that read subscriptions older than v2. */
  userData(_owned, generation) {
    const data = Buffer.alloc(4)
    data.writeInt32BE(generation)
    return data
  },
}

function withhold(assignment: GroupAssignment, moving: ReadonlyMap<TopicPartition, string>): GroupAssignment {
  for (const [partition, memberId] of moving) remove(assignment.get(memberId)!, partition)
  return assignment
}

/** Partitions that one member is to get while another still has them. */
function movingBetween(
  table: PartitionTable,
  members: readonly MemberSubscription[],
  assignment: GroupAssignment,
): Map<TopicPartition, string> {
  const revoked = new Set<TopicPartition>()
  const added = new Map<TopicPartition, string>()
  for (const member of members) {
    const owned = new Set(member.ownedPartitions.flatMap((partition) => table.find(partition) ?? []))
    const assigned = new Set(assignment.get(member.memberId))
    for (const partition of assigned) if (!owned.has(partition)) added.set(partition, member.memberId)
    for (const partition of owned) if (!assigned.has(partition)) revoked.add(partition)
  }
  return new Map([...added].filter(([partition]) => revoked.has(partition)))
}
