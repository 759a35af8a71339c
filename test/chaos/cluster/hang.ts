/** Brokers that hang, and brokers that cannot hear each other: alive, and useless or dangerous. */
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { sleep } from '../wait.ts'
import { ClusterStage } from './stage.ts'

/** Longer than a session: what hangs is fenced meanwhile. */
const LONG_MS = 6_000

async function pauseLeader(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context)
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    const leader = await stage.leader()
    stage.signal(leader, 'SIGSTOP')
    await stage.awaitProgress(100)
    await sleep(LONG_MS)
    stage.signal(leader, 'SIGCONT')
    await stage.awaitProgress(50)
    await stage.awaitInSync()
  }
  return await stage.report(`the leader hung for ${LONG_MS / 1000} s and woke up, ${rounds} times`)
}

/** Clients still reach the leader that its followers do not. */
async function cutLeader(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context, { network: true })
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    const leader = await stage.leader()
    stage.cut(leader, 'peers')
    await sleep(LONG_MS)
    await stage.awaitProgress(100)
    stage.heal()
    await stage.awaitInSync()
  }
  return await stage.report(
    `the leader cut off from the other brokers and not from clients, ${rounds} times, by ${stage.cutWith}`,
  )
}

/** One hears the others and is not heard by one of them: who is dead depends on whom one asks. */
async function cutOneWay(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context, { network: true })
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    const from = await stage.leader()
    const to = stage.anyBut(from)
    stage.cutOneWay(from, to)
    await sleep(LONG_MS)
    await stage.awaitProgress(50)
    stage.heal()
    await stage.awaitInSync()
  }
  return await stage.report(`what the leader sent to one follower was lost, ${rounds} times, by ${stage.cutWith}`)
}

export const pauseOne: Scenario = {
  name: 'pause-leader',
  about: 'SIGSTOP of the leader for longer than its session, then SIGCONT',
  skip: () => null,
  run: pauseLeader,
}

export const isolateLeader: Scenario = {
  name: 'cut-leader',
  about: 'the leader is cut off from the other brokers, not from clients',
  skip: () => null,
  run: cutLeader,
}

export const oneWay: Scenario = {
  name: 'cut-one-way',
  about: 'packets of the leader to one follower are lost, those back are not',
  skip: () => null,
  run: cutOneWay,
}
