/** The disk of one broker fails under one log: another broker leads it, and nothing is lost. */
import { join } from 'node:path'
import { type Fault, inject, whyNoInjection } from '../inject.ts'
import { Ledger } from '../load.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { eventually } from '../wait.ts'
import { ClusterStage } from './stage.ts'

const VICTIM = 0
const PATIENCE_MS = 20_000

/** A log that failed stays out until its broker is started again, whatever the disk does by then. */
async function failLeader(context: ChaosContext, fault: Fault): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context)
  const rounds = context.short ? 1 : 3
  let calls = 0
  for (let round = 0; round < rounds; round++) {
    const leader = await stage.leader(VICTIM)
    const path = join(stage.dataDir(leader), `${Ledger.name}-${VICTIM}`, '00000000000000000000.log')
    const injection = await inject(stage.pid(leader), { ...fault, path }, stage.file(`strace-${round}`))
    stage.noteFault(`EIO of ${fault.calls.split(',')[0]}`)
    const moved = await eventually(async () => ![leader, -1].includes(await stage.leader(VICTIM)), PATIENCE_MS)
    stage.expect(moved, `broker ${leader} still leads a log that failed`)
    for (let partition = 0; partition < stage.partitions; partition++) await stage.awaitProgress(20, { partition })
    calls += injection.count()
    await injection.stop()
    await stage.awaitProgress(100, { partition: VICTIM })
    stage.expect(await stage.isOutOfSync(VICTIM, leader), `a log that failed is in sync again without a restart`)
    await stage.kill([leader], context.random.pick(['SIGKILL', 'SIGTERM']))
    await stage.start(leader)
    await stage.awaitInSync()
  }
  stage.expect(calls > 0, 'no system call was made to fail')
  return await stage.report(`${calls} calls (${fault.calls}) failed with EIO on the leader of one log, ${rounds} times`)
}

export const failedSync: Scenario = {
  name: 'eio-fsync',
  about: 'fdatasync of one log fails on its leader: another leads it, the broker goes on with the others',
  skip: whyNoInjection,
  run: (context) => failLeader(context, { calls: 'fdatasync', effect: 'error=EIO' }),
}

export const failedWrite: Scenario = {
  name: 'eio-write',
  about: 'writes of one log fail on its leader: another leads it, the broker goes on with the others',
  skip: whyNoInjection,
  run: (context) => failLeader(context, { calls: 'pwrite64,pwritev,write,writev', effect: 'error=EIO' }),
}
