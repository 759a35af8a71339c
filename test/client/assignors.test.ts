import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Assignor, GroupAssignment, MemberSubscription } from '../../client/consumer/assignors/assignor.ts'
import { cooperativeSticky } from '../../client/consumer/assignors/cooperative-sticky.ts'
import { range } from '../../client/consumer/assignors/range.ts'
import { roundRobin } from '../../client/consumer/assignors/round-robin.ts'

interface RecordedMember {
  readonly id: string
  readonly instance: string | null
  readonly topics: readonly string[]
  readonly owned: readonly string[]
  readonly generation: number
}

interface RecordedCase {
  readonly counts: Readonly<Record<string, number>>
  readonly members: readonly RecordedMember[]
}

/** Inputs and what the assignors of Kafka 4.3's Java client made of them. Chains of four rebalances each. */
const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/client/assignments.json', import.meta.url), 'utf8'),
) as (RecordedCase & Record<string, Record<string, string[]>>)[]

const assignors: readonly Assignor[] = [range, roundRobin, cooperativeSticky]

function membersOf(given: RecordedCase): MemberSubscription[] {
  return given.members.map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instance,
    topics: member.topics,
    userData: null,
    ownedPartitions: member.owned.map((text) => {
      const [topic, partition] = text.split('-')
      return { topic: topic ?? '', partition: Number(partition) }
    }),
    generation: member.generation,
    rack: null,
  }))
}

function textOf(assignment: GroupAssignment): Record<string, string[]> {
  const entries = [...assignment].map(([memberId, partitions]) => [
    memberId,
    partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort(),
  ])
  return Object.fromEntries(entries) as Record<string, string[]>
}

describe.each(assignors)('$name', (assignor) => {
  it('assigns as the Java client does, case by case', () => {
    expect(recorded.length).toBeGreaterThan(200)
    for (const given of recorded) {
      const actual = textOf(assignor.assign(new Map(Object.entries(given.counts)), membersOf(given)))
      const expected = Object.fromEntries(
        Object.entries(given[assignor.name] ?? {}).map(([memberId, list]) => [memberId, [...list].sort()]),
      )
      expect(actual, JSON.stringify(given)).toEqual(expected)
    }
  })

  it('does not depend on the order in which members are listed', () => {
    for (const given of recorded.slice(0, 100)) {
      const counts = new Map(Object.entries(given.counts))
      const members = membersOf(given)
      const there = textOf(assignor.assign(counts, members))
      expect(textOf(assignor.assign(counts, members.reverse()))).toEqual(there)
    }
  })

  it('gives a member with no matching topic nothing', () => {
    const [member] = membersOf({
      counts: {},
      members: [{ id: 'a', instance: null, topics: ['gone'], owned: [], generation: -1 }],
    })
    expect(textOf(assignor.assign(new Map(), [member!]))).toEqual({ a: [] })
  })
})

describe('cooperative-sticky over several rebalances (KIP-429)', () => {
  function settle(
    counts: Map<string, number>,
    members: MemberSubscription[],
  ): { rounds: number; result: MemberSubscription[] } {
    for (let rounds = 1; ; rounds++) {
      const assignment = cooperativeSticky.assign(counts, members)
      const next = members.map((member) => ({ ...member, ownedPartitions: assignment.get(member.memberId) ?? [] }))
      const total = next.reduce((sum, member) => sum + member.ownedPartitions.length, 0)
      if (total === [...counts.values()].reduce((sum, count) => sum + count, 0)) return { rounds, result: next }
      expect(rounds).toBeLessThan(5)
      members = next
    }
  }

  const member = (memberId: string): MemberSubscription => ({
    memberId,
    groupInstanceId: null,
    topics: ['orders'],
    userData: null,
    ownedPartitions: [],
    generation: -1,
    rack: null,
  })

  it('moves only what a new member needs, in two rounds', () => {
    const counts = new Map([['orders', 12]])
    const first = settle(counts, [member('a'), member('b')])
    expect(first.rounds).toBe(1)
    const second = settle(counts, [...first.result, member('c')])
    expect(second.rounds).toBe(2)
    for (const former of first.result) {
      const now = second.result.find(({ memberId }) => memberId === former.memberId)!
      expect(now.ownedPartitions).toHaveLength(4)
      for (const partition of now.ownedPartitions) expect(former.ownedPartitions).toContainEqual(partition)
    }
  })

  it('never has two members hold a partition, whatever they claimed', () => {
    for (const given of recorded) {
      const assignment = cooperativeSticky.assign(new Map(Object.entries(given.counts)), membersOf(given))
      const all = [...assignment.values()].flat().map(({ topic, partition }) => `${topic}-${partition}`)
      expect(new Set(all).size).toBe(all.length)
    }
  })

  it('reads the generation from user data when a subscription is older than v2', () => {
    const claim = { topic: 'orders', partition: 0 }
    const data = (generation: number): Buffer => cooperativeSticky.userData!([], generation)!
    const members = [
      { ...member('a'), ownedPartitions: [claim], userData: data(3) },
      { ...member('b'), ownedPartitions: [claim], userData: data(4) },
    ]
    expect(cooperativeSticky.assign(new Map([['orders', 1]]), members).get('b')).toEqual([claim])
  })
})
