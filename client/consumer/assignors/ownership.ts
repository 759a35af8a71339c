import type { TopicPartition } from '../../topic.ts'
import type { MemberSubscription } from './assignor.ts'
import { compareText, type PartitionTable } from './partition-table.ts'

/** The generation of a member that states none. */
const UNKNOWN_GENERATION = -1

/** Who held a partition in an older generation. */
export interface PreviousOwner {
  readonly memberId: string
  readonly generation: number
}

/** What the members of a group say they own, made consistent: the input of both sticky algorithms. */
export interface Ownership {
  /** Member ids in order, each with the partitions it keeps its claim on. */
  readonly owned: ReadonlyMap<string, TopicPartition[]>
  /** Partitions that two members of one generation claimed: neither may go on without a revocation. */
  readonly disputed: ReadonlySet<TopicPartition>
  /** Claims from older generations, the newest one each. */
  readonly previous: ReadonlyMap<TopicPartition, PreviousOwner>
  readonly equalSubscriptions: boolean
}

/** Reads the members' claims. The higher generation wins a partition that two claim; equal ones dispute it. */
export function readOwnership(table: PartitionTable, members: readonly MemberSubscription[]): Ownership {
  const ordered = [...members].sort((a, b) => compareText(a.memberId, b.memberId))
  const owned = new Map<string, TopicPartition[]>(ordered.map((member) => [member.memberId, []]))
  const claims = new Map<TopicPartition, PreviousOwner>()
  const disputed = new Set<TopicPartition>()
  for (const member of ordered) {
    const generation = statedGeneration(member) ?? UNKNOWN_GENERATION
    const mine = owned.get(member.memberId)!
    for (const partition of existing(table, member)) {
      const other = claims.get(partition)
      if (other !== undefined && generation < other.generation) continue
      if (other !== undefined) remove(owned.get(other.memberId)!, partition)
      if (other?.generation === generation) disputed.add(partition)
      else mine.push(partition)
      claims.set(partition, { memberId: member.memberId, generation })
    }
  }
  return { owned, disputed, previous: previousOwners(table, ordered), equalSubscriptions: allEqual(members) }
}

function previousOwners(
  table: PartitionTable,
  members: readonly MemberSubscription[],
): Map<TopicPartition, PreviousOwner> {
  const newest = Math.max(
    UNKNOWN_GENERATION,
    ...members.map((member) => statedGeneration(member) ?? UNKNOWN_GENERATION),
  )
  const previous = new Map<TopicPartition, PreviousOwner>()
  for (const member of members) {
    const generation = statedGeneration(member) ?? UNKNOWN_GENERATION
    if (generation >= newest) continue
    for (const partition of existing(table, member)) {
      const known = previous.get(partition)
      if (known === undefined || generation > known.generation) {
        previous.set(partition, { memberId: member.memberId, generation })
      }
    }
  }
  return previous
}

function existing(table: PartitionTable, member: MemberSubscription): TopicPartition[] {
  return member.ownedPartitions.flatMap((partition) => table.find(partition) ?? [])
}

/** The generation field (subscription v2), else the four bytes of user data that older members send instead. */
function statedGeneration(member: MemberSubscription): number | undefined {
  if (member.generation >= 0) return member.generation
  if (member.userData === null) return undefined
  return member.userData.length === 4 ? member.userData.readInt32BE(0) : UNKNOWN_GENERATION
}

function allEqual(members: readonly MemberSubscription[]): boolean {
  const first = new Set(members[0]?.topics ?? [])
  return members.every((member) => {
    const topics = new Set(member.topics)
    return topics.size === first.size && member.topics.every((topic) => first.has(topic))
  })
}

export function remove(list: TopicPartition[], partition: TopicPartition): void {
  const index = list.indexOf(partition)
  if (index >= 0) list.splice(index, 1)
}
