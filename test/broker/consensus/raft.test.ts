/** Single steps of the core that a whole quorum reaches too seldom. */
import { describe, expect, it } from 'vitest'
import type { RaftEffect } from '../../../broker/consensus/events.ts'
import type { RaftMessage } from '../../../broker/consensus/messages.ts'
import { initialQuorumState, parseQuorumState, type QuorumState } from '../../../broker/consensus/quorum-state.ts'
import { Raft } from '../../../broker/consensus/raft.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { endpointsOf, MemoryLog, timeouts } from './simulation.ts'

const directoryId = 'directory-of-1'

class Single {
  readonly log = new MemoryLog()
  readonly raft: Raft
  nowMs = 0

  constructor(persisted: QuorumState = initialQuorumState, epochs: readonly number[] = [], voters = [1, 2, 3]) {
    this.log.entries = epochs.map((epoch) => ({ epoch, value: 'old' }))
    this.log.durableEndOffset = epochs.length
    this.raft = new Raft({ nodeId: 1, directoryId, voters: endpointsOf(voters), ...timeouts }, persisted, this.log)
  }

  step(event: Parameters<Raft['step']>[0]): RaftEffect[] {
    return this.raft.step(event, this.nowMs, 12345)
  }

  receive(from: number, message: RaftMessage): RaftEffect[] {
    return this.step({ type: 'receive', from, message })
  }

  /** Through pre-vote and vote of node 2 to leadership; its first record is appended and synced. */
  lead(): RaftEffect[] {
    this.step({ type: 'start' })
    this.nowMs = this.raft.deadlineMs
    this.step({ type: 'tick' })
    const { epoch } = this.raft
    const answer = { type: 'vote-response', leader: -1, granted: true } as const
    this.receive(2, { ...answer, epoch, preVote: true })
    const effects = this.receive(2, { ...answer, epoch: epoch + 1, preVote: false })
    this.log.entries.push({ epoch: this.raft.epoch, value: 'leader 1' })
    this.log.durableEndOffset = this.log.endOffset
    this.step({ type: 'log-synced' })
    return effects
  }

  fetch(replica: number, fetchOffset: number, lastEpoch: number): RaftEffect[] {
    const highWatermark = 0
    const { epoch } = this.raft
    return this.receive(replica, {
      type: 'fetch-request',
      requestId: 1,
      epoch,
      replica,
      directoryId: `directory-of-${replica}`,
      fetchOffset,
      lastEpoch,
      highWatermark,
    })
  }
}

const committed = (effects: RaftEffect[]) => effects.filter((effect) => effect.type === 'committed')

describe('a new leader', () => {
  it('commits records of earlier epochs only together with one of its own (Raft 5.4.2)', () => {
    const single = new Single({ epoch: 1, votedFor: -1, leader: -1 }, [1, 1])
    single.lead()
    expect(single.raft.epochStartOffset).toBe(2)
    expect(committed(single.fetch(2, 2, 1))).toEqual([])
    expect(committed(single.fetch(2, 3, 2))).toEqual([{ type: 'committed', offset: 3 }])
  })

  it('persists its vote before it asks for others, and its leadership before it says so', () => {
    const single = new Single()
    const effects = single.lead()
    expect(effects[0]).toEqual({ type: 'persist', state: { epoch: 1, votedFor: 1, leader: 1 } })
    expect(effects.map(({ type }) => type)).toContain('append-leader-change')
  })

  it('asks for pre-votes without raising its epoch', () => {
    const single = new Single()
    single.step({ type: 'start' })
    single.nowMs = single.raft.deadlineMs
    const effects = single.step({ type: 'tick' })
    expect(effects.map(({ type }) => type)).toEqual(['send', 'send'])
    expect(single.raft.epoch).toBe(0)
  })

  it('is looked for as soon as a voter starts that knows of none, by asking for pre-votes', () => {
    const single = new Single()
    single.step({ type: 'start' })
    expect(single.raft.role).toBe('unattached')
    expect(single.raft.deadlineMs).toBeLessThan(timeouts.electionTimeoutMs)
    single.nowMs = single.raft.deadlineMs
    single.step({ type: 'tick' })
    expect(single.raft.role).toBe('prospective')
  })

  it('answers the pre-vote of a voter that starts, which follows it then', () => {
    const single = new Single()
    single.step({ type: 'start' })
    single.nowMs = single.raft.deadlineMs
    single.step({ type: 'tick' })
    single.receive(2, { type: 'vote-response', epoch: 4, leader: 3, granted: false, preVote: true })
    expect([single.raft.role, single.raft.leader, single.raft.epoch]).toEqual(['follower', 3, 4])
  })

  it('does not answer a replica of another history with records', () => {
    const single = new Single({ epoch: 3, votedFor: -1, leader: -1 }, [1, 3])
    single.lead()
    const [reply] = single.fetch(2, 2, 2)
    expect(reply).toMatchObject({
      type: 'send',
      message: { result: 'diverging', diverging: { epoch: 1, endOffset: 1 } },
    })
  })
})

