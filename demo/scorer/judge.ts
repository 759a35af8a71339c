import {
  type AnomalyModel,
  type DetectorState,
  Episodes,
  type EpisodeState,
  FlatlineDetector,
  type FlatlineState,
  PcaDetector,
  scoreMaxZ,
} from '../../processor/models/index.ts'
import type { Anomaly, Cause, Score } from '../messages.ts'

/** A model made ready to score: its detector owns scratch space and is shared by all devices of a task. */
export class ServedModel {
  readonly model: AnomalyModel
  readonly detector: PcaDetector
  readonly flatline: FlatlineDetector

  constructor(model: AnomalyModel) {
    this.model = model
    this.detector = new PcaDetector(model.pca)
    this.flatline = new FlatlineDetector(model.flatline)
  }
}

/** What is kept per device: the smoothed statistics, the repeats and the open episodes of the detector and of the baseline. */
export interface DeviceState {
  smoothed: DetectorState
  still: FlatlineState
  episode: EpisodeState
  baseline: EpisodeState
  /** Readings until the next sample goes to `scores`. */
  untilSample: number
  /** Where the reading that opened the episode is in the log, and when it was sent (wall clock). */
  partition: number
  offset: number
  sentAtMs: number
}

/** A reading, where it came from, and when: event time. */
export interface Reading {
  readonly device: string
  readonly values: ArrayLike<number>
  readonly sequence: number
  readonly sentAtMs: number
  readonly atMs: number
  readonly partition: number
  readonly offset: number
}

export type Verdict =
  | { readonly to: 'anomalies' | 'baseline'; readonly value: Anomaly }
  | { readonly to: 'scores'; readonly value: Score }

/** Every so many readings of a device one score is published. */
const SAMPLE_READINGS = 20
/** Metrics named in an alarm. */
const CAUSES = 5

/** A device that stands still counts at most this many times the threshold. */
const STILLNESS_CAP = 2

const episodes = new Episodes()

/** The state of a device that was never seen. Devices are sampled at different times, so that samples come evenly. */
export function newDeviceState(served: ServedModel, device: string): DeviceState {
  return {
    smoothed: served.detector.createState(),
    still: served.flatline.createState(),
    episode: Episodes.initial(),
    baseline: Episodes.initial(),
    untilSample: phaseOf(device),
    partition: 0,
    offset: 0,
    sentAtMs: 0,
  }
}

function phaseOf(device: string): number {
  let sum = 0
  for (let i = 0; i < device.length; i++) sum = (sum * 31 + device.charCodeAt(i)) % SAMPLE_READINGS
  return sum
}

/**
 * Scores one reading and takes it into the device's state. Reports an episode once when it opens and once when it closes,
 * names the metrics that caused it, and samples scores. `report` is called for each verdict, in order.
 */
export function judge(
  state: DeviceState,
  reading: Reading,
  served: ServedModel,
  report: (verdict: Verdict) => void,
): void {
  const { model, detector, flatline } = served
  const { threshold } = model
  const stillness = Math.min(STILLNESS_CAP, flatline.advance(state.still, reading.values)) * threshold
  const score = Math.max(detector.score(state.smoothed, reading.values), stillness)
  const change = episodes.advance(state.episode, score, threshold, reading.atMs)
  if (change === 'opened') {
    state.partition = reading.partition
    state.offset = reading.offset
    state.sentAtMs = reading.sentAtMs
    report({
      to: 'anomalies',
      value: {
        ...anomaly(state, reading, model, 'OPENED', score),
        causes: causesOf(state, served, score === stillness),
      },
    })
  } else if (change === 'closed') {
    report({ to: 'anomalies', value: anomaly(state, reading, model, 'CLOSED', state.episode.peak) })
  }
  const plain = episodes.advance(state.baseline, scoreMaxZ(model.baseline, reading.values), threshold, reading.atMs)
  if (plain !== undefined)
    report({
      to: 'baseline',
      value: baselineAnomaly(state.baseline, reading, model, plain === 'opened' ? 'OPENED' : 'CLOSED'),
    })
  if (state.untilSample-- > 0 && change === undefined) return
  state.untilSample = SAMPLE_READINGS - 1
  const { device, atMs, sequence } = reading
  report({
    to: 'scores',
    value: { device, atMs, score, threshold, modelVersion: model.version, inEpisode: state.episode.open, sequence },
  })
}

function causesOf(state: DeviceState, served: ServedModel, still: boolean): Cause[] {
  const { detector, flatline, model } = served
  const name = (metric: number): string => model.metrics[metric]!
  if (!still)
    return detector
      .explain(state.smoothed, CAUSES)
      .map(({ metric, ...cause }) => ({ metric: name(metric), ...cause, repeats: 0 }))
  const all = new Map(detector.explain(state.smoothed, model.metrics.length).map((cause) => [cause.metric, cause]))
  return flatline
    .explain(state.still)
    .slice(0, CAUSES)
    .map(({ metric, share, run }) => {
      const { value, expected, deviation } = all.get(metric)!
      return { metric: name(metric), share, value, expected, deviation, repeats: run }
    })
}

function anomaly(
  state: DeviceState,
  reading: Reading,
  model: AnomalyModel,
  phase: Anomaly['phase'],
  score: number,
): Anomaly {
  const { openedAtMs, records } = state.episode
  const { partition, offset, sentAtMs } = state
  return { ...identity(reading, model, phase, openedAtMs), score, records, partition, offset, sentAtMs }
}

function baselineAnomaly(
  episode: EpisodeState,
  reading: Reading,
  model: AnomalyModel,
  phase: Anomaly['phase'],
): Anomaly {
  const { openedAtMs, peak, records } = episode
  const { partition, offset, sentAtMs } = reading
  return { ...identity(reading, model, phase, openedAtMs), score: peak, records, partition, offset, sentAtMs }
}

type Identity = Omit<Anomaly, 'score' | 'records' | 'partition' | 'offset' | 'sentAtMs'>

function identity(reading: Reading, model: AnomalyModel, phase: Anomaly['phase'], openedAtMs: number): Identity {
  const { device, atMs } = reading
  return {
    device,
    phase,
    episode: `${device}/${openedAtMs}`,
    openedAtMs,
    atMs,
    threshold: model.threshold,
    model: model.id,
    modelVersion: model.version,
    causes: [],
  }
}
