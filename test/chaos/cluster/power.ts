/** Power cuts in a cluster: brokers die and lose what they had not synced, as reconstructed from their own system calls. */
import type { AnomalyId } from '../judge.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { sleep } from '../wait.ts'
import { Disks, whyNoPowerCut } from './disks.ts'
import { expectSafeLeaders, findings } from './doctor.ts'
import { ClusterStage } from './stage.ts'

const traced = () => new Disks([1, 2, 3], { isTraced: true, sizeBytes: null })

async function open(
  context: ChaosContext,
  disks: Disks,
  durability: 'fsync' | 'page-cache' = 'fsync',
): Promise<ClusterStage> {
  return ClusterStage.open(context, {
    durability,
    dataDir: (node) => disks.dataDir(node),
    wrapper: (node) => disks.wrapper(node),
  })
}

async function cutRandom(context: ChaosContext): Promise<ChaosReport> {
  using disks = traced()
  await using stage = await open(context, disks)
  const rounds = context.short ? 1 : 4
  for (let round = 0; round < rounds; round++) {
    const victim = context.random.pick([await stage.leader(), context.random.pick(stage.nodes)])
    await disks.cutPower(stage, [victim], context)
    await stage.awaitProgress(50)
    await stage.start(victim)
    await stage.awaitInSync()
  }
  return await stage.report(`${rounds} power cuts of one broker, ${disks.unsynced} changes lost`)
}

/** Total outage: all at once, each loses its unsynced writes, and every acknowledged record is back without an unclean election. */
async function cutAll(context: ChaosContext): Promise<ChaosReport> {
  using disks = traced()
  await using stage = await open(context, disks)
  const rounds = context.short ? 1 : 4
  for (let round = 0; round < rounds; round++) {
    await sleep(context.random.between(300, 2000))
    await disks.cutPower(stage, stage.nodes, context)
    await stage.start(...stage.nodes)
    await stage.awaitProgress(100)
    await expectSafeLeaders(context, stage)
    await stage.awaitInSync()
  }
  return await stage.report(`${rounds} power cuts of all brokers at once, ${disks.unsynced} changes lost`)
}

/** What nobody synced: the mode promises that it is acknowledged all the same, and that it may be gone after this. */
const MAY_GO: ReadonlySet<AnomalyId> = new Set(['P1', 'P3', 'P4', 'P6', 'R11', 'S'])

/** The same without syncs: what was acknowledged last may be gone, but the cluster comes back by itself, and says so. */
async function cutAllUnsynced(context: ChaosContext): Promise<ChaosReport> {
  using disks = traced()
  await using stage = await open(context, disks, 'page-cache')
  await sleep(context.random.between(300, 2000))
  await disks.cutPower(stage, stage.nodes, context)
  await stage.start(...stage.nodes)
  await stage.awaitProgress(100)
  await stage.awaitInSync()
  const told = await findings(context, stage)
  stage.expect(
    told.some((line) => line.includes('may have lost')),
    `the doctor does not say that records may be gone: ${told.join('; ')}`,
  )
  const report = await stage.report('', { mayLose: true })
  const lost = report.anomalies.find(({ id }) => id === 'P1')?.count ?? 0
  const anomalies = report.anomalies.filter(({ id }) => !MAY_GO.has(id))
  const injected = `a power cut of all brokers in page-cache mode: ${disks.unsynced} changes and ${lost} acknowledged records lost, as that mode may`
  return { ...report, injected, anomalies }
}

/**
 * A minority hangs while records are written; the broker that both majorities share loses its power and what it had not
 * synced; the new majority is the one that slept and the one that forgot. Acknowledged before synced, records are gone.
 */
async function amnesiacMajority(context: ChaosContext): Promise<ChaosReport> {
  using disks = traced()
  await using stage = await open(context, disks)
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    const sleeper = context.random.pick(stage.nodes)
    const swing = stage.anyBut(sleeper)
    const other = stage.anyBut(sleeper, swing)
    stage.signal(sleeper, 'SIGSTOP')
    await stage.awaitProgress(context.short ? 300 : 3000)
    await Promise.all([stage.kill([other]), disks.cutPower(stage, [swing], context)])
    stage.signal(sleeper, 'SIGCONT')
    await stage.start(swing)
    await sleep(3_000)
    await stage.start(other)
    await stage.awaitProgress(100)
    await stage.awaitInSync()
  }
  return await stage.report(`a majority of one that slept and one that forgot, ${rounds} times`)
}

const scenario = (name: string, about: string, run: Scenario['run']): Scenario => ({
  name,
  about,
  skip: whyNoPowerCut,
  run,
})

export const powerCutOne = scenario('power-cut', 'one broker dies and loses what it had not synced', cutRandom)
export const totalOutage = scenario('total-outage', 'all brokers die at once and lose what they had not synced', cutAll)
export const unsyncedOutage = scenario(
  'page-cache-outage',
  'the same without syncs: records may be gone, but the cluster comes back and the doctor says so',
  cutAllUnsynced,
)
export const amnesiac = scenario(
  'amnesiac-majority',
  'one sleeps while records are written, one forgets: together they are a majority',
  amnesiacMajority,
)