describe('a voter', () => {
  const ask = (single: Single, candidate: number, epoch: number, preVote = false, directory = ZERO_UUID) => {
    const endOffset = single.log.endOffset
    const effects = single.receive(candidate, {
      type: 'vote-request',
      epoch,
      candidate,
      endOffset,
      lastEpoch: 9,
      preVote,
      voterDirectoryId: directory,
    })
    const reply = effects.find((effect) => effect.type === 'send')
    return { effects, granted: reply?.message.type === 'vote-response' && reply.message.granted }
  }

  it('votes once per epoch, and persists the vote before it tells it', () => {
    const single = new Single()
    single.step({ type: 'start' })
    const first = ask(single, 2, 5)
    expect(first.granted).toBe(true)
    expect(first.effects[0]).toEqual({ type: 'persist', state: { epoch: 5, votedFor: 2, leader: -1 } })
    expect(ask(single, 3, 5).granted).toBe(false)
    expect(ask(single, 2, 5).granted).toBe(true)
    expect(ask(single, 3, 6).granted).toBe(true)
  })

  it('remembers its vote through a restart', () => {
    const single = new Single({ epoch: 5, votedFor: 2, leader: -1 })
    single.step({ type: 'start' })
    expect(ask(single, 3, 5).granted).toBe(false)
  })

  it('binds itself to nothing by a pre-vote', () => {
    const single = new Single()
    single.step({ type: 'start' })
    expect(ask(single, 2, 0, true)).toMatchObject({ granted: true, effects: [{ type: 'send' }] })
    expect(ask(single, 3, 0, true).granted).toBe(true)
  })

  it('refuses pre-votes while it hears from a leader, or is one (KIP-996)', () => {
    const follower = new Single({ epoch: 1, votedFor: -1, leader: 2 })
    follower.step({ type: 'start' })
    expect(ask(follower, 3, 1, true).granted).toBe(true)
    const heard = { type: 'fetch-response', epoch: 1, leader: 2, records: [], requestId: 1, highWatermark: 0 } as const
    follower.receive(2, { ...heard, result: 'ok', diverging: null, snapshot: null })
    expect(ask(follower, 3, 1, true).granted).toBe(false)
    follower.nowMs = timeouts.fetchTimeoutMs
    expect(ask(follower, 3, 1, true).granted).toBe(true)
    const leader = new Single()
    leader.lead()
    expect(ask(leader, 3, 1, true).granted).toBe(false)
  })

  it('grants its vote to a candidate that it does not know as a voter yet: its log may be behind (thesis 4.1)', () => {
    const single = new Single()
    single.step({ type: 'start' })
    expect(ask(single, 8, 5).granted).toBe(true)
  })

  it('gives no vote that is asked of a disk that it has no more (KIP-853)', () => {
    const single = new Single()
    single.step({ type: 'start' })
    expect(ask(single, 2, 5, false, 'directory-that-was').granted).toBe(false)
    expect(ask(single, 2, 5, false, directoryId).granted).toBe(true)
  })
})

