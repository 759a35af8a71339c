import { describe, expect, it } from 'vitest'
import { Quorum } from './simulation.ts'

function started(voters: readonly number[], seed = 1, observers: readonly number[] = []): Quorum {
  const quorum = new Quorum(voters, seed, observers)
  quorum.startAll()
  return quorum
}

/** Runs until a leader has committed the first record of its epoch. */
function elect(quorum: Quorum): number {
  quorum.run(8000)
  const leader = quorum.leader()
  expect(leader).toBeGreaterThan(0)
  expect(quorum.node(leader).committed).toBe(quorum.node(leader).log.endOffset)
  return leader
}

function others(quorum: Quorum, id: number): number[] {
  return [...quorum.nodes.keys()].filter((other) => other !== id)
}

describe('a quorum of one', () => {
  it('leads epoch 1 in its very first step and commits once its record is durable', () => {
    const quorum = started([1])
    expect(quorum.raft(1).isLeader).toBe(true)
    expect(quorum.raft(1).epoch).toBe(1)
    expect(quorum.raft(1).highWatermark).toBe(0)
    expect(quorum.node(1).persisted).toEqual({ epoch: 1, votedFor: 1, leader: 1 })
    quorum.run(100)
    expect(quorum.raft(1).highWatermark).toBe(1)
    expect(quorum.trace).toEqual([])
    quorum.crash(1)
    quorum.start(1)
    expect(quorum.raft(1).highWatermark).toBe(1)
  })

  it('begins a new epoch at every start and keeps what was committed', () => {
    const quorum = started([1])
    quorum.run(100)
    quorum.append(1, 'a')
    quorum.run(100)
    for (const epoch of [2, 3, 4]) {
      quorum.crash(1)
      quorum.start(1)
      quorum.run(100)
      expect(quorum.raft(1).epoch).toBe(epoch)
    }
    expect(quorum.values(1)).toEqual(['leader 1', 'a', 'leader 1', 'leader 1', 'leader 1'])
    expect(quorum.raft(1).highWatermark).toBe(5)
  })

  it('loses an unsynced append in a power cut, and only that', () => {
    const quorum = started([1])
    quorum.run(100)
    quorum.append(1, 'synced')
    quorum.run(100)
    quorum.append(1, 'lost')
    quorum.crash(1)
    quorum.start(1)
    quorum.run(100)
    expect(quorum.values(1)).toEqual(['leader 1', 'synced', 'leader 1'])
  })

  it('never goes back an epoch when the state file is gone but the log is there', () => {
    const quorum = started([1])
    quorum.run(100)
    quorum.crash(1)
    quorum.start(1)
    quorum.run(100)
    quorum.crash(1)
    quorum.node(1).persisted = { epoch: 0, votedFor: -1, leader: -1 }
    quorum.start(1)
    expect(quorum.raft(1).epoch).toBe(3)
  })

  it('has no timer to wait for while it leads', () => {
    expect(started([1]).raft(1).deadlineMs).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('a quorum of three', () => {
  it('elects one leader, and the others follow it (Raft 5.2)', () => {
    const quorum = started([1, 2, 3])
    const leader = elect(quorum)
    for (const id of others(quorum, leader)) {
      expect(quorum.raft(id).role).toBe('follower')
      expect(quorum.raft(id).leader).toBe(leader)
      expect(quorum.raft(id).epoch).toBe(quorum.raft(leader).epoch)
    }
  })

  it('replicates by pull and tells the followers what is committed (Raft 5.3)', () => {
    const quorum = started([1, 2, 3])
    const leader = elect(quorum)
    for (let i = 0; i < 10; i += 1) quorum.append(leader, `v${i}`)
    quorum.run(2000)
    for (const id of quorum.nodes.keys()) {
      expect(quorum.values(id)).toEqual(quorum.values(leader))
      expect(quorum.raft(id).highWatermark).toBe(12)
    }
  })

  it('stays with its leader while nothing happens', () => {
    const quorum = started([1, 2, 3])
    const leader = elect(quorum)
    const epoch = quorum.raft(leader).epoch
    quorum.run(60_000)
    expect(quorum.leader()).toBe(leader)
    expect(quorum.raft(leader).epoch).toBe(epoch)
  })

  it('elects another leader after a crash, and the old one follows when it is back', () => {
    const quorum = started([1, 2, 3])
    const old = elect(quorum)
    quorum.append(old, 'kept')
    quorum.run(500)
    quorum.crash(old)
    quorum.run(10_000)
    const leader = quorum.leader()
    expect(leader).not.toBe(old)
    expect(quorum.values(leader)).toContain('kept')
    quorum.start(old)
    quorum.run(5000)
    expect(quorum.raft(old).leader).toBe(leader)
    expect(quorum.values(old)).toEqual(quorum.values(leader))
  })

  it('hands over at once when the leader resigns, the fittest voter first', () => {
    const quorum = started([1, 2, 3])
    const old = elect(quorum)
    const before = quorum.nowMs
    quorum.step(old, { type: 'resign' })
    quorum.run(400)
    expect(quorum.leader()).toBeGreaterThan(0)
    expect(quorum.leader()).not.toBe(old)
    expect(quorum.nowMs - before).toBeLessThan(1000)
  })

  it('cuts the records of a leader that never reached a majority (Raft 5.3, figure 7)', () => {
    const quorum = started([1, 2, 3])
    const old = elect(quorum)
    let isolated = true
    quorum.faults.cut = (from, to) => isolated && (from === old || to === old)
    quorum.append(old, 'orphan 1')
    quorum.append(old, 'orphan 2')
    quorum.run(10_000)
    const leader = quorum.leader()
    expect(leader).not.toBe(old)
    quorum.append(leader, 'real')
    quorum.run(1000)
    isolated = false
    quorum.run(10_000)
    expect(quorum.values(old)).toEqual(quorum.values(quorum.leader()))
    expect(quorum.values(old)).not.toContain('orphan 1')
    expect(quorum.values(old)).toContain('real')
  })

  it('does not commit a record of an earlier epoch by counting copies (Raft 5.4.2, figure 8)', () => {
    const quorum = started([1, 2, 3])
    const leader = elect(quorum)
    const { log } = quorum.node(leader)
    const committed = quorum.raft(leader).highWatermark
    // A successor of this leader holds a record of this epoch on a majority, but none of its own yet.
    quorum.faults.cut = () => true
    quorum.append(leader, 'old epoch')
    quorum.run(100)
    const [follower] = others(quorum, leader)
    quorum.node(follower).log.entries.push(...log.entries.slice(committed))
    quorum.node(follower).log.durableEndOffset = log.endOffset
    expect(quorum.raft(leader).highWatermark).toBe(committed)
    quorum.crash(leader)
    quorum.faults.cut = (from, to) => from === leader || to === leader
    quorum.run(10_000)
    const successor = quorum.leader()
    expect(successor).toBe(follower)
    expect(quorum.raft(successor).highWatermark).toBe(quorum.node(successor).log.endOffset)
    expect(quorum.node(successor).log.lastEpoch).toBe(quorum.raft(successor).epoch)
  })

  it('steps down when a majority is silent (check-quorum)', () => {
    const quorum = started([1, 2, 3])
    const leader = elect(quorum)
    quorum.faults.cut = () => true
    quorum.run(3500)
    expect(quorum.raft(leader).isLeader).toBe(false)
    expect(quorum.append(leader, 'refused')).toBe(-1)
  })

  it('is not disturbed by a node that was cut off and comes back (pre-vote, KIP-996)', () => {
    const quorum = started([1, 2, 3])
    const leader = elect(quorum)
    const epoch = quorum.raft(leader).epoch
    const [cutOff] = others(quorum, leader)
    let isolated = true
    quorum.faults.cut = (from, to) => isolated && (from === cutOff || to === cutOff)
    quorum.run(30_000)
    isolated = false
    quorum.run(5000)
    expect(quorum.leader()).toBe(leader)
    expect(quorum.raft(leader).epoch).toBe(epoch)
    expect(quorum.raft(cutOff).role).toBe('follower')
  })

  it('elects nobody without a majority, and somebody as soon as there is one', () => {
    const quorum = new Quorum([1, 2, 3], 5)
    quorum.start(1)
    quorum.run(20_000)
    expect(quorum.leader()).toBe(-1)
    expect(quorum.raft(1).epoch).toBe(0)
    quorum.start(2)
    quorum.run(10_000)
    expect(quorum.leader()).toBeGreaterThan(0)
  })

  it('gives an observer everything, without its vote', () => {
    const quorum = started([1, 2, 3], 3, [9])
    const leader = elect(quorum)
    quorum.append(leader, 'seen')
    quorum.run(3000)
    expect(quorum.values(9)).toEqual(quorum.values(leader))
    expect(quorum.raft(9).role).toBe('follower')
    for (const id of others(quorum, leader)) if (id !== 9) quorum.crash(id)
    quorum.run(10_000)
    expect(quorum.leader()).toBe(-1)
  })

  it('elects in a few hundred milliseconds when the followers see the process of the leader end', () => {
    const tookMs: number[] = []
    for (let seed = 1; seed <= 40; seed += 1) {
      const quorum = started([1, 2, 3], seed)
      quorum.latencyMs = 5
      const old = elect(quorum)
      quorum.crash(old)
      const killedMs = quorum.nowMs
      for (const id of others(quorum, old)) {
        quorum.run(quorum.pick(20))
        quorum.step(id, { type: 'leader-down', leader: old })
      }
      const next = () => [...quorum.nodes.keys()].find((id) => quorum.node(id).raft?.isLeader === true)
      while (next() === undefined) quorum.run(1)
      tookMs.push(quorum.nowMs - killedMs)
    }
    tookMs.sort((a, b) => a - b)
    expect(tookMs[20]).toBeLessThan(150)
    expect(tookMs.at(-1)).toBeLessThan(600)
  })
})
