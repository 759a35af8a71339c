import { Chart } from './chart.tsx'
import type { View } from './feed.ts'
import { count } from './format.ts'
import type { Counts, ModelInfo } from './types.ts'

function Tile({ label, value, note }: { readonly label: string; readonly value: string; readonly note: string }) {
  return (
    <div class="tile">
      <div class="tile-label">{label}</div>
      <div class="tile-value">{value}</div>
      <div class="tile-note">{note}</div>
    </div>
  )
}

/** Every record that came in, and what became of it: the two must be equal at any time. */
function Account({ counts }: { readonly counts: Counts | undefined }) {
  if (counts === undefined) return null
  const { scored, waiting, rejected } = counts
  const isExact = counts.in === scored + waiting + rejected
  return (
    <Tile
      label="Accounted for"
      value={count(counts.in)}
      note={`${isExact ? '=' : '≠'} ${count(scored)} scored + ${count(waiting)} waiting + ${count(rejected)} rejected`}
    />
  )
}

/** The numbers that say at a glance whether all is well. */
export function Tiles({ view }: { readonly view: View }) {
  const { throughput, episodes, sessions, models } = view
  const open = episodes.filter((episode) => episode.closed === undefined).length
  const healthy = [...sessions.values()].filter((session) => session.state === 'HEALTHY').length
  const model = models.at(-1)
  return (
    <section class="tiles">
      <Tile
        label="Telemetry"
        value={`${count(throughput.recordsPerSecond)}/s`}
        note={`${count(throughput.totalRecords)} records in the log`}
      />
      <Account counts={view.counts} />
      <Tile label="Scorer lag" value={count(throughput.lag)} note="records not yet committed" />
      <Tile
        label="Devices healthy"
        value={`${healthy} of ${sessions.size}`}
        note={`${sessions.size - healthy} being looked after`}
      />
      <Tile label="Open alarms" value={count(open)} note={`${count(episodes.length)} most recent shown`} />
      <Tile
        label="Model in use"
        value={model === undefined ? '–' : `v${model.version}`}
        note={model === undefined ? 'waiting for the first training' : `learnt from ${count(model.rows)} readings`}
      />
    </section>
  )
}

/** Records per second and lag over the last minutes. */
export function Pace({ view, theme }: { readonly view: View; readonly theme: string }) {
  const data = [view.pace.map(([at]) => at), view.pace.map(([, rate]) => rate), view.pace.map(([, , lag]) => lag)]
  return (
    <section class="panel">
      <h2>Throughput and lag</h2>
      <p class="legend">
        <i class="key accent" /> records per second <i class="key warn" /> records behind
      </p>
      <Chart
        data={data}
        lines={[
          { label: 'records per second', color: '--accent', fill: true },
          { label: 'lag', color: '--suspect' },
        ]}
        height={150}
        format={(value) => (value >= 1_000 ? `${Number((value / 1_000).toPrecision(3))}k` : String(value))}
        local
        from0
        theme={theme}
      />
    </section>
  )
}

function ModelRow({ model, current }: { readonly model: ModelInfo; readonly current: boolean }) {
  return (
    <tr>
      <td>
        <b>{model.id}</b> {current ? <span class="badge healthy">in use</span> : null}
      </td>
      <td>{new Date(model.createdAtMs).toLocaleTimeString('en-GB')}</td>
      <td class="number">{count(model.rows)}</td>
      <td class="number">{model.components}</td>
      <td class="hash" title={model.hash}>
        {model.hash.slice(0, 12)}
      </td>
    </tr>
  )
}

/** Every version that was published, newest first. */
export function Models({ models }: { readonly models: readonly ModelInfo[] }) {
  return (
    <section class="panel">
      <h2>Model versions</h2>
      {models.length === 0 ? (
        <p class="empty">None yet. The first is trained as soon as the log holds enough telemetry.</p>
      ) : (
        <div class="scroll short">
          <table>
            <thead>
              <tr>
                <th>version</th>
                <th>published</th>
                <th class="number">readings</th>
                <th class="number">components</th>
                <th>hash</th>
              </tr>
            </thead>
            <tbody>
              {[...models].reverse().map((model, i) => (
                <ModelRow key={model.id} model={model} current={i === 0} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
