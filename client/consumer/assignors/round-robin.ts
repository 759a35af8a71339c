import type { Assignor, GroupAssignment } from './assignor.ts'
import { inMemberOrder, PartitionTable } from './partition-table.ts'

/** Kafka's `roundrobin`: all partitions of all topics dealt out in turn, skipping members that did not subscribe. */
export const roundRobin: Assignor = {
  name: 'roundrobin',
  cooperative: false,
  assign(counts, members) {
    const table = new PartitionTable(counts)
    const ordered = inMemberOrder(members)
    const assignment: GroupAssignment = new Map(members.map((member) => [member.memberId, []]))
    let turn = 0
    for (const topic of table.topics()) {
      if (!ordered.some((member) => member.topics.includes(topic))) continue
      for (const partition of table.of(topic)) {
        while (!ordered[turn % ordered.length]?.topics.includes(topic)) turn++
        assignment.get(ordered[turn % ordered.length]!.memberId)?.push(partition)
        turn++
      }
    }
    return assignment
  },
}
