/** A program of a user in a simulated world: the SDK as it is, virtual time, faults, one seed. */
import { describe, expect, it } from 'vitest'
import { int64, string, topic } from '../../client/index.ts'
import { App } from '../../processor/index.ts'
import { simulate, type Simulation } from '../../testing/simulation.ts'

const Orders = topic('orders', { key: string, value: string })
const HOUR_MS = 3_600_000

async function produce(world: Simulation, from: number, to: number): Promise<void> {
  await using producer = world.client().producer()
  for (let n = from; n < to; n += 1) await producer.send(Orders, [{ key: 'same', value: String(n) }])
}

async function consume(world: Simulation, count: number): Promise<number[]> {
  await using consumer = world.client().consumer({ group: 'readers', topics: [Orders], offsetReset: 'earliest' })
  const values: number[] = []
  for await (const { value } of consumer.records()) {
    values.push(Number(value))
    if (values.length === count) break
  }
  return values
}

/** Twenty records, a power cut of their leader, twenty more; then all of them, read by a group. */
async function throughPowerCut(world: Simulation): Promise<number[]> {
  await produce(world, 0, 20)
  const dead = world.leader('orders')
  world.faults.powerCut(dead)
  await produce(world, 20, 40)
  await world.faults.restart(dead)
  return consume(world, 40)
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('a simulated world', () => {
  it('loses nothing acknowledged to a power cut, and goes the same way for the same seed', {
    timeout: 60_000,
  }, async () => {
    const run = (seed: number) => simulate({ seed, topics: ['orders'] }, throughPowerCut)
    const [first, again, other] = [await run(7), await run(7), await run(8)]
    expect(first.value).toEqual(numbers(40))
    expect(other.value).toEqual(numbers(40))
    expect(again).toEqual(first)
    expect(other.digest).not.toBe(first.digest)
  })

  it('lets an hour pass in no time, by timers and by the clock', { timeout: 60_000 }, async () => {
    const options = { seed: 1, brokers: 1, limitMs: 2 * HOUR_MS }
    const { value, elapsedMs } = await simulate(options, async (world) => {
      const beganMs = Date.now()
      let ticks = 0
      const interval = setInterval(() => void ticks++, 60_000)
      await new Promise((resolve) => setTimeout(resolve, HOUR_MS + 1_000))
      clearInterval(interval)
      await world.sleep(60_000)
      return { ticks, passedMs: Date.now() - beganMs }
    })
    expect(value.ticks).toBe(60)
    expect(value.passedMs).toBeGreaterThanOrEqual(HOUR_MS + 61_000)
    expect(elapsedMs).toBeGreaterThan(value.passedMs)
  })

  it('elects another leader for one that stands still or is cut off, and heals', { timeout: 60_000 }, async () => {
    await simulate({ seed: 3, topics: ['orders'] }, async (world) => {
      const first = world.leader('orders')
      world.faults.pause(first)
      await produce(world, 0, 5)
      world.faults.resume(first)
      const second = world.controller()
      world.faults.isolate(second)
      await world.sleep(10_000)
      world.faults.heal()
      await produce(world, 5, 10)
      expect(await consume(world, 10)).toEqual(numbers(10))
    })
  })

  it('runs a topology, which goes on where it was when the leaders move', { timeout: 60_000 }, async () => {
    const Counts = topic('counts', { key: string, value: int64 })
    const topics = ['orders', 'counts']
    const { value } = await simulate({ seed: 11, topics }, async (world) => {
      await using app = new App({ id: 'counter', client: world.client() })
      app.stream(Orders).groupByKey().count({ as: 'n' }).to(Counts)
      await app.start()
      await produce(world, 0, 10)
      world.faults.kill(world.leader('orders'))
      await produce(world, 10, 20)
      await using consumer = world.client().consumer({ group: 'g', topics: [Counts], offsetReset: 'earliest' })
      for await (const record of consumer.records()) if (record.value === 20) return record.value
      throw new Error('the counts ended')
    })
    expect(value).toBe(20)
  })

  it('ends with what the program throws, and gives real time and chance back', async () => {
    const platform = () => [setTimeout, setImmediate, Date.now, Math.random, Object.hasOwn(performance, 'now')]
    const before = platform()
    const failing = simulate({ seed: 1, brokers: 1 }, async () => {
      expect(setTimeout).not.toBe(before[0])
      throw new Error('as it should')
    })
    await expect(failing).rejects.toThrow('as it should')
    expect(platform()).toEqual(before)
  })

  it('is one at a time, and gives up on a program that never ends', async () => {
    const endless = simulate({ seed: 5, brokers: 1, limitMs: 20_000 }, () => new Promise(() => {}))
    await expect(simulate({ seed: 6 }, async () => {})).rejects.toThrow('a simulation runs already')
    await expect(endless).rejects.toThrow('seed 5: not done after 20000 simulated milliseconds')
    await expect(simulate({ seed: 6, brokers: 0 }, async () => {})).rejects.toThrow(RangeError)
  })
})
