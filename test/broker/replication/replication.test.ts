import { describe, expect, it } from 'vitest'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { ReplicaNode } from './replica-node.ts'
import { ReplicaWorld } from './replica-world.ts'

/** Everything in the node's log, as `value@epoch`. */
function history(node: ReplicaNode): string[] {
  const { log } = node.partition
  const read = log.read(log.logStartOffset, log.flushedEndOffset, 1 << 20, true)
  if (log.logStartOffset === log.flushedEndOffset) return []
  if (read === null) throw new Error('the log is not in memory')
  return [...decodeBatches(read.buffers)].flatMap((batch) =>
    [...batch.records()].map(({ value }) => `${value?.toString()}@${batch.leaderEpoch}`),
  )
}

function produce(world: ReplicaWorld, value: string, acks = -1): { error: number; baseOffset: number } {
  const result = { error: -100, baseOffset: -1 }
  world.leader.append(value, (error, baseOffset) => Object.assign(result, { error, baseOffset }), acks)
  return result
}

describe('a leader and two followers', () => {
  it('have the same records, and acks=all is answered once all in-sync replicas have synced them', () => {
    const world = new ReplicaWorld()
    world.run(50)
    const results = ['a', 'b', 'c'].map((value) => produce(world, value))
    expect(world.runUntil(() => results.every(({ error }) => error !== -100))).toBe(true)
    expect(results).toEqual([0, 1, 2].map((baseOffset) => ({ error: Errors.NONE, baseOffset })))
    for (const node of world.nodes.values()) {
      expect(history(node)).toEqual(['a@1', 'b@1', 'c@1'])
      expect(node.partition.log.durableEndOffset).toBe(3)
    }
    expect(
      world.runUntil(() => [...world.nodes.values()].every(({ partition }) => partition.highWatermark === 3)),
    ).toBe(true)
  })

  it('answer acks=all no sooner than the followers have the record', () => {
    const world = new ReplicaWorld()
    world.run(50)
    world.cuts.add('1-2')
    const result = produce(world, 'a')
    world.run(400)
    expect(result.error).toBe(-100)
    expect(world.leader.partition.highWatermark).toBe(0)
    world.cuts.clear()
    expect(world.runUntil(() => result.error === Errors.NONE)).toBe(true)
  })
})

describe('the in-sync set', () => {
  it('loses a follower that falls behind, and takes it back when it has caught up', () => {
    const world = new ReplicaWorld({ lagMaxMs: 400 })
    world.run(50)
    world.cuts.add('1-3')
    const result = produce(world, 'a')
    expect(world.runUntil(() => result.error === Errors.NONE, 3_000)).toBe(true)
    expect(world.image.partition.isr).toEqual([1, 2])
    world.cuts.clear()
    expect(world.runUntil(() => world.image.partition.isr.length === 3, 5_000)).toBe(true)
    expect(history(world.node(3))).toEqual(['a@1'])
  })

  it('keeps followers that are idle for as long as their leader is', () => {
    const world = new ReplicaWorld({ lagMaxMs: 200 })
    world.run(5_000)
    produce(world, 'a')
    world.run(300)
    expect(world.image.partition.isr).toEqual([1, 2, 3])
    expect(world.image.partition.partitionEpoch).toBe(1)
  })

  it('below its minimum refuses acks=all before the append, and takes acks=1', () => {
    const world = new ReplicaWorld({ minIsr: 2 })
    world.run(50)
    world.kill(2)
    world.kill(3)
    world.run(1_000)
    expect(world.image.partition.isr).toEqual([1])
    const [all, one] = [produce(world, 'a'), produce(world, 'b', 1)]
    world.run(50)
    expect([all.error, one.error]).toEqual([Errors.NOT_ENOUGH_REPLICAS, Errors.NONE])
    expect(world.leader.partition.highWatermark).toBe(0)
    world.restart(2)
    expect(world.runUntil(() => world.leader.partition.highWatermark === 1, 5_000)).toBe(true)
  })

  it('is asked for again while the controller is away', () => {
    const world = new ReplicaWorld({ lagMaxMs: 300 })
    world.run(50)
    world.controllerIsAway = true
    world.cuts.add('1-2')
    const result = produce(world, 'a')
    world.run(2_000)
    expect(result.error).toBe(-100)
    world.controllerIsAway = false
    expect(world.runUntil(() => result.error === Errors.NONE, 1_000)).toBe(true)
  })
})

