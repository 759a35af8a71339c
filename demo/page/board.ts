import type { Client } from '../../client/client.ts'
import type { AnomalyModel } from '../../processor/models/index.ts'
import type { Anomaly, Score, Session } from '../messages.ts'
import { pause } from '../pause.ts'
import { offsetsOf } from '../read-range.ts'
import { SCORER_ID } from '../scorer/topology.ts'
import { Anomalies, Models, Scores, Sessions, Telemetry } from '../topics.ts'
import { type ClusterInfo, NO_CLUSTER, watchCluster } from './watch-cluster.ts'

/** A version of the model, as the page shows it: without its numbers. */
export interface ModelInfo {
  readonly id: string
  readonly version: number
  readonly createdAtMs: number
  readonly rows: number
  readonly components: number
  readonly threshold: number
  readonly hash: string
}

/** How the log and the scorer do. */
export interface Throughput {
  /** Telemetry records per second, by the log's offsets. */
  readonly recordsPerSecond: number
  /** Records between the scorer's last commit and the end of the log. */
  readonly lag: number
  readonly totalRecords: number
}

/** What the page is told, one kind at a time. */
export type BoardEvent =
  | { readonly kind: 'anomalies'; readonly data: readonly Anomaly[] }
  | { readonly kind: 'sessions'; readonly data: readonly Session[] }
  | { readonly kind: 'models'; readonly data: readonly ModelInfo[] }
  | { readonly kind: 'scores'; readonly data: readonly Score[] }
  | { readonly kind: 'throughput'; readonly data: Throughput }
  | { readonly kind: 'cluster'; readonly data: ClusterInfo }

const MAX_ANOMALIES = 300
const MAX_MODELS = 50
/** Sessions and scores kept are one per device; devices beyond this are not shown. */
const MAX_DEVICES = 10_000
/** Scores kept per device: about a screen's width. */
const MAX_SCORES = 300
/** Events are gathered for this long: a browser is told a few times a second, however fast the topics are. */
const GATHER_MS = 250
const THROUGHPUT_MS = 1_000

