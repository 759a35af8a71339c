import type { Anomaly, ClusterInfo, Counts, Hello, ModelInfo, Reading, Score, Session, Throughput } from './types.ts'

/** An alarm from its opening to its end, as the page shows it. */
export interface Episode {
  readonly opened: Anomaly
  readonly closed: Anomaly | undefined
}

/** Everything the page knows. Replaced as a whole at each paint; the arrays in it are not changed. */
export interface View {
  readonly connection: 'connecting' | 'open' | 'lost'
  readonly device: string
  readonly metrics: readonly string[]
  /** Newest first. */
  readonly episodes: readonly Episode[]
  readonly sessions: ReadonlyMap<string, Session>
  readonly models: readonly ModelInfo[]
  readonly scores: readonly Score[]
  readonly readings: readonly Reading[]
  readonly throughput: Throughput
  readonly cluster: ClusterInfo
  /** Undefined until the demo has told. */
  readonly counts: Counts | undefined
  /** One point a second, oldest first: wall-clock seconds, records per second, lag. */
  readonly pace: readonly (readonly [number, number, number])[]
}

export const EMPTY: View = {
  connection: 'connecting',
  device: '',
  metrics: [],
  episodes: [],
  sessions: new Map(),
  models: [],
  scores: [],
  readings: [],
  throughput: { recordsPerSecond: 0, lag: 0, totalRecords: 0 },
  cluster: { brokers: [], partitions: [], moves: 0 },
  counts: undefined,
  pace: [],
}

const MAX_EPISODES = 200
const MAX_SCORES = 300
const MAX_READINGS = 600
const MAX_PACE = 180
/** Paints at most this often, however fast events come. */
const PAINT_MS = 200

/** The newest `most` of both lists. */
function extended<T>(before: readonly T[], after: readonly T[], most: number): T[] {
  return [...before, ...after].slice(-most)
}

function withAnomalies(episodes: readonly Episode[], anomalies: readonly Anomaly[]): Episode[] {
  const next = [...episodes]
  for (const anomaly of anomalies) {
    const at = next.findIndex((episode) => episode.opened.episode === anomaly.episode)
    if (anomaly.phase === 'OPENED' && at < 0) next.unshift({ opened: anomaly, closed: undefined })
    else if (anomaly.phase === 'CLOSED' && at >= 0) next[at] = { opened: next[at]!.opened, closed: anomaly }
  }
  return next.slice(0, MAX_EPISODES)
}

/** Listens to the demo's events for one device and calls `paint` with what is known; returns how to stop. */
export function listen(device: string, before: View, paint: (view: View) => void): () => void {
  let view: View = { ...before, connection: 'connecting', device, readings: [], scores: [] }
  let timer: ReturnType<typeof setTimeout> | undefined
  const update = (change: Partial<View>): void => {
    view = { ...view, ...change }
    timer ??= setTimeout(() => {
      timer = undefined
      paint(view)
    }, PAINT_MS)
  }
  const source = new EventSource(`demo/events?device=${encodeURIComponent(device)}`)
  const on = <T>(kind: string, take: (data: T) => Partial<View>): void => {
    source.addEventListener(kind, (event) => update(take(JSON.parse((event as MessageEvent<string>).data) as T)))
  }
  on<Hello>('hello', (hello) => ({ ...hello, connection: 'open', episodes: [], models: [], scores: [], readings: [] }))
  on<Anomaly[]>('anomalies', (anomalies) => ({ episodes: withAnomalies(view.episodes, anomalies) }))
  on<Session[]>('sessions', (sessions) => ({
    sessions: new Map([...view.sessions, ...sessions.map((s) => [s.device, s] as const)]),
  }))
  on<ModelInfo[]>('models', (models) => ({ models: [...view.models, ...models] }))
  on<Score[]>('scores', (scores) => ({ scores: extended(view.scores, scores, MAX_SCORES) }))
  on<Reading[]>('readings', (readings) => ({ readings: extended(view.readings, readings, MAX_READINGS) }))
  on<Throughput>('throughput', (throughput) => ({
    throughput,
    pace: extended(view.pace, [[Date.now() / 1_000, throughput.recordsPerSecond, throughput.lag] as const], MAX_PACE),
  }))
  on<ClusterInfo>('cluster', (cluster) => ({ cluster }))
  on<Counts>('counts', (counts) => ({ counts }))
  source.addEventListener('error', () => update({ connection: 'lost' }))
  return () => {
    source.close()
    clearTimeout(timer)
  }
}
