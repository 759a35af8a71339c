import type { Episode } from './feed.ts'
import { duration, moment, quantity } from './format.ts'
import type { Cause } from './types.ts'

const MAX_SHOWN = 60

function CauseRow({ cause }: { readonly cause: Cause }) {
  const { metric, share, value, expected, deviation, repeats } = cause
  return (
    <li>
      <span class="bar" style={{ width: `${Math.max(2, share * 100)}%` }} />
      <b>{metric}</b>{' '}
      {repeats > 0 ? (
        <span>
          has stood still at {quantity(value)} for {repeats} readings
        </span>
      ) : (
        <span>
          is {quantity(value)}, expected {quantity(expected)} ({Math.abs(deviation).toFixed(0)}× the usual deviation)
        </span>
      )}
    </li>
  )
}

interface AnomaliesProps {
  readonly episodes: readonly Episode[]
  readonly chosen: string
  readonly choose: (device: string) => void
}

function Card({ episode, chosen, choose }: { readonly episode: Episode } & Pick<AnomaliesProps, 'chosen' | 'choose'>) {
  const { opened, closed } = episode
  const peak = closed?.score ?? opened.score
  return (
    <li class={`alarm${closed === undefined ? ' open' : ''}${opened.device === chosen ? ' chosen' : ''}`}>
      <button type="button" onClick={() => choose(opened.device)}>
        <span class="alarm-head">
          <b>{opened.device}</b>
          <span class={`badge ${closed === undefined ? 'alarm-badge' : 'muted-badge'}`}>
            {closed === undefined ? 'open' : `lasted ${duration(closed.atMs - opened.openedAtMs)}`}
          </span>
        </span>
        <span class="alarm-line">
          {moment(opened.openedAtMs)} · score {peak.toFixed(1)} over {opened.threshold} · {opened.model} · record{' '}
          {opened.partition}/{opened.offset}
        </span>
        <ul class="causes">
          {opened.causes.slice(0, 3).map((cause) => (
            <CauseRow key={cause.metric} cause={cause} />
          ))}
        </ul>
      </button>
    </li>
  )
}

/** Alarms, newest first, each with the metrics that caused it. */
export function Anomalies({ episodes, chosen, choose }: AnomaliesProps) {
  return (
    <section class="panel tall">
      <h2>Anomalies</h2>
      <p class="legend">
        Score: how rare a reading is, in powers of ten. 3.5 is one in about three thousand normal readings.
      </p>
      {episodes.length === 0 ? <p class="empty">None yet.</p> : null}
      <ul class="alarms scroll">
        {episodes.slice(0, MAX_SHOWN).map((episode) => (
          <Card key={episode.opened.episode} episode={episode} chosen={chosen} choose={choose} />
        ))}
      </ul>
    </section>
  )
}
