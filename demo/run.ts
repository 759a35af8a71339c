import { setMaxListeners } from 'node:events'
import { Client } from '../client/client.ts'
import { Collector } from './evaluation/collector.ts'
import type { Device } from './fleet/device.ts'
import { FleetPump, fleetClock } from './fleet/pump.ts'
import { makeFleet } from './fleet/roster.ts'
import { Ledger } from './ledger.ts'
import { type DemoOptions, type DemoPlan, planDemo } from './options.ts'
import { pause } from './pause.ts'
import { loadSample } from './sample.ts'
import { buildScorer, ScorerStats } from './scorer/topology.ts'
import { servePage } from './server.ts'
import { buildSessions } from './sessions/topology.ts'
import { progressOf, secondsOf, summarise } from './summarise.ts'
import type { DemoModel, DemoProgress, DemoSummary } from './summary.ts'
import { createTopics } from './topics.ts'
import { ModelStore } from './trainer/store.ts'
import { Trainer } from './trainer/trainer.ts'

/** Brokers that do not answer for this long are taken for gone, and the demo ends. */
const GIVE_UP_MS = 10_000
const PROGRESS_MS = 500
/** After the fleet has stopped, the scorer may take this long to finish what is in the log. */
const DRAIN_MS = 15_000
/** The collector counts as done when it has read nothing new for this long. */
const QUIET_MS = 700
const POLL_MS = 50
/** The scorer has caught up when less than this share of a second's telemetry waits. */
const LIVE_SHARE = 0.1

/** What the parts of one run share, and what is known of it. */
export interface Run {
  readonly plan: DemoPlan
  readonly stats: ScorerStats
  readonly collector: Collector
  readonly pump: FleetPump
  readonly ledger: Ledger
  readonly models: Omit<DemoModel, 'scored'>[]
  readonly startedMs: number
  /** How long the fleet has been sending. */
  sentForSeconds: number
}

