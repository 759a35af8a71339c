/** Random interleavings of a leader and its followers, with crashes, cuts and elections: what was acknowledged stays. */
import { describe, expect, it } from 'vitest'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import type { SimProcess } from '../../../testing/sim/process.ts'
import type { ReplicaNode } from './replica-node.ts'
import { ReplicaWorld, type WorldOptions } from './replica-world.ts'

interface Kept {
  readonly offset: number
  readonly text: string
}

/** Every record of a node's log below `endOffset`. */
function records(node: ReplicaNode, endOffset: number): Kept[] {
  const { log } = node.partition
  const kept: Kept[] = []
  for (let offset = log.logStartOffset; offset < endOffset; ) {
    let next = offset
    const take = (buffers: readonly Buffer[], nextOffset: number): void => {
      next = nextOffset
      for (const batch of decodeBatches(buffers)) {
        for (const { value, offset: at } of batch.records())
          kept.push({ offset: at, text: `${value?.toString()}@${batch.leaderEpoch}` })
      }
    }
    const read = log.read(offset, endOffset, 1 << 20, true)
    if (read === null) throw new Error('a small log is read at once')
    take(read.buffers, read.nextOffset)
    if (next === offset) break
    offset = next
  }
  return kept
}

class Story {
  readonly world: ReplicaWorld
  readonly acknowledged = new Map<number, string>()
  /** Produces that nobody has answered, and the process that was asked. */
  private readonly unanswered = new Map<string, SimProcess>()
  private count = 0
  private healed = false

  constructor(options: WorldOptions) {
    this.world = new ReplicaWorld(options)
    this.world.run(30)
  }

  private get alive(): ReplicaNode[] {
    return [...this.world.nodes.values()].filter(({ isAlive, hasDiedInCall }) => isAlive && !hasDiedInCall)
  }

  step(deaths: 'kill' | 'power-cut'): void {
    const { world } = this
    const { random, image } = world
    const kind = random.weighted({
      produce: 60,
      wait: 20,
      die: 3,
      'die-in-call': 3,
      outage: 1,
      restart: 6,
      cut: 3,
      heal: 6,
      elect: 3,
      controller: 2,
    })
    if (kind === 'produce') this.produce()
    else if (kind === 'die' && this.alive.length > 0)
      world.kill(random.pick(this.alive).id, random.chance(0.5) ? deaths : 'kill')
    else if (kind === 'die-in-call' && this.alive.length > 0) {
      random.pick(this.alive).faults.dieAfter(random.between(1, 40), random.chance(0.5) ? deaths : 'kill')
    } else if (kind === 'outage') for (const { id } of this.alive) world.kill(id, deaths)
    else if (kind === 'restart') this.restartOne()
    else if (kind === 'cut') world.cuts.add(`${random.between(1, 3)}-${random.between(1, 3)}`)
    else if (kind === 'heal') world.cuts.clear()
    else if (kind === 'controller') world.controllerIsAway = !world.controllerIsAway
    else if (kind === 'elect' && image.partition.leader > 0) {
      const candidates = image.partition.isr.filter(
        (id) => id !== image.partition.leader && image.brokers.get(id)?.fenced === false,
      )
      if (candidates.length > 0) world.elect(random.pick(candidates))
    }
    world.run(random.chance(0.1) ? random.between(50, 600) : random.between(0, 8))
  }

  /** Everybody is back and everything works. */
  heal(): void {
    const { world } = this
    world.cuts.clear()
    world.controllerIsAway = false
    this.healed = true
    for (const { faults } of world.nodes.values()) faults.paused = true
    while (this.restartOne());
    const { minIsr } = world
    const isWhole = (): boolean =>
      world.image.partition.isr.length === world.nodes.size &&
      this.alive.length >= minIsr &&
      this.alive.every(({ partition: { log } }) => log.highWatermark === world.leader.partition.logEndOffset)
    expect(world.runUntil(isWhole, 30_000)).toBe(true)
  }

  /** One more record is acknowledged. */
  checkService(): void {
    const before = this.acknowledged.size
    this.produce()
    expect(this.world.runUntil(() => this.acknowledged.size > before)).toBe(true)
  }

  /** Whoever asked a broker that lives has an answer. */
  checkAnswers(): void {
    this.world.run(6_000)
    expect([...this.unanswered].filter(([, { isAlive }]) => isAlive).map(([value]) => value)).toEqual([])
  }

  /** Every member of the in-sync set that runs has everything that was acknowledged; replicas agree on what is committed. */
  check(): void {
    // Looking is no call of the process.
    for (const { faults } of this.world.nodes.values()) faults.paused = true
    this.compare()
    for (const { faults } of this.world.nodes.values()) faults.paused = this.healed
  }

  private compare(): void {
    const { partition } = this.world.image
    const hosting = this.alive.filter((node) => node.partitions?.get('orders', 0) !== undefined)
    for (const node of hosting) {
      if (!partition.isr.includes(node.id)) continue
      const texts = new Map(
        records(node, node.partition.log.flushedEndOffset).map(({ offset, text }) => [offset, text]),
      )
      for (const [offset, value] of this.acknowledged) {
        if (texts.get(offset)?.split('@')[0] !== value) {
          throw new Error(
            `node ${node.id}, in sync, has ${texts.get(offset)} at ${offset}, where ${value} was acknowledged`,
          )
        }
      }
    }
    for (const [a, b] of hosting.flatMap((one) => hosting.map((other) => [one, other] as const))) {
      if (a.id >= b.id) continue
      const end = Math.min(a.partition.highWatermark, b.partition.highWatermark)
      expect(records(a, end)).toEqual(records(b, end))
    }
  }

  private produce(): void {
    const node = this.alive.find(({ partitions }) => partitions?.get('orders', 0)?.isLeader === true)
    if (node === undefined) return
    const value = `v${this.count++}`
    const { process } = node
    this.unanswered.set(value, process)
    node.append(value, (error, baseOffset) => {
      this.unanswered.delete(value)
      if (error === 0) this.acknowledged.set(baseOffset, value)
    })
  }

  private restartOne(): boolean {
    const dead = [...this.world.nodes.values()].find(({ isAlive }) => !isAlive)
    if (dead !== undefined) this.world.restart(dead.id)
    return dead !== undefined
  }
}

function tell(seed: number, options: WorldOptions, deaths: 'kill' | 'power-cut'): void {
  const story = new Story({ ...options, seed })
  for (let step = 0; step < 250; step++) {
    story.step(deaths)
    if (step % 10 === 0) story.check()
  }
  story.heal()
  story.check()
  story.checkAnswers()
  story.checkService()
}

const seeds = Array.from({ length: Number(process.env['REPLICATION_SEEDS'] ?? 5) }, (_, i) => i + 1)

describe('a partition with three replicas', () => {
  it.each(seeds)('in fsync mode keeps what was acknowledged through kills and power cuts (seed %i)', (seed) => {
    tell(seed, { durability: 'fsync', log: { segmentBytes: 2_000 } }, 'power-cut')
  })

  it.each(seeds)('in page-cache mode keeps what was acknowledged through kills (seed %i)', (seed) => {
    tell(seed, { durability: 'page-cache' }, 'kill')
  })
})
