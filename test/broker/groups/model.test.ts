/**
 * Random lives of one group: members join, rejoin, sync, heartbeat, leave, commit and fall silent, the log stalls and fails,
 * the broker restarts. Whatever happens, the promises below hold (reliability invariants G1 to G3, L2).
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JoinResult } from '../../../broker/groups/api.ts'
import { Budget } from '../../../broker/groups/budget.ts'
import { Errors, type ErrorCode } from '../../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { commitRequest, joinRequest, name, subscription, TestCoordinator } from './coordinator.ts'

type Op =
  | { type: 'join'; client: number; forget: boolean; protocols: number; changed: boolean }
  | { type: 'sync' | 'heartbeat' | 'leave'; client: number }
  | { type: 'commit'; client: number; partition: number; staleBy: number }
  | { type: 'advance'; ms: number }
  | { type: 'round'; clients: number }
  | { type: 'hold' | 'release' | 'fail' | 'heal' | 'restart' }

const CLIENTS = 5
/** Clients 3 and 4 are static, and share an instance when both are told to. */
const INSTANCES: readonly (string | null)[] = [null, null, null, 'i', 'i']
const PROTOCOLS = [['range'], ['range', 'sticky'], ['sticky', 'range'], ['sticky']]
/** Errors that mean "you are not a member of this generation". */
const FENCED = new Set<ErrorCode>([Errors.UNKNOWN_MEMBER_ID, Errors.ILLEGAL_GENERATION, Errors.FENCED_INSTANCE_ID])

const client = fc.nat(CLIENTS - 1)
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('join' as const),
      client,
      forget: fc.nat(4).map((n) => n === 0),
      protocols: fc.nat(PROTOCOLS.length - 1),
      changed: fc.nat(3).map((n) => n === 0),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('sync' as const, 'heartbeat' as const), client }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), client }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('round' as const),
      clients: fc.integer({ min: 1, max: 2 ** CLIENTS - 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('commit' as const), client, partition: fc.nat(2), staleBy: fc.nat(1) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 500, 500, 3_000, 9_000, 61_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constantFrom('hold', 'release', 'release', 'fail', 'heal', 'heal', 'restart') }),
  },
)

interface ClientState {
  memberId: string
  generation: number
  /** Whether the last generation made it leader, and of whom. */
  assigns: readonly string[]
}

class World {
  readonly budget = new Budget(10, 1024 * 1024)
  readonly coordinator = new TestCoordinator(
    { initialRebalanceDelayMs: 500, offsetsRetentionCheckIntervalMs: 1e9 },
    this.budget,
  )
  readonly clients: ClientState[] = Array.from({ length: CLIENTS }, () => ({
    memberId: '',
    generation: -1,
    assigns: [],
  }))
  /** Answers received, by request. */
  readonly answers: number[] = []
  /** Protocol and leader as each generation was told; a restart may begin a generation of the same number again. */
  readonly generations = new Map<string, { protocol: string | null; leader: string }>()
  /** Who was told that the token is its own, by generation. */
  readonly owners = new Map<string, string>()
  /** The last acknowledged commit by partition. */
  readonly committed = new Map<number, number>()
  restarts = 0
  nextOffset = 1

  /** A callback that counts its calls. */
  answer<T>(handle: (result: T) => void): (result: T) => void {
    const request = this.answers.push(0) - 1
    return (result) => {
      this.answers[request] = (this.answers[request] as number) + 1
      handle(result)
    }
  }

  heartbeat(state: ClientState, groupInstanceId: string | null, generationId = state.generation): ErrorCode {
    const { shard, now } = this.coordinator
    return shard.heartbeat({ groupId: 'g', generationId, memberId: state.memberId, groupInstanceId }, now)
  }

  run(each: Op): void {
    const { coordinator } = this
    switch (each.type) {
      case 'join':
        this.join(each)
        break
      case 'sync':
        this.sync(each.client)
        break
      case 'round':
        this.round(each.clients)
        break
      case 'heartbeat':
        this.heartbeat(this.clients[each.client] as ClientState, INSTANCES[each.client] ?? null)
        break
      case 'leave':
        this.leave(each.client)
        break
      case 'commit':
        this.commit(each)
        break
      case 'advance':
        coordinator.advance(each.ms)
        break
      case 'hold':
        coordinator.held = true
        break
      case 'release':
        coordinator.held = false
        break
      case 'fail':
        coordinator.failWith = Errors.NOT_ENOUGH_REPLICAS
        break
      case 'heal':
        coordinator.failWith = Errors.NONE
        break
      case 'restart':
        this.restarts += 1
        coordinator.restart()
        break
    }
    coordinator.drain()
  }

  /** Some clients (a bit mask) do what they should: join, come back with their id, wait, sync. */
  round(mask: number): void {
    const members = [0, 1, 2, 3, 4].filter((index) => mask & (1 << index))
    for (let attempt = 0; attempt < 2; attempt += 1) {
      for (const index of members) {
        this.run({
          type: 'join',
          client: index,
          forget: false,
          protocols: index === 0 ? 1 : 2,
          changed: mask % 2 === 0,
        })
      }
    }
    this.coordinator.advance(500)
    for (const index of members) this.run({ type: 'sync', client: index })
  }

