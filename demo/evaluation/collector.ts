import type { Client } from '../../client/client.ts'
import type { Anomaly, Session, SessionStatus } from '../messages.ts'
import { offsetsOf } from '../read-range.ts'
import { Anomalies, BaselineAnomalies, Sessions } from '../topics.ts'
import type { Detected } from './evaluate.ts'

/** Reports kept per detector; beyond it the oldest go, and with them their part in the evaluation. */
const MAX_REPORTS = 200_000
/** Latencies kept; beyond it the oldest are overwritten. */
const MAX_LATENCIES = 20_000

type Report = { -readonly [K in keyof Detected]: Detected[K] }

/** What a detector reported, as spans. */
class Reports {
  readonly all: Report[] = []
  readonly #open = new Map<string, Report>()

  opened(device: string, fromMs: number): void {
    if (this.#open.has(device)) return
    const report = { device, fromMs, toMs: Number.POSITIVE_INFINITY }
    this.#open.set(device, report)
    this.all.push(report)
    if (this.all.length > MAX_REPORTS) this.all.splice(0, MAX_REPORTS / 10)
  }

  closed(device: string, toMs: number): void {
    const report = this.#open.get(device)
    if (report !== undefined) report.toMs = toMs
    this.#open.delete(device)
  }

  get open(): number {
    return this.#open.size
  }
}

/**
 * Reads what the demo says about its devices, from the topics as anyone could: what was reported, how fast, and how the
 * devices are.
 */
export class Collector {
  readonly detector = new Reports()
  readonly baseline = new Reports()
  /** Spans in which a device was taken for silent. */
  readonly silence = new Reports()
  /** The last anomaly that opened. */
  newest: Anomaly | undefined
  /** Anomalies whose record was sent before `liveSinceMs`: they waited for a model, which is no latency of the scoring. */
  backlog = 0
  /** Wall clock from which on latency counts. */
  liveSinceMs = Number.POSITIVE_INFINITY
  readonly latenciesMs: number[] = []
  readonly sessions = new Map<string, Session>()
  /** Where this run's sessions begin, by partition. */
  #sessionsFrom: readonly number[] = []
  #measured = 0
  #seen = 0

  /** Records read so far, all topics together. */
  get seen(): number {
    return this.#seen
  }

  /** Reads until the signal fires. `ready` is called once nothing new can be missed. */
  async run(client: Client, signal: AbortSignal, ready: () => void): Promise<void> {
    const topics = [Anomalies, BaselineAnomalies, Sessions] as const
    await using admin = client.admin()
    const assign: { topic: string; partition: number; offset: number }[] = []
    for (const { name } of topics) {
      const end = await offsetsOf(admin, name, 'latest', signal)
      if (name === Sessions.name) this.#sessionsFrom = end
      // Sessions are read from their beginning: the state of a device is the last that was said of it, however long ago.
      const from = name === Sessions.name ? await offsetsOf(admin, name, 'earliest', signal) : end
      from.forEach((offset, partition) => assign.push({ topic: name, partition, offset }))
    }
    await using consumer = client.consumer({ topics, assign, maxWaitMs: 100 })
    ready()
    try {
      for await (const record of consumer.records({ signal })) {
        this.#seen++
        if (record.topic === 'device-sessions')
          this.#session(record.value, record.offset >= this.#sessionsFrom[record.partition]!)
        else if (record.topic === 'anomalies') this.#anomaly(record.value)
        else report(this.baseline, record.value)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  #anomaly(anomaly: Anomaly | null): void {
    if (anomaly === null) return
    report(this.detector, anomaly)
    if (anomaly.phase === 'CLOSED') return
    this.newest = anomaly
    if (anomaly.sentAtMs < this.liveSinceMs) {
      this.backlog++
      return
    }
    this.latenciesMs[this.#measured++ % MAX_LATENCIES] = performance.timeOrigin + performance.now() - anomaly.sentAtMs
  }

  #session(session: Session | null, isOfThisRun: boolean): void {
    if (session === null) return
    const { device, silent, sinceMs } = session
    const before = this.sessions.get(device)
    this.sessions.set(device, session)
    if (!isOfThisRun) return
    if (silent) this.silence.opened(device, sinceMs)
    else if (before?.silent === true) this.silence.closed(device, sinceMs)
  }

  /** How many devices are in each state. */
  get states(): Record<SessionStatus, number> {
    const states = { HEALTHY: 0, SUSPECT: 0, RECOVERING: 0, REPLACED: 0 }
    for (const { state } of this.sessions.values()) states[state]++
    return states
  }
}

function report(to: Reports, anomaly: Anomaly | null): void {
  if (anomaly === null) return
  if (anomaly.phase === 'OPENED') to.opened(anomaly.device, anomaly.openedAtMs)
  else to.closed(anomaly.device, anomaly.atMs)
}