describe('a change of leaders', () => {
  it('cuts what the old leader alone had, and keeps what was acknowledged', () => {
    const world = new ReplicaWorld({ minIsr: 2 })
    world.run(50)
    const kept = produce(world, 'kept')
    world.runUntil(() => kept.error === Errors.NONE)
    world.cuts.add('1-2').add('1-3')
    const lost = produce(world, 'lost')
    const acknowledgedByOne = produce(world, 'weak', 1)
    world.run(20)
    world.elect(2)
    world.run(20)
    expect([lost.error, acknowledgedByOne.error]).toEqual([Errors.NOT_LEADER_OR_FOLLOWER, Errors.NONE])
    const next = produce(world, 'next')
    world.cuts.clear()
    expect(world.runUntil(() => next.error === Errors.NONE, 5_000)).toBe(true)
    for (const node of world.nodes.values()) expect(history(node)).toEqual(['kept@1', 'next@2'])
  })

  it('sends clients away from a leader that nobody hears any more', () => {
    const world = new ReplicaWorld()
    world.run(50)
    world.cuts.add('1-2').add('1-3')
    world.isolated.add(1)
    const result = produce(world, 'a')
    world.run(250)
    expect(result.error).toBe(-100)
    world.run(250)
    expect(result.error).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
  })

  it('lets the new leader tell where it ends only once it knows all that was committed (KIP-207)', () => {
    const world = new ReplicaWorld()
    world.run(50)
    const result = produce(world, 'a')
    world.runUntil(() => result.error === Errors.NONE)
    world.cuts.add('2-3').add('1-2').add('1-3')
    world.elect(2)
    world.run(20)
    const { partition } = world.node(2)
    expect([partition.isLeader, partition.knowsCommittedEnd]).toEqual([true, partition.highWatermark === 1])
    world.cuts.clear()
    expect(world.runUntil(() => partition.knowsCommittedEnd, 5_000)).toBe(true)
  })

  it('takes a follower that nothing is left for to where the leader begins', () => {
    const world = new ReplicaWorld({ log: { segmentBytes: 200 } })
    world.run(50)
    world.kill(3)
    world.run(500)
    const results = ['a', 'b', 'c'].map((value) => produce(world, value))
    world.runUntil(() => results.every(({ error }) => error === Errors.NONE))
    let low = -1
    world.leader.process.enter(() => world.leader.partition.deleteRecords(2, 5_000, (_error, mark) => (low = mark)))
    expect(world.runUntil(() => low === 2)).toBe(true)
    world.restart(3)
    expect(world.runUntil(() => world.image.partition.isr.length === 3, 5_000)).toBe(true)
    const { log } = world.node(3).partition
    expect([log.logStartOffset, history(world.node(3))]).toEqual([2, ['c@1']])
  })
})

describe('DeleteRecords', () => {
  it('times out while a follower that runs has not deleted, and says what every one has', () => {
    const world = new ReplicaWorld()
    world.run(50)
    const results = ['a', 'b'].map((value) => produce(world, value))
    world.runUntil(() => results.every(({ error }) => error === Errors.NONE))
    world.run(100)
    world.cuts.add('1-3')
    const answers: [number, number][] = []
    const { leader } = world
    leader.process.enter(() => leader.partition.deleteRecords(1, 300, (error, low) => void answers.push([error, low])))
    world.run(200)
    expect(answers).toEqual([])
    world.run(300)
    expect(answers).toEqual([[Errors.REQUEST_TIMED_OUT, 0]])
  })
})

describe('a throttled replica', () => {
  it('catches up no faster than it may, and the others do not wait for it', () => {
    const throttle = { throttledLeaders: ['0:1'], throttledFollowers: ['0:3'], bytesPerSecond: 2_000 }
    const world = new ReplicaWorld({ ...throttle, log: { segmentBytes: 100_000 } })
    world.run(50)
    world.kill(3)
    world.run(500)
    const results = Array.from({ length: 40 }, (_, n) => produce(world, `${n}`.padEnd(1_000)))
    expect(world.runUntil(() => results.every(({ error }) => error === Errors.NONE))).toBe(true)
    world.restart(3)
    world.run(1_000)
    const more = produce(world, 'tail')
    expect(world.runUntil(() => more.error === Errors.NONE, 500)).toBe(true)
    expect(world.image.partition.isr).toEqual([1, 2])
    expect(world.runUntil(() => world.image.partition.isr.length === 3, 60_000)).toBe(true)
  })
})
