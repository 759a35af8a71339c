/** Power cuts in a cluster: brokers die and lose what they had not synced, as reconstructed from their own system calls. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hasCommand } from '../../support/has-command.ts'
import { scratch } from '../../support/millrace-process.ts'
import { DiskModel } from '../power/disk-model.ts'
import { readTrace, TRACED_CALLS } from '../power/trace.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { sleep } from '../wait.ts'
import { ClusterStage } from './stage.ts'

/** Syncs take at least this long, so that there is always something to lose. */
const SYNC_DELAY_US = 5_000

/** The disks of the brokers: what each wrote, and what a cut leaves of it. */
class Disks implements Disposable {
  readonly #space = scratch()
  readonly #models = new Map<number, DiskModel>()
  #cuts = 0
  /** Changes lost so far. */
  unsynced = 0

  dataDir(node: number): string {
    return join(this.#space.path, `broker-${node}-${this.#cuts}`)
  }

  /** Traces are appended to: a broker that is killed and started again has not had its disk emptied. */
  wrapper(node: number): readonly string[] {
    if (!this.#models.has(node)) this.#models.set(node, new DiskModel(this.dataDir(node)))
    const what = ['-e', `trace=${TRACED_CALLS}`, '-e', `inject=fdatasync:delay_enter=${SYNC_DELAY_US}`]
    return ['strace', '-f', '-A', '--seccomp-bpf', '-qq', '-y', '-x', '-s', '1024', ...what, '-o', this.#trace(node)]
  }

  /** The power of dead brokers was cut: each goes on with what a disk might have kept. */
  cut(stage: ClusterStage, nodes: readonly number[], context: ChaosContext): void {
    this.#cuts++
    for (const node of nodes) {
      const model = this.#models.get(node)
      if (model === undefined) throw new Error(`broker ${node} has never run`)
      readTrace(readFileSync(this.#trace(node), 'utf8'), model)
      rmSync(this.#trace(node))
      const left = this.dataDir(node)
      this.unsynced += model.cutPower(left, context.random).unsynced
      this.#models.set(node, new DiskModel(left))
      stage.replaceDataDir(node, left)
    }
  }

  [Symbol.dispose](): void {
    this.#space[Symbol.dispose]()
  }

  #trace(node: number): string {
    return join(this.#space.path, `trace-${node}`)
  }
}

async function open(context: ChaosContext, disks: Disks): Promise<ClusterStage> {
  return ClusterStage.open(context, {
    dataDir: (node) => disks.dataDir(node),
    wrapper: (node) => disks.wrapper(node),
  })
}

async function cutRandom(context: ChaosContext): Promise<ChaosReport> {
  using disks = new Disks()
  await using stage = await open(context, disks)
  const rounds = context.short ? 1 : 4
  for (let round = 0; round < rounds; round++) {
    const victim = context.random.pick([await stage.leader(), context.random.pick(stage.nodes)])
    await stage.kill([victim])
    disks.cut(stage, [victim], context)
    await stage.awaitProgress(50)
    await stage.start(victim)
    await stage.awaitInSync()
  }
  return await stage.report(`${rounds} power cuts of one broker, ${disks.unsynced} changes lost`)
}

/** Total outage: all at once, each loses its unsynced writes, and every acknowledged record is back without an unclean election. */
async function cutAll(context: ChaosContext): Promise<ChaosReport> {
  using disks = new Disks()
  await using stage = await open(context, disks)
  const rounds = context.short ? 1 : 4
  for (let round = 0; round < rounds; round++) {
    await sleep(context.random.between(300, 2000))
    await stage.kill(stage.nodes)
    disks.cut(stage, stage.nodes, context)
    await stage.start(...stage.nodes)
    await stage.awaitProgress(100)
    await stage.awaitInSync()
  }
  return await stage.report(`${rounds} power cuts of all brokers at once, ${disks.unsynced} changes lost`)
}

/**
 * A minority hangs while records are written; the broker that both majorities share loses its power and what it had not
 * synced; the new majority is the one that slept and the one that forgot. Acknowledged before synced, records are gone.
 */
async function amnesiacMajority(context: ChaosContext): Promise<ChaosReport> {
  using disks = new Disks()
  await using stage = await open(context, disks)
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    const sleeper = context.random.pick(stage.nodes)
    const swing = stage.anyBut(sleeper)
    const other = stage.anyBut(sleeper, swing)
    stage.signal(sleeper, 'SIGSTOP')
    await stage.awaitProgress(context.short ? 300 : 3000)
    await stage.kill([swing, other])
    disks.cut(stage, [swing], context)
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
  skip: () => (process.platform === 'linux' && hasCommand('strace') ? null : 'strace is not installed'),
  run,
})

export const powerCutOne = scenario('power-cut', 'one broker dies and loses what it had not synced', cutRandom)
export const totalOutage = scenario('total-outage', 'all brokers die at once and lose what they had not synced', cutAll)
export const amnesiac = scenario(
  'amnesiac-majority',
  'one sleeps while records are written, one forgets: together they are a majority',
  amnesiacMajority,
)
