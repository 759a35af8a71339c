import type { Assignor, GroupAssignment } from './assignor.ts'
import { inMemberOrder, PartitionTable } from './partition-table.ts'

/**
 * Kafka's `range`: each topic on its own is cut into runs of partitions, one run per member in member order; the first
 * members get one more when it does not divide. Topics with equal counts are thereby co-partitioned.
 */
export const range: Assignor = {
  name: 'range',
  cooperative: false,
  assign(counts, members) {
    const table = new PartitionTable(counts)
    const ordered = inMemberOrder(members)
    const assignment: GroupAssignment = new Map(members.map((member) => [member.memberId, []]))
    for (const topic of table.topics()) {
      const partitions = table.of(topic)
      const takers = ordered.filter((member) => member.topics.includes(topic))
      let next = 0
      takers.forEach((member, index) => {
        const share =
          Math.floor(partitions.length / takers.length) + (index < partitions.length % takers.length ? 1 : 0)
        assignment.get(member.memberId)?.push(...partitions.slice(next, next + share))
        next += share
      })
    }
    return assignment
  },
}
