import type { Truth } from '../fleet/device.ts'

/** A span in which a detector said that something is wrong: event time, ms; `toMs` is Infinity while it lasts. */
export interface Detected {
  readonly device: string
  readonly fromMs: number
  readonly toMs: number
}

/** How a detector did on one kind of event. */
export interface Recall {
  readonly events: number
  readonly found: number
  /** found / events; null without events. */
  readonly recall: number | null
  /** From the event's beginning to the report, minutes of event time, over those found; null without any. */
  readonly delayMinutes: { readonly median: number; readonly p90: number } | null
}

export interface Evaluation extends Recall {
  /** Reports, and those that overlap an event. */
  readonly episodes: number
  readonly right: number
  /** right / episodes; null without episodes. */
  readonly precision: number | null
  readonly byKind: Readonly<Record<string, Recall>>
}

export interface EvaluationOptions {
  /** A report still belongs to an event that ended this long before: statistics are smoothed. Default 20 minutes. */
  readonly graceMs?: number
  /** Event time reached by each device: an event that was missed, but had less than `settleMs` to be seen, does not count. */
  readonly untilMs?: number
  /** Default 30 minutes. */
  readonly settleMs?: number
}

const MINUTE_MS = 60_000

/**
 * Compares reports with the truth, by event: an event is found when a report overlaps it (or its grace), and a report is
 * right when it overlaps any event. Nothing is adjusted: a long event counts as much as a short one, a missed one is missed.
 */
export function evaluate(
  truth: readonly Truth[],
  detected: readonly Detected[],
  options: EvaluationOptions = {},
): Evaluation {
  const { graceMs = 20 * MINUTE_MS, untilMs = Number.POSITIVE_INFINITY, settleMs = 30 * MINUTE_MS } = options
  const byDevice = new Map<string, Detected[]>()
  for (const report of detected) {
    const reports = byDevice.get(report.device)
    if (reports === undefined) byDevice.set(report.device, [report])
    else reports.push(report)
  }
  const right = new Set<Detected>()
  const outcomes = new Map<string, { events: number; delays: number[] }>()
  for (const event of truth) {
    const reports = (byDevice.get(event.device) ?? []).filter(
      (r) => r.fromMs < event.toMs + graceMs && r.toMs >= event.fromMs,
    )
    for (const report of reports) right.add(report)
    if (reports.length === 0 && event.fromMs > untilMs - settleMs) continue
    const outcome = outcomes.get(event.kind) ?? { events: 0, delays: [] }
    outcomes.set(event.kind, outcome)
    outcome.events++
    const first = reports.reduce((soonest, r) => Math.min(soonest, r.fromMs), Number.POSITIVE_INFINITY)
    if (reports.length > 0) outcome.delays.push(Math.max(0, first - event.fromMs) / MINUTE_MS)
  }
  const all = [...outcomes.values()]
  return {
    ...recallOf(
      all.reduce((sum, o) => sum + o.events, 0),
      all.flatMap((o) => o.delays),
    ),
    episodes: detected.length,
    right: right.size,
    precision: detected.length === 0 ? null : right.size / detected.length,
    byKind: Object.fromEntries(
      [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, o]) => [kind, recallOf(o.events, o.delays)]),
    ),
  }
}

function recallOf(events: number, delays: readonly number[]): Recall {
  const found = delays.length
  const delayMinutes = found === 0 ? null : { median: quantile(delays, 0.5), p90: quantile(delays, 0.9) }
  return { events, found, recall: events === 0 ? null : found / events, delayMinutes }
}

/** The smallest value that at least this share of the values do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!
}
