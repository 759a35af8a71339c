import type { Admin } from '../../client/admin/types.ts'
import type { Client } from '../../client/client.ts'
import type { Producer } from '../../client/producer/types.ts'
import type { AnomalyModel } from '../../processor/models/index.ts'
import { newestRanges, offsetsOf, readRanges } from '../read-range.ts'
import { pause } from '../pause.ts'
import { METRICS, Models, Telemetry, TelemetryBytes } from '../topics.ts'
import { fitModel, MODEL_NAME, runSliced } from './fit.ts'
import { HistoryBuilder, isSampled } from './sampling.ts'
import type { ModelStore } from './store.ts'

export interface TrainerOptions {
  readonly client: Client
  readonly metrics: readonly string[]
  readonly store: ModelStore
  /** Records of telemetry that the first training waits for. */
  readonly trainAfterRecords: number
  readonly retrainEveryMs: number
  readonly signal: AbortSignal
  /** A version was published, or taken up where an earlier run left off. */
  readonly onModel: (model: AnomalyModel, origin: 'trained' | 'found') => void
}

/** Rows of one training: enough for stable tails, little enough to be fitted beside the scoring. */
const MAX_ROWS = 24_000
/** How far back a training looks, records. */
const MAX_HISTORY_RECORDS = 120_000
const POLL_MS = 200
/** How long a fit holds the event loop at a time: as long as nothing is scored yet, others can wait; later, not for long. */
const FIRST_SLICE_MS = 25
const SLICE_MS = 4

/**
 * Learns from the log: waits for enough telemetry, fits, publishes to `models` and to the file store, and does it again
 * every so often with what has come since. A restart goes on from the newest model in the topic.
 */
export class Trainer {
  readonly #options: TrainerOptions
  readonly #admin: Admin
  readonly #producer: Producer

  constructor(options: TrainerOptions) {
    this.#options = options
    this.#admin = options.client.admin()
    this.#producer = options.client.producer()
  }

  /** Trains until the signal fires; then resolves. Rejects with what a training failed of. */
  async run(): Promise<void> {
    const { signal, retrainEveryMs, onModel } = this.#options
    try {
      let newest = await this.#findNewest()
      if (newest === undefined) await this.#waitForTelemetry()
      else onModel(newest, 'found')
      for (;;) {
        if (newest !== undefined) await pause(retrainEveryMs, signal)
        const model = await this.#train(newest)
        if (model !== undefined) onModel(model, 'trained')
        newest = model ?? newest
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      await Promise.allSettled([this.#producer.close(), this.#admin.close()])
    }
  }

  async #findNewest(): Promise<AnomalyModel | undefined> {
    const { client, signal } = this.#options
    const ranges = await newestRanges(this.#admin, Models.name, MAX_HISTORY_RECORDS, signal)
    let newest: AnomalyModel | undefined
    await readRanges(client, Models, ranges, signal, (batch) => {
      for (const record of batch) {
        const model = readable(() => record.value)
        if (model?.name === MODEL_NAME && model.version > (newest?.version ?? 0)) newest = model
      }
    })
    return newest
  }

  async #waitForTelemetry(): Promise<void> {
    const { signal, trainAfterRecords } = this.#options
    for (;;) {
      const end = await offsetsOf(this.#admin, Telemetry.name, 'latest', signal)
      if (end.reduce((sum, offset) => sum + offset, 0) >= trainAfterRecords) return
      await pause(POLL_MS, signal)
    }
  }

  /** One training; undefined when there was nothing to learn from. */
  async #train(previous: AnomalyModel | undefined): Promise<AnomalyModel | undefined> {
    const { client, metrics, store, signal } = this.#options
    const ranges = await newestRanges(this.#admin, Telemetry.name, MAX_HISTORY_RECORDS, signal)
    const records = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
    const every = Math.max(1, Math.ceil(records / MAX_ROWS))
    const history = new HistoryBuilder(METRICS, MAX_ROWS)
    await readRanges(client, TelemetryBytes, ranges, signal, (batch, to) => {
      for (const record of batch) {
        const { key, valueBytes, timestamp, offset } = record
        if (offset >= to || key === null || valueBytes === null || !isSampled(key, timestamp, every)) continue
        const reading = readable(() => Telemetry.value.decode(valueBytes))
        if (reading !== undefined) history.add(key, timestamp, reading.values)
      }
    })
    if (history.rows < 2) return undefined
    const trainedFrom = { topic: Telemetry.name, ranges }
    const work = fitModel({ history: history.build(), metrics, trainedFrom, previous, createdAtMs: Date.now() })
    const model = await runSliced(work, signal, previous === undefined ? FIRST_SLICE_MS : SLICE_MS)
    await store.save(model)
    await this.#producer.send(Models, [{ key: model.name, value: model }], { signal })
    return model
  }
}

/** What was read, or undefined when it cannot be: damaged records are the scorer's to count. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