/** What the topics say now, kept for pages that connect later, and passed on as it changes. Knows nothing but the topics. */
export class Board {
  readonly #client: Client
  readonly #signal: AbortSignal
  readonly #listeners = new Set<(event: BoardEvent) => void>()
  readonly #anomalies: Anomaly[] = []
  readonly #sessions = new Map<string, Session>()
  readonly #models: ModelInfo[] = []
  readonly #scores = new Map<string, Score[]>()
  #throughput: Throughput = { recordsPerSecond: 0, lag: 0, totalRecords: 0 }
  #cluster: ClusterInfo = NO_CLUSTER
  #fresh = {
    anomalies: [] as Anomaly[],
    sessions: new Map<string, Session>(),
    models: [] as ModelInfo[],
    scores: [] as Score[],
  }

  constructor(client: Client, signal: AbortSignal) {
    this.#client = client
    this.#signal = signal
  }

  /** Everything there is to know for a page that has just connected; scores of one device only. */
  snapshot(device: string): BoardEvent[] {
    return [
      { kind: 'models', data: this.#models },
      { kind: 'sessions', data: [...this.#sessions.values()] },
      { kind: 'anomalies', data: this.#anomalies },
      { kind: 'scores', data: this.#scores.get(device) ?? [] },
      { kind: 'throughput', data: this.#throughput },
      { kind: 'cluster', data: this.#cluster },
    ]
  }

  /** For a page that has not chosen: the device of the newest alarm, else the first by name; empty before any is known. */
  get suggestedDevice(): string {
    const alarm = this.#anomalies.at(-1)
    if (alarm !== undefined) return alarm.device
    return [...this.#sessions.keys()].reduce((first, name) => (first === '' || name < first ? name : first), '')
  }

  subscribe(listener: (event: BoardEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads the topics until the signal fires. */
  async run(): Promise<void> {
    const ticker = setInterval(() => this.#tell(), GATHER_MS)
    try {
      await Promise.all([this.#follow(), this.#measure(), this.#look()])
    } catch (error) {
      if (!this.#signal.aborted) throw error
    } finally {
      clearInterval(ticker)
    }
  }

  /** Compacted topics from their beginning, the others from now on. */
  async #follow(): Promise<void> {
    await using admin = this.#client.admin()
    const assign: { topic: string; partition: number; offset: number }[] = []
    for (const { name } of [Models, Sessions, Anomalies, Scores]) {
      const spec = name === Models.name || name === Sessions.name ? 'earliest' : 'latest'
      const offsets = await offsetsOf(admin, name, spec, this.#signal)
      offsets.forEach((offset, partition) => assign.push({ topic: name, partition, offset }))
    }
    const topics = [Models, Sessions, Anomalies, Scores] as const
    await using consumer = this.#client.consumer({ topics, assign, maxWaitMs: 100 })
    for await (const record of consumer.records({ signal: this.#signal })) {
      if (record.topic === 'models') this.#model(record.value)
      else if (record.topic === 'device-sessions') this.#session(record.value)
      else if (record.topic === 'anomalies') this.#anomaly(record.value)
      else this.#score(record.value)
    }
  }

  #model(model: AnomalyModel | null): void {
    if (model === null) return
    const { id, version, createdAtMs, trainedFrom, pca, threshold, hash } = model
    const info = { id, version, createdAtMs, rows: trainedFrom.rows, components: pca.variances.length, threshold, hash }
    push(this.#models, info, MAX_MODELS)
    this.#fresh.models.push(info)
  }

  #session(session: Session | null): void {
    if (session === null || (this.#sessions.size >= MAX_DEVICES && !this.#sessions.has(session.device))) return
    this.#sessions.set(session.device, session)
    this.#fresh.sessions.set(session.device, session)
  }

  #anomaly(anomaly: Anomaly | null): void {
    if (anomaly === null) return
    push(this.#anomalies, anomaly, MAX_ANOMALIES)
    push(this.#fresh.anomalies, anomaly, MAX_ANOMALIES)
  }

  #score(score: Score | null): void {
    if (score === null) return
    const scores = this.#scores.get(score.device)
    if (scores !== undefined) push(scores, score, MAX_SCORES)
    else if (this.#scores.size < MAX_DEVICES) this.#scores.set(score.device, [score])
    push(this.#fresh.scores, score, MAX_DEVICES)
  }

  /** How fast telemetry comes in, and how far the scorer is behind, by offsets alone. */
  async #measure(): Promise<void> {
    await using admin = this.#client.admin()
    let last = { total: -1, atMs: 0 }
    for (;;) {
      const end = await offsetsOf(admin, Telemetry.name, 'latest', this.#signal)
      const total = end.reduce((sum, offset) => sum + offset, 0)
      const committed = await admin.listGroupOffsets(SCORER_ID, undefined, { signal: this.#signal }).catch(() => [])
      const reached = committed
        .filter(({ topic }) => topic === Telemetry.name)
        .reduce((sum, { offset }) => sum + offset, 0)
      const now = performance.now()
      const recordsPerSecond = last.total < 0 ? 0 : Math.round(((total - last.total) * 1_000) / (now - last.atMs))
      last = { total, atMs: now }
      this.#throughput = { recordsPerSecond, lag: Math.max(0, total - reached), totalRecords: total }
      this.#emit({ kind: 'throughput', data: this.#throughput })
      await pause(THROUGHPUT_MS, this.#signal)
    }
  }

  async #look(): Promise<void> {
    await watchCluster(this.#client, this.#signal, (cluster) => {
      this.#cluster = cluster
      this.#emit({ kind: 'cluster', data: cluster })
    })
  }

  #tell(): void {
    const { anomalies, sessions, models, scores } = this.#fresh
    this.#fresh = { anomalies: [], sessions: new Map(), models: [], scores: [] }
    if (models.length > 0) this.#emit({ kind: 'models', data: models })
    if (sessions.size > 0) this.#emit({ kind: 'sessions', data: [...sessions.values()] })
    if (anomalies.length > 0) this.#emit({ kind: 'anomalies', data: anomalies })
    if (scores.length > 0) this.#emit({ kind: 'scores', data: scores })
  }

  #emit(event: BoardEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

/** Appends, and lets go of the oldest beyond `most`. */
function push<T>(items: T[], item: T, most: number): void {
  items.push(item)
  if (items.length > most) items.shift()
}
