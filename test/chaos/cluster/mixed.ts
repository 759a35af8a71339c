/**
 * Everything at random, for as long as one likes: every few seconds another fault, or two, or none, so that the cluster
 * recovers and still meets combinations, while every kind of client works.
 */
import { Random } from '../../../demo/random.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { whyNoMount } from '../small-file-system.ts'
import { sleep } from '../wait.ts'
import { Disks, whyNoPowerCut } from './disks.ts'
import { ClusterStage } from './stage.ts'

const NODES = [1, 2, 3]

/** How long it lasts when nobody says (ms). */
const USUAL_MS = 60_000
const SHORT_MS = 15_000

/** Between two sends of a producer (ms): what an hour brings has to be held in memory, to be judged. */
const PAUSE_MS = 25

const MEBIBYTE = 1024 * 1024
/** Of each disk: far more than that takes, so that it is full only when it is made full. */
const diskBytes = (lastMs: number) => 256 * MEBIBYTE + (lastMs / 1000) * 4 * MEBIBYTE

/** What is wrong with the brokers now. */
interface Weather {
  readonly stage: ClusterStage
  readonly context: ChaosContext
  /** For the choice of faults alone: the same seed gives the same ones, whatever the disks draw. */
  readonly random: Random
  readonly disks: Disks
  /** Brokers that are up and do not hang. */
  readonly well: Set<number>
}

type Fault = (weather: Weather) => Promise<void> | void

function victims({ stage, random, well }: Weather, count: number): number[] {
  const nodes: number[] = []
  while (nodes.length < count && well.size > 0) {
    const node = random.pick([...well])
    well.delete(node)
    // One that has ended by itself is noted as a problem.
    if (stage.running.includes(node)) nodes.push(node)
  }
  return nodes
}

const kill =
  (count: number, signal: NodeJS.Signals): Fault =>
  async (weather) => {
    const nodes = victims(weather, count)
    if (nodes.length > 0) await weather.stage.kill(nodes, signal)
  }

const cutPower =
  (count: number): Fault =>
  async (weather) => {
    const nodes = victims(weather, count)
    if (nodes.length > 0) await weather.disks.cutPower(weather.stage, nodes, weather.context)
  }

const always: readonly Fault[] = [
  kill(1, 'SIGKILL'),
  kill(2, 'SIGKILL'),
  kill(3, 'SIGKILL'),
  kill(1, 'SIGTERM'),
  (weather) => {
    for (const node of victims(weather, 1)) weather.stage.signal(node, 'SIGSTOP')
  },
  ({ stage, random }) => stage.cut(random.pick(NODES), 'peers'),
  ({ stage, random }) => stage.cut(random.pick(NODES), 'clients'),
  ({ stage, random }) => {
    const from = random.pick(NODES)
    stage.cutOneWay(from, random.pick(NODES.filter((node) => node !== from)))
  },
]

const withPower: readonly Fault[] = [cutPower(1), cutPower(2), cutPower(3)]

const withDisks: readonly Fault[] = [({ stage, random, disks }) => disks.fill(stage, random.pick(NODES))]

/** Everything is well again, or on its way to that. */
async function clear({ stage, disks, well }: Weather): Promise<void> {
  disks.relieve()
  stage.heal()
  for (const node of stage.running) if (!well.has(node)) stage.signal(node, 'SIGCONT')
  await stage.start(...stage.nodes.filter((node) => !stage.running.includes(node)))
  for (const node of NODES) well.add(node)
}

async function mixed(context: ChaosContext): Promise<ChaosReport> {
  const reasons = { power: whyNoPowerCut(), disk: whyNoMount() }
  const faults = [...always, ...(reasons.power === null ? withPower : []), ...(reasons.disk === null ? withDisks : [])]
  const lastMs = context.lastMs ?? (context.short ? SHORT_MS : USUAL_MS)
  using disks = new Disks(NODES, {
    isTraced: reasons.power === null,
    sizeBytes: reasons.disk === null ? diskBytes(lastMs) : null,
  })
  await using stage = await ClusterStage.open(context, {
    ...{ lanes: 4, plainLanes: 2, members: 3, pauseMs: PAUSE_MS, network: true },
    dataDir: (node) => disks.dataDir(node),
    wrapper: (node) => disks.wrapper(node),
  })
  const random = new Random(context.random.next())
  const weather: Weather = { stage, context, random, disks, well: new Set(NODES) }
  const deadlineMs = performance.now() + lastMs
  while (performance.now() < deadlineMs) {
    const count = random.pick([0, 1, 1, 1, 2])
    for (let fault = 0; fault < count; fault++) await random.pick(faults)(weather)
    await sleep(random.between(500, 5000))
    await clear(weather)
    await stage.awaitProgress(50)
  }
  const left = Object.entries(reasons).flatMap(([what, reason]) =>
    reason === null ? [] : [`no faults of ${what}: ${reason}`],
  )
  return await stage.report([`faults at random, networks cut by ${stage.cutWith}`, ...left].join('; '))
}

export const mixedFaults: Scenario = {
  name: 'mixed',
  about:
    'kills, hangs, cuts, power cuts and full disks at random, from one seed; with --minutes this one alone, so long',
  isEndless: true,
  skip: () => null,
  run: mixed,
}
