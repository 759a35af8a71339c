/** One seed: a world from its first start to its last, and what came of it. */
import { SimDirectory, type SimFile, Trace } from '../../../testing/sim/index.ts'
import { act } from './actions.ts'
import { checkEnds, checkEpochs, checkStableOffset } from './invariants.ts'
import { checkLiveness } from './liveness.ts'
import { checkProcess } from './process.ts'
import { checkThoroughly } from './thorough.ts'
import { Violation } from './violation.ts'
import { type Partition, World } from './world.ts'

export interface SeedResult {
  readonly seed: number
  readonly events: number
  readonly hash: string
  readonly faults: Readonly<Record<string, number>>
  readonly failure: SeedFailure | null
}

export interface SeedFailure {
  readonly invariant: string
  readonly message: string
  readonly recent: readonly string[]
}

/** Runs a seed once. `onLine` gets the whole trace. */
export function runSeed(seed: number, onLine: ((line: string) => void) | null = null): SeedResult {
  const trace = new Trace(onLine)
  const world = new World(seed, trace)
  let failure: SeedFailure | null = null
  try {
    live(world)
  } catch (error) {
    failure = failureOf(error, trace)
  }
  const root = world.disk.peek('/')
  if (root instanceof SimDirectory) mixTree(trace, root)
  const faults = Object.fromEntries([...world.faults.counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  return { seed, events: trace.count, hash: trace.digest(), faults, failure }
}

/** Runs a seed twice: everything that happened must have happened again. */
export function runTwice(seed: number): SeedResult {
  const first = runSeed(seed)
  const second = runSeed(seed)
  if (first.hash === second.hash) return first
  const message = `seed ${seed} hashes ${first.hash} the first time and ${second.hash} the second`
  return { ...first, failure: { invariant: 'determinism', message, recent: second.failure?.recent ?? [] } }
}

/** Safety first: anything may fail. Then the faults end, and everything must be there and work. */
function live(world: World): void {
  world.restart()
  for (let step = 0; step < world.settings.steps; step++) {
    const partition = act(world)
    checkAll(world, partition)
  }
  checkLiveness(world)
  world.crash(world.random.pick(['kill', 'power-cut']))
  world.faults.paused = true
  for (const partition of world.partitions) checkThoroughly(world, partition)
  world.stop()
  for (const partition of world.partitions) checkThoroughly(world, partition)
}

/** The log that something happened to is looked at closely, the others for what must not have changed. */
function checkAll(world: World, touched: Partition): void {
  checkProcess(world)
  for (const partition of world.partitions) {
    world.noteOffline(partition)
    const { model } = partition
    const log = world.logOf(partition)
    if (model.isOffline) continue
    checkEnds(log, model)
    checkStableOffset(log, model)
    if (partition === touched) checkEpochs(log, model)
    model.reported(log.durableEndOffset)
  }
}

function failureOf(error: unknown, trace: Trace): SeedFailure {
  const invariant = error instanceof Violation ? error.invariant : 'simulator'
  const cause = error instanceof Violation ? error.cause : error
  const detail = cause instanceof Error ? `\n${cause.stack ?? cause.message}` : ''
  return {
    invariant,
    message: `${error instanceof Error ? error.message : String(error)}${detail}`,
    recent: [...trace.recent],
  }
}

function mixTree(trace: Trace, directory: SimDirectory): void {
  for (const name of [...directory.visible.keys()].sort()) {
    const node = directory.visible.get(name)!
    trace.note(name)
    if (node instanceof SimDirectory) mixTree(trace, node)
    else trace.mix((node as SimFile).visible.view())
  }
}
