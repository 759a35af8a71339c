/** The system calls on one log fail: that log alone suffers, and what it acknowledged stays. */
import { Errors } from '../../../proto/kafka/errors.ts'
import { type Fault, whyNoInjection } from '../inject.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { Stage } from '../stage.ts'

const VICTIM = 0
const WRITES = 'pwrite64,pwritev,write,writev'

/** Every other partition goes on. */
async function othersGoOn(stage: Stage): Promise<void> {
  for (let partition = 0; partition < stage.partitions; partition++) {
    if (partition !== VICTIM) await stage.awaitProgress(20, { partition })
  }
}

/** EIO is final: the log stays offline, whatever the disk does later, until a restart has read what is really there. */
async function failLog(context: ChaosContext, fault: Fault): Promise<ChaosReport> {
  await using stage = await Stage.open(context)
  const injection = await stage.inject({ ...fault, path: stage.segmentOf(VICTIM) })
  await stage.awaitAnswer(VICTIM, Errors.KAFKA_STORAGE_ERROR)
  await othersGoOn(stage)
  const count = injection.count()
  await injection.stop()
  stage.expect(count > 0, 'no system call was made to fail')
  const answer = await stage.probe(VICTIM)
  stage.expect(answer === Errors.KAFKA_STORAGE_ERROR, `a log that failed answered ${answer} without a restart`)
  const said = stage.broker.stderr()
  stage.expect(/ledger/.test(said) && said.includes('EIO'), `the broker does not name log and error: ${said.trim()}`)
  await stage.kill(context.random.pick(['SIGKILL', 'SIGTERM']))
  await stage.start()
  await stage.awaitProgress(20, { partition: VICTIM })
  return await stage.report(`${count} calls (${fault.calls}) failed with EIO, one restart`)
}

/** A full disk is not: nothing is written while it lasts, everything is read, and appends go on by themselves after it. */
async function fillLog(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await Stage.open(context)
  const fault = { calls: WRITES, effect: 'error=ENOSPC', path: stage.segmentOf(VICTIM) }
  const injection = await stage.inject(fault)
  await stage.awaitAnswer(VICTIM, Errors.KAFKA_STORAGE_ERROR)
  await othersGoOn(stage)
  const meanwhile = await stage.judgeNow('while the log was full')
  const count = injection.count()
  await injection.stop()
  stage.expect(count > 0, 'no system call was made to fail')
  await stage.awaitAnswer(VICTIM, Errors.NONE)
  await stage.awaitProgress(100, { partition: VICTIM })
  await stage.kill()
  await stage.start()
  const report = await stage.report(`${count} writes failed with ENOSPC, one restart`)
  return { ...report, anomalies: [...meanwhile, ...report.anomalies] }
}

/** A write that writes nothing is the shortest of short writes: it is to be gone on with. */
async function shortWrites(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await Stage.open(context)
  const injection = await stage.inject({ calls: WRITES, effect: 'retval=0:when=2+3', path: stage.segmentOf(VICTIM) })
  await stage.awaitProgress(context.short ? 100 : 500, { partition: VICTIM })
  const count = injection.count()
  await injection.stop()
  stage.expect(count > 0, 'no write was made to write nothing')
  await stage.kill()
  await stage.start()
  return await stage.report(`${count} writes wrote nothing, one restart`)
}

export const eioSync: Scenario = {
  name: 'eio-fsync',
  about: 'fdatasync of one log fails: it goes offline, the others serve',
  skip: whyNoInjection,
  run: (context) => failLog(context, { calls: 'fdatasync', effect: 'error=EIO' }),
}

export const eioWrite: Scenario = {
  name: 'eio-write',
  about: 'writes of one log fail: it goes offline, the others serve',
  skip: whyNoInjection,
  run: (context) => failLog(context, { calls: WRITES, effect: 'error=EIO' }),
}

export const enospc: Scenario = {
  name: 'enospc',
  about: 'one log finds no space for a while: refused, readable, then accepted again',
  skip: whyNoInjection,
  run: fillLog,
}

export const shortWrite: Scenario = {
  name: 'short-write',
  about: 'writes of one log come back short',
  skip: whyNoInjection,
  run: shortWrites,
}
