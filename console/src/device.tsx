import { useMemo, useState } from 'preact/hooks'
import { type Band, Chart } from './chart.tsx'
import type { View } from './feed.ts'
import { moment, quantity } from './format.ts'

/** Shown while no alarm says which metrics matter. */
const DEFAULTS = ['cpu_r', 'load_1', 'disk_w', 'eth1_fi']
const SHOWN = 4
const COLORS = ['--accent', '--recovering', '--replaced', '--healthy']

/** The metrics that the device's newest alarm names, filled up with the defaults. */
function suggested(view: View): string[] {
  const newest = view.episodes.find((episode) => episode.opened.device === view.device)
  const named = newest?.opened.causes.map((cause) => cause.metric) ?? []
  return [...new Set([...named, ...DEFAULTS])].filter((metric) => view.metrics.includes(metric)).slice(0, SHOWN)
}

/** Alarms of the device as stretches of time, seconds. */
function bandsOf(view: View): Band[] {
  return view.episodes
    .filter((episode) => episode.opened.device === view.device)
    .map(
      ({ opened, closed }) =>
        [opened.openedAtMs / 1_000, closed === undefined ? Number.POSITIVE_INFINITY : closed.atMs / 1_000] as const,
    )
}

/** A device that sent nothing for longer than this has a hole in its line, not a slope. */
const GAP_MS = { readings: 40 * 60_000, scores: 90 * 60_000 }

/** Columns for a chart: the times, then what each of `values` gives; a hole where nothing came for too long. */
function columns<T extends { readonly atMs: number }>(
  points: readonly T[],
  gapMs: number,
  values: readonly ((point: T) => number | null)[],
): (number | null)[][] {
  const out: (number | null)[][] = [[], ...values.map(() => [])]
  points.forEach((point, i) => {
    const before = points[i - 1]
    if (before !== undefined && point.atMs - before.atMs > gapMs) {
      out[0]!.push((before.atMs + 1) / 1_000)
      for (let v = 1; v < out.length; v++) out[v]!.push(null)
    }
    out[0]!.push(point.atMs / 1_000)
    values.forEach((value, v) => out[v + 1]!.push(value(point)))
  })
  return out
}

interface MetricProps {
  readonly view: View
  readonly metric: string
  readonly color: string
  readonly bands: readonly Band[]
  readonly theme: string
  readonly choose: (metric: string) => void
}

function Metric({ view, metric, color, bands, theme, choose }: MetricProps) {
  const column = view.metrics.indexOf(metric)
  const data = columns(view.readings, GAP_MS.readings, [(reading) => reading.values[column] ?? null])
  const last = view.readings.at(-1)?.values[column]
  return (
    <div class="metric">
      <div class="metric-head">
        <select value={metric} aria-label="metric" onChange={(event) => choose(event.currentTarget.value)}>
          {view.metrics.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <span>{last === undefined ? '' : quantity(last)}</span>
      </div>
      <Chart
        data={data}
        lines={[{ label: metric, color }]}
        bands={bands}
        height={120}
        format={quantity}
        theme={theme}
      />
    </div>
  )
}

/** Score and telemetry of the chosen device, with its alarms shaded. */
export function Device({ view, theme }: { readonly view: View; readonly theme: string }) {
  const [picked, setPicked] = useState<ReadonlyMap<number, string>>(new Map())
  const bands = useMemo(() => bandsOf(view), [view.episodes, view.device])
  const session = view.sessions.get(view.device)
  const metrics = suggested(view).map((metric, i) => picked.get(i) ?? metric)
  const scores = columns(view.scores, GAP_MS.scores, [(s) => s.score, (s) => s.threshold])
  return (
    <section class="panel">
      <h2>
        {view.device === '' ? 'Device' : view.device}{' '}
        {session === undefined ? null : (
          <span class={`badge ${session.state.toLowerCase()}`}>{session.state.toLowerCase()}</span>
        )}
      </h2>
      <p class="legend">
        {session === undefined
          ? 'Choose a device.'
          : `${session.reason}, since ${moment(session.sinceMs)} · ${session.episodes} alarms, ${session.restarts} restarts, ${session.replacements} replacements`}
      </p>
      <h3>
        Score{' '}
        <span class="legend">
          <i class="key accent" /> score <i class="key alarm" /> threshold <i class="key band" /> alarm
        </span>
      </h3>
      <Chart
        data={scores}
        lines={[
          { label: 'score', color: '--accent', fill: true },
          { label: 'threshold', color: '--alarm', dash: [6, 4] },
        ]}
        bands={bands}
        height={150}
        format={(value) => value.toFixed(1)}
        from0
        theme={theme}
      />
      <h3>Telemetry</h3>
      <div class="metrics">
        {metrics.map((metric, i) => (
          <Metric
            key={i}
            view={view}
            metric={metric}
            color={COLORS[i % COLORS.length]!}
            bands={bands}
            theme={theme}
            choose={(name) => setPicked(new Map([...picked, [i, name]]))}
          />
        ))}
      </div>
      <p class="legend">
        Time is the devices' own: one reading a simulated minute. Names of metrics as they circulate for this data set,
        unconfirmed.
      </p>
    </section>
  )
}
