/** Fault weather: every few seconds another fault, or none, so that the cluster recovers and still meets combinations. */
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { sleep } from '../wait.ts'
import { whyNoNetwork } from './network.ts'
import { ClusterStage } from './stage.ts'

/** What is wrong with the brokers now. */
interface Weather {
  readonly stage: ClusterStage
  readonly context: ChaosContext
  readonly hanging: Set<number>
  readonly counts: Map<string, number>
}

/** At most one broker is down or hangs at a time, but any number may be cut off: acknowledging may stop, losing may not. */
const faults: Readonly<Record<string, (weather: Weather) => Promise<void> | void>> = {
  calm: () => undefined,
  async kill({ stage, context }) {
    await stage.kill([context.random.pick(stage.running)])
  },
  async stop({ stage, context }) {
    await stage.kill([context.random.pick(stage.running)], 'SIGTERM')
  },
  hang({ stage, context, hanging }) {
    const node = context.random.pick(stage.running)
    stage.signal(node, 'SIGSTOP')
    hanging.add(node)
  },
  cut({ stage, context }) {
    stage.network.cut(context.random.pick(stage.nodes), context.random.pick(['peers', 'peers', 'clients']))
  },
  'cut-one-way'({ stage, context }) {
    const from = context.random.pick(stage.nodes)
    stage.network.cutOneWay(from, stage.anyBut(from))
  },
}

async function clear({ stage, hanging }: Weather): Promise<void> {
  stage.network.heal()
  for (const node of hanging) stage.signal(node, 'SIGCONT')
  hanging.clear()
  await stage.start(...stage.nodes.filter((node) => !stage.running.includes(node)))
}

async function weather(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context, { network: true })
  const state: Weather = { stage, context, hanging: new Set(), counts: new Map() }
  const changes = context.short ? 4 : 16
  for (let change = 0; change < changes; change++) {
    const kinds = context.random.below(4) === 0 ? ['calm'] : Object.keys(faults).slice(1)
    const kind = context.random.pick(kinds)
    state.counts.set(kind, (state.counts.get(kind) ?? 0) + 1)
    await faults[kind]?.(state)
    await sleep(context.random.between(500, 5000))
    await clear(state)
    await stage.awaitProgress(50)
  }
  const told = [...state.counts].map(([kind, count]) => `${kind} ${count}`).join(', ')
  return await stage.report(`changing weather: ${told}`)
}

export const changingWeather: Scenario = {
  name: 'weather',
  about: 'kills, stops, hangs and cuts at random',
  skip: whyNoNetwork,
  run: weather,
}
