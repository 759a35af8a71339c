/** A disk or a process that hangs: everything takes longer, and nothing is acknowledged earlier. */
import { whyNoInjection } from '../inject.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { Stage } from '../stage.ts'
import { sleep } from '../wait.ts'

const SYNC_MS = 300
const PROBES = 5
/** Records that a sync must carry on average, if those who wait ride on it together. */
const RECORDS_PER_SYNC_MIN = 10

async function slowSyncs(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await Stage.open(context, { lanes: 8 })
  const injection = await stage.inject({ calls: 'fdatasync', effect: `delay_enter=${SYNC_MS * 1000}` })
  const before = stage.acknowledged()
  for (let probe = 0; probe < PROBES; probe++) {
    const begun = performance.now()
    await stage.probe(probe % stage.partitions)
    const tookMs = performance.now() - begun
    stage.expect(tookMs >= SYNC_MS, `a record was acknowledged after ${tookMs.toFixed(1)} ms, a sync takes ${SYNC_MS}`)
  }
  await stage.awaitProgress(1000)
  const records = stage.acknowledged() - before
  const syncs = injection.seen()
  await injection.stop()
  const shared = `${records} records in ${syncs} syncs`
  stage.expect(syncs > 0 && records >= syncs * RECORDS_PER_SYNC_MIN, `no group commit: ${shared}`)
  await stage.kill()
  await stage.start()
  return await stage.report(`fdatasync took ${SYNC_MS} ms more: ${shared}`)
}

async function stop(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await Stage.open(context)
  const seconds = context.short ? 2 : 10
  process.kill(stage.broker.pid, 'SIGSTOP')
  await sleep(seconds * 1000)
  process.kill(stage.broker.pid, 'SIGCONT')
  await stage.awaitProgress(200)
  return await stage.report(`SIGSTOP for ${seconds} s`)
}

export const slowSync: Scenario = {
  name: 'slow-fsync',
  about: 'every fdatasync takes 300 ms more: group commit goes on, no acknowledgement comes early',
  skip: whyNoInjection,
  run: slowSyncs,
}

export const pause: Scenario = {
  name: 'pause',
  about: 'SIGSTOP under load, then SIGCONT',
  skip: () => null,
  run: stop,
}