/**
 * The IoT demo on a running cluster: a fleet sends telemetry, models are trained on it and published, every record is
 * scored, and a session per device reacts to what is found. Resolves with what happened and how well, after the duration or
 * when the signal fires. Rejects with the first failure of any part; RangeError for a bad option.
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const plan = planDemo(options)
  const sample = loadSample()
  const devices = makeFleet(sample, plan)
  const [everything, fleet] = [new AbortController(), new AbortController()]
  const { signal } = everything
  const told = options.signal === undefined ? signal : AbortSignal.any([signal, options.signal])
  const sending = AbortSignal.any([signal, fleet.signal])
  // Every wait of every part listens to one of them.
  setMaxListeners(0, signal, told, sending)
  await using client = new Client({ brokers: options.bootstrap, clientId: 'millrace-demo', apiTimeoutMs: GIVE_UP_MS })
  await using admin = client.admin()
  await createTopics(admin, signal)
  const run: Run = {
    plan,
    stats: new ScorerStats(),
    collector: new Collector(),
    pump: await makePump(client, devices, plan, sending),
    ledger: await Ledger.open(admin, signal),
    models: [],
    startedMs: performance.now(),
    sentForSeconds: 0,
  }
  await using parts = new Parts(everything)
  await using page =
    options.page === undefined
      ? undefined
      : await servePage({
          ...options.page,
          client,
          metrics: sample.metrics,
          counts: () => run.ledger.counts(run.stats),
          signal,
        })
  await using scorer = buildScorer(run.stats, client)
  await using sessions = buildSessions(client)
  await Promise.all([scorer.start(), sessions.start()])
  parts.add(scorer.finished())
  parts.add(sessions.finished())
  await parts.ready((ready) => run.collector.run(client, signal, ready))
  await parts.ready((ready) => run.pump.obey(ready))
  parts.add(makeTrainer(client, run, sample.metrics, options.dataDir, signal).run())
  const sent = run.pump.run()
  parts.add(sent)
  await Promise.race([
    parts.failure,
    watch(run, told, (phase, rate) => options.onProgress?.(progressOf(run, phase, rate, page?.url ?? ''))),
  ])
  fleet.abort()
  await sent
  await Promise.race([parts.failure, drain(run)])
  return summarise(run, devices)
}

async function makePump(
  client: Client,
  devices: readonly Device[],
  plan: DemoPlan,
  signal: AbortSignal,
): Promise<FleetPump> {
  const startMs = await fleetClock(client, signal)
  return new FleetPump({ client, devices, rate: plan.rate, startMs, seed: plan.seed, signal })
}

function makeTrainer(
  client: Client,
  run: Run,
  metrics: readonly string[],
  dataDir: string,
  signal: AbortSignal,
): Trainer {
  const { trainAfterRecords, retrainEveryMs } = run.plan
  return new Trainer({
    client,
    metrics,
    store: new ModelStore(dataDir),
    trainAfterRecords,
    retrainEveryMs,
    signal,
    onModel: ({ id, version, hash, trainedFrom }, origin) => {
      const afterSeconds = Math.round(secondsOf(run) * 10) / 10
      run.models.push({ id, version, origin, afterSeconds, trainedOnRows: trainedFrom.rows, hash })
    },
  })
}

/** Follows the run until its time is over or it is told to stop, and tells how it goes. */
async function watch(
  run: Run,
  signal: AbortSignal,
  tell: (phase: DemoProgress['phase'], recordsPerSecond: number) => void,
): Promise<void> {
  const { stats, collector, ledger, plan } = run
  const begin = performance.now()
  let [lastIn, lastMs] = [ledger.in, begin]
  while (!signal.aborted) {
    const leftMs = plan.durationMs - (performance.now() - begin)
    if (leftMs <= 0) break
    await pause(Math.min(PROGRESS_MS, leftMs), signal).catch(() => undefined)
    await ledger.refresh()
    const now = performance.now()
    run.sentForSeconds = (now - begin) / 1_000
    const isCaughtUp = stats.scored > 0 && ledger.waiting(stats) < plan.rate * LIVE_SHARE
    if (isCaughtUp && collector.liveSinceMs === Number.POSITIVE_INFINITY)
      collector.liveSinceMs = performance.timeOrigin + now
    tell(run.models.length === 0 ? 'warming up' : 'running', ((ledger.in - lastIn) * 1_000) / (now - lastMs))
    lastIn = ledger.in
    lastMs = now
  }
}

/** Waits until everything sent is scored, and what came of it is read; not for ever. */
async function drain(run: Run): Promise<void> {
  const { stats, collector, ledger } = run
  const giveUp = performance.now() + DRAIN_MS
  await ledger.refresh()
  while (ledger.waiting(stats) > 0 && performance.now() < giveUp) await pause(POLL_MS)
  let seen = collector.seen
  for (let since = performance.now(); performance.now() - since < QUIET_MS && performance.now() < giveUp; ) {
    await pause(POLL_MS)
    if (collector.seen === seen) continue
    seen = collector.seen
    since = performance.now()
  }
}

/** The parts that run beside each other. The first failure of any is `failure`; disposing stops them all. */
class Parts implements AsyncDisposable {
  readonly failure: Promise<never>
  readonly #stop: AbortController
  readonly #parts: Promise<unknown>[] = []
  readonly #fail: (error: unknown) => void

  constructor(stop: AbortController) {
    this.#stop = stop
    const { promise, reject } = withResolvers()
    this.failure = promise
    this.failure.catch(() => undefined)
    this.#fail = reject
  }

  add(part: Promise<unknown>): void {
    this.#parts.push(part)
    part.catch(this.#fail)
  }

  /** Adds a part and waits until it says that it is ready, or fails. */
  async ready(start: (ready: () => void) => Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const part = start(resolve)
      part.catch(reject)
      this.add(part)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#parts)
  }
}

function withResolvers(): { promise: Promise<never>; reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<never>((_, no) => {
    reject = no
  })
  return { promise, reject }
}
