import { type Detected, evaluate, quantile } from './evaluation/evaluate.ts'
import type { Device, Truth } from './fleet/device.ts'
import type { Run } from './run.ts'
import type { DemoProgress, DemoSummary, Detection } from './summary.ts'

const HOUR_MS = 3_600_000

/** Sums a finished run up. */
export function summarise(run: Run, devices: readonly Device[]): DemoSummary {
  const { stats, collector, pump, ledger, plan } = run
  const seconds = secondsOf(run)
  const truth = devices.flatMap((device) => device.truth)
  const counts = ledger.counts(stats)
  const { latenciesMs } = collector
  const sessions = [...collector.sessions.values()]
  const sum = (count: (session: (typeof sessions)[number]) => number): number =>
    sessions.reduce((total, session) => total + count(session), 0)
  return {
    seconds: round(seconds),
    devices: devices.length,
    simulatedHours: round((pump.nowMs - pump.startedAtMs) / HOUR_MS),
    records: {
      ...counts,
      balanced: counts.in === counts.scored + counts.waiting + counts.rejected,
      broken: pump.broken,
      sent: pump.sent,
      appended: ledger.appended,
    },
    throughput: {
      target: plan.rate,
      sent: Math.round(pump.sent / run.sentForSeconds),
      scored: Math.round(stats.scored / seconds),
    },
    latencyMs:
      latenciesMs.length === 0
        ? null
        : {
            p50: round(quantile(latenciesMs, 0.5)),
            p99: round(quantile(latenciesMs, 0.99)),
            max: round(quantile(latenciesMs, 1)),
          },
    latencySamples: latenciesMs.length,
    backlogAnomalies: collector.backlog,
    anomalies: collector.detector.all.length,
    models: run.models.map((model) => ({ ...model, scored: stats.byVersion.get(model.version) ?? 0 })),
    detection: {
      millrace: detectionOf(truth, collector.detector.all, pump.nowMs),
      maxZ: detectionOf(truth, collector.baseline.all, pump.nowMs),
      silence: evaluate(
        truth.filter((event) => event.kind === 'dropout'),
        collector.silence.all,
        { untilMs: pump.nowMs },
      ),
    },
    sessions: { states: collector.states, restarts: sum((s) => s.restarts), replacements: sum((s) => s.replacements) },
  }
}

function detectionOf(truth: readonly Truth[], reports: readonly Detected[], untilMs: number): Detection {
  const scored = truth.filter((event) => event.kind !== 'dropout')
  return {
    natural: evaluate(
      scored.filter((event) => event.kind === 'natural'),
      reports,
      { untilMs },
    ),
    injected: evaluate(
      scored.filter((event) => event.kind !== 'natural'),
      reports,
      { untilMs },
    ),
    all: evaluate(scored, reports, { untilMs }),
  }
}

/** Where the run stands; `recordsPerSecond` is what came in since the last time. */
export function progressOf(
  run: Run,
  phase: DemoProgress['phase'],
  recordsPerSecond: number,
  pageUrl: string,
): DemoProgress {
  const { stats, collector, ledger } = run
  const { newest, latenciesMs } = collector
  return {
    seconds: round(secondsOf(run)),
    phase,
    recordsPerSecond: Math.round(recordsPerSecond),
    ...ledger.counts(stats),
    anomalies: collector.detector.all.length,
    openEpisodes: collector.detector.open,
    states: collector.states,
    model: run.models.at(-1)?.id ?? '',
    latencyP99Ms: latenciesMs.length === 0 ? null : round(quantile(latenciesMs, 0.99)),
    newest:
      newest === undefined
        ? ''
        : `${newest.device} ${newest.score.toFixed(1)} ${newest.causes
            .slice(0, 3)
            .map((c) => c.metric)
            .join(', ')}`,
    pageUrl,
  }
}

export function secondsOf(run: Run): number {
  return (performance.now() - run.startedMs) / 1_000
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