  join(each: Op & { type: 'join' }): void {
    const state = this.clients[each.client] as ClientState
    const { shard, now } = this.coordinator
    const request = joinRequest(`c${each.client}`, {
      memberId: each.forget ? '' : state.memberId,
      groupInstanceId: INSTANCES[each.client] ?? null,
      requireKnownMemberId: each.client % 2 === 0,
      supportsSkippingAssignment: each.client % 2 === 1,
      protocols: (PROTOCOLS[each.protocols] ?? []).map((protocol) => ({
        name: protocol,
        metadata: subscription(each.changed ? 'u' : 't'),
      })),
    })
    shard.join(
      request,
      now,
      this.answer((result) => this.joined(state, result)),
    )
  }

  joined(state: ClientState, result: JoinResult): void {
    if (result.error === Errors.MEMBER_ID_REQUIRED) state.memberId = result.memberId
    // What clients do: begin anew.
    if (result.error === Errors.UNKNOWN_MEMBER_ID) state.memberId = ''
    if (result.error !== Errors.NONE) return
    state.memberId = result.memberId
    state.generation = result.generationId
    state.assigns = result.skipAssignment ? [] : result.members.map(({ memberId }) => memberId)
    // The members of one generation agree on the protocol, and on who assigns.
    const generation = `${this.restarts}/${result.generationId}`
    const known = this.generations.get(generation)
    if (known === undefined) this.generations.set(generation, { protocol: result.protocolName, leader: result.leader })
    else expect(result.protocolName).toBe(known.protocol)
    if (result.members.length > 0) expect(result.leader).toBe(result.memberId)
  }

  sync(index: number): void {
    const state = this.clients[index] as ClientState
    const { shard, now } = this.coordinator
    const assignments = state.assigns.map((memberId, token) => ({ memberId, assignment: Buffer.from(`p${token}`) }))
    const generationId = state.generation
    const { memberId } = state
    const request = {
      groupId: 'g',
      generationId,
      memberId,
      groupInstanceId: INSTANCES[index] ?? null,
      protocolType: null,
      protocolName: null,
      assignments,
    }
    shard.sync(
      request,
      now,
      this.answer(({ error, assignment }) => {
        if (error === Errors.NONE && assignment.length > 0) this.owns(generationId, memberId, assignment.toString())
      }),
    )
  }

  /** G2: at most one live owner of a partition in a generation. */
  owns(generation: number, memberId: string, token: string): void {
    const key = `${this.restarts}/${generation}/${token}`
    const before = this.owners.get(key)
    if (before !== undefined && before !== memberId) {
      const error = this.heartbeat({ memberId: before, generation, assigns: [] }, null)
      expect(FENCED.has(error), `${before} and ${memberId} both own ${token}: ${name(error)}`).toBe(true)
    }
    this.owners.set(key, memberId)
  }

  leave(index: number): void {
    const { shard, now } = this.coordinator
    const state = this.clients[index] as ClientState
    shard.leave(
      {
        groupId: 'g',
        members: [{ memberId: state.memberId, groupInstanceId: INSTANCES[index] ?? null, reason: null }],
      },
      now,
    )
  }

  /** G3: a fenced member cannot commit; G1: what was acknowledged is what is fetched. */
  commit(each: Op & { type: 'commit' }): void {
    const state = this.clients[each.client] as ClientState
    const { shard, now } = this.coordinator
    const generationId = state.generation - each.staleBy
    const groupInstanceId = INSTANCES[each.client] ?? null
    const isFenced = state.memberId === '' || FENCED.has(this.heartbeat(state, groupInstanceId, generationId))
    const offset = this.nextOffset++
    const request = commitRequest(
      { [`t/${each.partition}`]: offset },
      { memberId: state.memberId, groupInstanceId, generationId },
    )
    if (generationId < 0) return
    shard.commit(
      request,
      now,
      this.answer((results) => {
        const error = results[0]?.partitions[0]?.error
        if (isFenced) expect(error).not.toBe(Errors.NONE)
        if (error === Errors.NONE) this.committed.set(each.partition, offset)
      }),
    )
  }

  checkOffsets(): void {
    const request = { groupId: 'g', memberId: null, memberEpoch: -1, requireStable: false }
    const topics = [{ topic: 't', topicId: ZERO_UUID, partitions: [0, 1, 2] }]
    let found: number[] = []
    this.coordinator.shard.fetch({ ...request, topics }, (result) => {
      found = (result.topics[0]?.partitions ?? []).map(({ offset }) => offset)
    })
    this.coordinator.drain()
    expect(found).toEqual([0, 1, 2].map((partition) => this.committed.get(partition) ?? -1))
  }

  /** L2: nobody waits for ever, and nobody is answered twice. */
  end(): void {
    const { coordinator } = this
    coordinator.failWith = Errors.NONE
    coordinator.held = false
    coordinator.drain()
    this.checkOffsets()
    coordinator.restart()
    this.checkOffsets()
    // Five minutes is the longest that a parked join lives, a minute the longest rebalance.
    coordinator.advance(10 * 60_000)
    expect(this.answers.filter((count) => count !== 1)).toEqual([])
    expect(coordinator.shard.describe('g').members).toEqual([])
    // M2: what the group took in the budget is given back.
    coordinator.shard.deleteGroup('g', coordinator.now, () => {})
    coordinator.drain()
    expect([this.budget.groups, this.budget.bytes]).toEqual([0, 0])
  }
}

describe('a group, whatever happens to it', () => {
  it('keeps its promises', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 100, size: 'max' }), (ops) => {
        const world = new World()
        for (const each of ops) {
          world.run(each)
          if (!world.coordinator.held) world.checkOffsets()
        }
        world.end()
      }),
      { numRuns: 300 },
    )
  })
})
