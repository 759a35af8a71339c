/** One seed: a cluster from its first start until all is well again, and what came of it. */
import { settled, Trace } from '../../../testing/sim/index.ts'
import { checkFinal } from './final.ts'
import { Violation } from '../log/violation.ts'
import type { Settings } from './settings.ts'
import { stateOf } from './state-of.ts'
import { World } from './world.ts'

export interface SeedResult {
  readonly seed: number
  readonly brokers: number
  readonly events: number
  readonly simulatedMs: number
  readonly records: number
  readonly hash: string
  readonly faults: Readonly<Record<string, number>>
  readonly failure: SeedFailure | null
}

export interface SeedFailure {
  readonly invariant: string
  readonly message: string
  readonly recent: readonly string[]
}

/** How long a healthy cluster may take to get ready, and a healed one to get well (simulated ms). */
const READY_MS_MAX = 60_000
const WELL_MS_MAX = 60_000
/** How long clients go on once the cluster is well (simulated ms). */
const TRAFFIC_MS = 2_000
/** While it is waited for, the world is looked at so often (simulated ms). */
const LOOK_MS = 100

/** Runs a seed once. `onLine` gets the whole trace. */
export async function runSeed(
  seed: number,
  onLine: ((line: string) => void) | null = null,
  settings?: Settings,
): Promise<SeedResult> {
  let world: World | null = null
  const timed =
    onLine === null ? null : (line: string) => onLine(`${(world?.nowMs ?? 0).toFixed(2).padStart(9)} ${line}`)
  const trace = new Trace(timed)
  world = new World(seed, trace, settings)
  let failure: SeedFailure | null = null
  try {
    await live(world)
  } catch (error) {
    failure = failureOf(error, trace)
    for (const line of stateOf(world)) world.note(line)
  }
  const acknowledged = world.producers.reduce((sum, producer) => sum + producer.acknowledged, 0)
  trace.note(`${world.events} events, ${acknowledged} records`)
  const counts = [...world.weather.counts, ['voter-change', world.voterOperator?.changes ?? 0] as const]
  const faults = Object.fromEntries(counts.sort(([a], [b]) => (a < b ? -1 : 1)))
  const { events, nowMs: simulatedMs } = world
  const { brokers } = world.settings
  return { seed, brokers, events, simulatedMs, records: acknowledged, hash: trace.digest(), faults, failure }
}

/** Runs a seed twice: everything that happened must have happened again. */
export async function runTwice(seed: number): Promise<SeedResult> {
  const first = await runSeed(seed)
  const second = await runSeed(seed)
  if (first.hash === second.hash) return first
  const message = `determinism: seed ${seed} hashes ${first.hash} the first time and ${second.hash} the second`
  return { ...first, failure: { invariant: 'determinism', message, recent: second.failure?.recent ?? [] } }
}

async function live(world: World): Promise<void> {
  world.note(JSON.stringify(world.settings))
  await getReady(world)
  world.weather.begin()
  await runFor(world, world.settings.safetyMs, () => world.tendNodes())
  await getWell(world)
}

/** From the first start until the clients are at work. */
export async function getReady(world: World): Promise<void> {
  let isReady = false
  world.startNodes()
  world.createTopics(() => void (isReady = true))
  await runUntil(world, READY_MS_MAX, 'get ready', () => (isReady ? null : 'the topics are not there'))
  world.startClients()
}

/** The faults end: everybody must be served again, every replica be complete, and every promise be kept. */
export async function getWell(world: World): Promise<void> {
  world.note('heal')
  world.heal()
  await runUntil(world, WELL_MS_MAX, 'start', () => {
    world.tendNodes()
    const down = world.cluster.nodes.find((node) => node.state !== 'up')
    return down === undefined ? null : `${down.host} is ${down.state}`
  })
  // Traffic goes on for a while: what works again must work for whoever is there.
  await runFor(world, TRAFFIC_MS, () => {})
  for (const producer of world.producers) producer.stop()
  world.operator?.stop()
  world.voterOperator?.stop()
  await runUntil(world, WELL_MS_MAX, 'answer every producer', () => {
    const busy = world.producers.findIndex((producer) => !producer.isIdle)
    return busy < 0 ? null : `producer ${busy + 1} still waits`
  })
  await runUntil(world, WELL_MS_MAX, 'settle its group', () => {
    const lost = world.members.findIndex((member) => !member.isSettled)
    return lost < 0 ? null : `member ${lost + 1} has no assignment`
  })
  for (const member of world.members) member.stop()
  for (const consumer of world.consumers) consumer.catchUp()
  await runUntil(world, WELL_MS_MAX, 'agree', () => checkFinal(world))
  world.invariants.checkAll()
}

/** Lets so much simulated time pass; `look` is called every now and then. */
export async function runFor(world: World, ms: number, look: () => void): Promise<void> {
  const untilMs = world.nowMs + ms
  while (world.nowMs < untilMs) {
    await runSlice(world, Math.min(untilMs, world.nowMs + LOOK_MS))
    look()
  }
}

/** Goes on until `missing` says nothing. Throws a `Violation` when that takes more than `maxMs`. */
export async function runUntil(world: World, maxMs: number, what: string, missing: () => string | null): Promise<void> {
  const untilMs = world.nowMs + maxMs
  for (let reason = missing(); reason !== null; reason = missing()) {
    if (world.nowMs >= untilMs)
      throw new Violation('L1', `in ${maxMs / 1000} s the cluster does not ${what}: ${reason}`)
    await runSlice(world, world.nowMs + LOOK_MS)
  }
}

async function runSlice(world: World, untilMs: number): Promise<void> {
  let isOver = false
  world.clock.after(untilMs - world.nowMs, () => void (isOver = true))
  while (!isOver) {
    if (world.cluster.isAsync) await settled()
    world.cluster.step()
    world.events++
    if (world.failure !== null) throw world.failure
    world.invariants.afterEvent()
  }
}

function failureOf(error: unknown, trace: Trace): SeedFailure {
  const invariant = error instanceof Violation ? error.invariant : 'simulator'
  const cause = error instanceof Violation ? error.cause : error
  const detail = cause instanceof Error ? `\n${cause.stack ?? cause.message}` : ''
  const message = `${error instanceof Error ? error.message : String(error)}${detail}`
  return { invariant, message, recent: [...trace.recent] }
}
