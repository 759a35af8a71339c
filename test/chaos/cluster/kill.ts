/** Broker processes that die: one, whoever leads, a majority, all; and those that are restarted in peace. */
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { sleep } from '../wait.ts'
import { ClusterStage } from './stage.ts'

/** How long the cluster works between two faults. */
const between = ({ random }: ChaosContext) => sleep(random.between(200, 1500))

async function killEach(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context)
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    for (const node of stage.nodes) {
      await between(context)
      await stage.kill([node])
      await stage.awaitProgress(100)
      await stage.start(node)
      await stage.awaitInSync()
    }
  }
  return await stage.report(`each of three brokers killed ${rounds} times`)
}

/** Whoever leads by then, without waiting for the last one to be in sync again. */
async function killLeaders(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context)
  const kills = context.short ? 2 : 5
  let down: number | null = null
  for (let kill = 0; kill < kills; kill++) {
    const leader = await stage.leader()
    if (down !== null) await stage.start(down)
    await stage.awaitInSync()
    await stage.kill([leader])
    down = leader
    await stage.awaitProgress(50)
  }
  if (down !== null) await stage.start(down)
  return await stage.report(`whoever led was killed, ${kills} times`)
}

async function killControllers(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context)
  const kills = context.short ? 2 : 5
  for (let kill = 0; kill < kills; kill++) {
    const controller = await stage.controller()
    await stage.kill([controller])
    await stage.awaitProgress(50)
    await stage.start(controller)
    await stage.awaitInSync()
  }
  return await stage.report(`the active controller was killed ${kills} times`)
}

/** Two of three: nothing can be acknowledged while they are gone, and nothing that was may be lost. */
async function killMajority(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context)
  const rounds = context.short ? 1 : 4
  for (let round = 0; round < rounds; round++) {
    const survivor = context.random.pick(stage.nodes)
    const victims = stage.nodes.filter((node) => node !== survivor)
    await between(context)
    await stage.kill(victims)
    await between(context)
    await stage.start(...victims)
    await stage.awaitProgress(100)
    await stage.awaitInSync()
  }
  return await stage.report(`two of three brokers killed at once, ${rounds} times`)
}

async function killAll(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context)
  const rounds = context.short ? 1 : 4
  for (let round = 0; round < rounds; round++) {
    await between(context)
    await stage.kill(stage.nodes)
    await stage.start(...stage.nodes)
    await stage.awaitProgress(100)
  }
  return await stage.report(`all brokers killed at once, ${rounds} times`)
}

async function rollingRestart(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context)
  for (const node of stage.nodes) {
    await between(context)
    await stage.kill([node], 'SIGTERM')
    await stage.awaitProgress(100)
    await stage.start(node)
    await stage.awaitInSync()
  }
  return await stage.report('each broker stopped and started in turn')
}

const scenario = (name: string, about: string, run: Scenario['run']): Scenario => ({
  name,
  about,
  skip: () => null,
  run,
})

export const killOne = scenario('kill-one', 'kill -9 of each broker in turn, restarted', killEach)
export const killLeader = scenario('kill-leader', 'kill -9 of whoever leads, again and again', killLeaders)
export const killController = scenario('kill-controller', 'kill -9 of the active controller', killControllers)
export const killTwo = scenario('kill-majority', 'kill -9 of two of three at once', killMajority)
export const killThree = scenario('kill-all', 'kill -9 of all brokers at once', killAll)
export const rolling = scenario('rolling-restart', 'each broker stopped and started in turn', rollingRestart)
