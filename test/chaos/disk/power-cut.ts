/**
 * A power cut under load: kill -9, and everything that was not synced by then lost at random, name by name and write by
 * write, as reconstructed from the broker's own system calls. Several such directories for each cut, all different.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCommand } from '../../support/has-command.ts'
import { type Anomaly, merged } from '../judge.ts'
import { chaosDirectory, startChaosBroker } from '../leftovers.ts'
import { DiskModel } from '../power/disk-model.ts'
import { readTrace, TRACED_CALLS } from '../power/trace.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { Stage } from '../stage.ts'
import { sleep } from '../wait.ts'

const ROUNDS = 6
/** Directories that each cut is judged by, beside the one that the clients go on with. */
const DRAWS = 4
/** Syncs take at least this long, so that there is always something to lose. */
const SYNC_DELAY_US = 10_000
/** Rolls every few seconds. */
const SEGMENT_BYTES = 1024 * 1024

function tracer(output: string): string[] {
  const what = ['-e', `trace=${TRACED_CALLS}`, '-e', `inject=fdatasync:delay_enter=${SYNC_DELAY_US}`]
  // Small files are rewritten, so their contents must be in the trace; those of a log are still in it afterwards.
  return ['strace', '-f', '--seccomp-bpf', '-qq', '-y', '-x', '-s', '1024', ...what, '-o', output]
}

/** `rounds` cuts with `draws` judged directories each. In a mode that does not sync this finds losses, as it must. */
export async function cutPower(
  context: ChaosContext,
  durability: 'fsync' | 'page-cache',
  rounds: number,
  draws: number,
): Promise<ChaosReport> {
  using space = chaosDirectory()
  const trace = join(space.path, 'trace')
  const configs = { 'segment.bytes': String(SEGMENT_BYTES) }
  const dataDir = join(space.path, 'data')
  let model = new DiskModel(dataDir)
  await using stage = await Stage.open(context, { durability, configs, dataDir, wrapper: tracer(trace) })
  const anomalies: Anomaly[] = []
  let unsynced = 0
  for (let round = 0; round < rounds; round++) {
    await sleep(context.random.between(200, 1500))
    await stage.kill()
    readTrace(readFileSync(trace, 'utf8'), model)
    for (let draw = 0; draw < draws; draw++) {
      const left = join(space.path, `${round}-${draw}`)
      unsynced += model.cutPower(left, context.random).unsynced
      anomalies.push(...(await judgeLeft(context, stage, left)))
    }
    const next = join(space.path, `${round}-next`)
    model.cutPower(next, context.random)
    model = new DiskModel(next)
    await stage.start({ dataDir: next })
    await stage.awaitProgress(50)
  }
  const report = await stage.report(
    `${rounds} power cuts, ${rounds * (draws + 1)} directories, ${unsynced} changes lost`,
  )
  return { ...report, anomalies: merged([...anomalies, ...report.anomalies]) }
}

/** Starts a broker of its own on what a cut left, and judges what it serves. */
async function judgeLeft(context: ChaosContext, stage: Stage, left: string): Promise<Anomaly[]> {
  const options = context.command === undefined ? {} : { command: context.command }
  try {
    await using broker = await startChaosBroker(['--data-dir', left, '--no-http'], options)
    return await stage.judgeNow('after a power cut', broker)
  } catch (error) {
    stage.problems.push(`after a power cut, no start: ${String(error)}`)
    return []
  }
}

export const powerCut: Scenario = {
  name: 'power-cut',
  about: 'kill -9 and loss of what was not synced, reconstructed from the system calls',
  skip: () => (process.platform === 'linux' && hasCommand('strace') ? null : 'strace is not installed'),
  run: (context) => cutPower(context, 'fsync', context.short ? 2 : ROUNDS, DRAWS),
}
