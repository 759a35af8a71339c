/** Stories that are told by name, each over several seeds of timing: faults in the order in which they hurt most. */
import { describe, expect, it } from 'vitest'
import { type SimNode, Trace } from '../../../testing/sim/index.ts'
import { getReady, getWell, runFor, runUntil } from './run.ts'
import type { Settings } from './settings.ts'
import { World } from './world.ts'

const producer = { isIdempotent: true, acks: -1, intervalMs: 50, batchRecords: 10, valueBytes: 20, inFlightMax: 5 }

/** Three brokers that sync before they acknowledge, and nothing that goes wrong by itself. */
const calm: Settings = {
  brokers: 3,
  durability: 'fsync',
  topics: [{ name: 't1', partitions: 3, replicationFactor: 3 }],
  minInsync: 2,
  producers: [producer, producer],
  consumers: 1,
  members: 2,
  operatorIntervalMs: 0,
  voterIntervalMs: 0,
  faults: [],
  faultIntervalMs: 1_000,
  faultMsMax: 1_000,
  diskFaults: new Map(),
  clockSkewMs: 0,
  clockDrift: 0,
  safetyMs: 0,
  properties: { 'offsets.topic.num.partitions': 3, 'replica.lag.time.max.ms': 2_000, 'log.cleaner.enable': false },
  links: { delayMs: 0.2, jitterMs: 0.5, bytesPerMs: 100_000, splitChance: 0 },
  racks: false,
}

const seeds = [1, 2, 3]

async function ready(seed: number): Promise<World> {
  const world = new World(seed, new Trace(), calm)
  await getReady(world)
  await runFor(world, 3_000, () => {})
  return world
}

function leaderOf(world: World, index: number): SimNode {
  return world.cluster.nodes.find(({ broker }) => broker?.services.partitions.get('t1', index)?.isLeader === true)!
}

function acknowledged(world: World): number {
  return world.producers.reduce((sum, { acknowledged: records }) => sum + records, 0)
}

describe('three brokers', () => {
  it.each(seeds)('lose nothing when a majority forms of a stale minority and an amnesiac (seed %i)', async (seed) => {
    const world = await ready(seed)
    const leader = leaderOf(world, 0)
    const [swing, stale] = world.cluster.nodes.filter((node) => node !== leader) as [SimNode, SimNode]
    stale.pause()
    await runFor(world, 10_000, () => {})
    const before = acknowledged(world)
    expect(before).toBeGreaterThan(2_000)
    swing.die('power-cut')
    leader.pause()
    stale.resume()
    swing.start()
    await runFor(world, 15_000, () => {})
    leader.resume()
    await getWell(world)
    expect(acknowledged(world)).toBeGreaterThan(before)
  })

  it.each(seeds)('have every acknowledged record back after power was cut to all at once (seed %i)', async (seed) => {
    const world = await ready(seed)
    for (const node of world.cluster.nodes) node.die('power-cut')
    for (const node of world.cluster.nodes) node.start()
    await getWell(world)
    expect(acknowledged(world)).toBeGreaterThan(1_000)
  })

  it.each(seeds)('lose nothing when one of them comes back with an empty disk (seed %i)', async (seed) => {
    const world = await ready(seed)
    const before = acknowledged(world)
    const leader = leaderOf(world, 0)
    leader.die('power-cut')
    leader.loseDisk()
    leader.start()
    await runUntil(world, 30_000, 'go on', () =>
      acknowledged(world) > before + 500 ? null : 'nothing is acknowledged',
    )
    await getWell(world)
    expect(leader.disksLost).toBe(1)
  })

  it.each(seeds)('go on when whoever leads is killed, five times in a row (seed %i)', async (seed) => {
    const world = await ready(seed)
    for (let i = 0; i < 5; i++) {
      const before = acknowledged(world)
      const leader = leaderOf(world, i % 3)
      leader.die('kill')
      await runUntil(world, 20_000, 'go on', () =>
        acknowledged(world) > before + 500 ? null : 'nothing is acknowledged',
      )
      leader.start()
      await runUntil(world, 20_000, 'come back', () => (leader.state === 'up' ? null : leader.state))
    }
    await getWell(world)
  })

  it.each(seeds)('serve on while a leader hears everybody and nobody hears it (seed %i)', async (seed) => {
    const world = await ready(seed)
    const leader = leaderOf(world, 0)
    const unheard = [...world.cluster.network.links()].filter(({ from }) => from === leader.host)
    for (const link of unheard) link.cut()
    const before = acknowledged(world)
    await runUntil(world, 30_000, 'go on', () =>
      acknowledged(world) > before + 500 ? null : 'nothing is acknowledged',
    )
    for (const link of unheard) link.heal()
    await getWell(world)
  })
})
