import type { Client } from '../../client/client.ts'
import { App } from '../../processor/app.ts'
import { type } from '../../processor/topology/options.ts'
import type { AnomalyModel } from '../../processor/models/index.ts'
import type { Anomaly, Score } from '../messages.ts'
import type { Telemetry as TelemetryValue } from '../telemetry.ts'
import { Anomalies, BaselineAnomalies, METRICS, Models, Scores, Telemetry } from '../topics.ts'
import { judge, newDeviceState, type Reading, ServedModel, type Verdict } from './judge.ts'
import { deviceStateSerde } from './state-serde.ts'

export const SCORER_ID = 'iot-scorer'

/** What this process has scored so far. After a crash, records since the last commit are scored, and counted, again. */
export class ScorerStats {
  scored = 0
  /** Records that were no telemetry. */
  rejected = 0
  /** Records scored by each version of the model. */
  readonly byVersion = new Map<number, number>()
  /** Offset after the last record scored, by partition. */
  readonly #reached = new Map<number, number>()
  /** Offsets of rejected records beyond that: they are known to be broken before it is their turn. */
  readonly #ahead = new Map<number, number[]>()

  /** A record was scored. */
  score(partition: number, offset: number, version: number): void {
    this.scored++
    this.byVersion.set(version, (this.byVersion.get(version) ?? 0) + 1)
    this.#reached.set(partition, offset + 1)
    const ahead = this.#ahead.get(partition)
    while (ahead !== undefined && ahead.length > 0 && ahead[0]! < offset) ahead.shift()
  }

  /** A record was no telemetry. */
  reject(partition: number, offset: number): void {
    this.rejected++
    const ahead = this.#ahead.get(partition)
    if (ahead === undefined) this.#ahead.set(partition, [offset])
    else ahead.push(offset)
  }

  /** The offset after the last record of a partition that was scored or rejected; 0 before any. */
  seenUpTo(partition: number): number {
    const ahead = this.#ahead.get(partition)?.at(-1) ?? -1
    return Math.max(this.#reached.get(partition) ?? 0, ahead + 1)
  }

  /** Records of a partition, from `start` to `end`, that were neither scored nor rejected. */
  waiting(partition: number, start: number, end: number): number {
    const reached = this.#reached.get(partition) ?? start
    const ahead = (this.#ahead.get(partition) ?? []).filter((offset) => offset >= reached && offset < end)
    return Math.max(0, end - reached - ahead.length)
  }
}

interface Equipped {
  readonly reading: TelemetryValue
  readonly served: ServedModel
}

/** A model of another fleet must not score this one: it is refused, and the one before stays. */
function fitting(model: AnomalyModel): AnomalyModel {
  if (model.metrics.length === METRICS) return model
  throw new TypeError(`${model.id} is a model of ${model.metrics.length} metrics, not ${METRICS}`)
}

/**
 * Telemetry is joined with the newest model, judged, and split by what came of it: anomalies, the baseline's anomalies, and
 * a sample of scores. Records that come before the first model wait in the log; what is no telemetry is counted and skipped.
 */
export function buildScorer(stats: ScorerStats, client?: Client): App {
  const app = new App({
    id: SCORER_ID,
    // Static: started again after a crash, it takes its place over at once.
    instanceId: `${SCORER_ID}-0`,
    sessionTimeout: '10s',
    ...(client === undefined ? {} : { client }),
    onError: (failure) => {
      if (failure.stage !== 'decode') return failure.stage === 'model' ? 'skip' : 'fail'
      stats.reject(failure.partition, failure.offset)
      return 'skip'
    },
  })
  const verdicts = app
    .stream(Telemetry)
    .withModel(Models, {
      as: 'newest-model',
      load: (model) => new ServedModel(fitting(model)),
      score: (reading, served): Equipped => ({ reading, served }),
    })
    .groupByKey()
    .process({
      as: 'devices',
      state: deviceStateSerde(METRICS),
      emits: type<Verdict>(),
      onRecord: ({ reading, served }, ctx) => {
        const { version } = served.model
        const state = (ctx.state ??= newDeviceState(served, ctx.key))
        const place: Reading = {
          device: ctx.key,
          values: reading.values,
          sequence: reading.sequence,
          sentAtMs: reading.sentAtMs,
          atMs: ctx.timestamp,
          partition: ctx.partition,
          offset: ctx.offset,
        }
        judge(state, place, served, (verdict) => ctx.emit(verdict))
        stats.score(ctx.partition, ctx.offset, version)
      },
    })
  const anomaliesTo = (to: 'anomalies' | 'baseline') =>
    verdicts.filter((v): v is Verdict & { value: Anomaly } => v.to === to).map((v) => v.value)
  anomaliesTo('anomalies').to(Anomalies)
  anomaliesTo('baseline').to(BaselineAnomalies)
  verdicts
    .filter((v): v is Verdict & { value: Score } => v.to === 'scores')
    .map((v) => v.value)
    .to(Scores)
  return app
}