describe('a member that starts', () => {
  it('resigns from the epoch it led, and tells the others to elect', () => {
    const single = new Single({ epoch: 4, votedFor: 1, leader: 1 })
    const effects = single.step({ type: 'start' })
    expect(single.raft.role).toBe('resigned')
    expect(effects).toMatchObject([
      { type: 'send', to: 2, message: { type: 'end-epoch-request', epoch: 4, successors: [2, 3] } },
      { type: 'send', to: 3 },
    ])
  })

  it('follows the leader it knew', () => {
    const single = new Single({ epoch: 4, votedFor: -1, leader: 2 })
    expect(single.step({ type: 'start' })).toMatchObject([{ type: 'send', to: 2, message: { type: 'fetch-request' } }])
  })
})

describe('a follower', () => {
  it('asks for nothing while its own log is not durable: the question is an acknowledgement', () => {
    const single = new Single({ epoch: 1, votedFor: -1, leader: -1 }, [1, 1])
    single.log.durableEndOffset = 1
    single.step({ type: 'start' })
    const begin = { type: 'begin-epoch-request', epoch: 2, leader: 2, voterDirectoryId: ZERO_UUID } as const
    expect(
      single.receive(2, begin).map((effect) => (effect.type === 'send' ? effect.message.type : effect.type)),
    ).toEqual(['persist', 'leader-changed', 'begin-epoch-response'])
    single.log.durableEndOffset = 2
    expect(single.step({ type: 'log-synced' })).toMatchObject([
      { type: 'send', to: 2, message: { type: 'fetch-request', fetchOffset: 2, lastEpoch: 1 } },
    ])
  })

  it('takes the answer to its last question only', () => {
    const single = new Single({ epoch: 1, votedFor: -1, leader: 2 })
    single.step({ type: 'start' })
    const answer = {
      type: 'fetch-response',
      requestId: 77,
      epoch: 1,
      leader: 2,
      result: 'ok',
      diverging: null,
      snapshot: null,
      highWatermark: 9,
      records: [Buffer.from('x')],
    } as const
    expect(single.receive(2, answer)).toEqual([])
    expect(single.receive(2, { ...answer, requestId: 1 })).toMatchObject([{ type: 'append-records' }])
  })

  it('commits no further than its own log is durable', () => {
    const single = new Single({ epoch: 1, votedFor: -1, leader: 2 })
    single.step({ type: 'start' })
    const records = [Buffer.from('x')]
    const rest = { epoch: 1, leader: 2, result: 'ok', diverging: null, snapshot: null } as const
    single.receive(2, { type: 'fetch-response', requestId: 1, highWatermark: 5, records, ...rest })
    single.log.entries.push({ epoch: 1, value: 'a' }, { epoch: 1, value: 'b' })
    single.log.durableEndOffset = 1
    expect(committed(single.step({ type: 'log-synced' }))).toEqual([{ type: 'committed', offset: 1 }])
  })

  it('stops the process rather than cut what is committed', () => {
    const single = new Single({ epoch: 1, votedFor: -1, leader: 2 }, [1, 1])
    single.step({ type: 'start' })
    const rest = { type: 'fetch-response', epoch: 1, leader: 2, records: [] } as const
    single.receive(2, { ...rest, requestId: 1, result: 'ok', diverging: null, snapshot: null, highWatermark: 2 })
    const diverging = { epoch: 1, endOffset: 1 }
    expect(() =>
      single.receive(2, { ...rest, requestId: 2, result: 'diverging', diverging, snapshot: null, highWatermark: 2 }),
    ).toThrow('below the committed 2')
  })
})

describe('the state file', () => {
  it.each([
    '',
    '{}',
    '[]',
    'null',
    '{"leaderId":1,"leaderEpoch":1.5,"votedId":1,"data_version":0}',
    '{"leaderId":1,"leaderEpoch":1,"votedId":1,"data_version":7}',
  ])('is refused when it is %s', (text) => expect(() => parseQuorumState(text)).toThrow('quorum-state'))
})
