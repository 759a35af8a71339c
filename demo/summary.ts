import type { Evaluation } from './evaluation/evaluate.ts'
import type { SessionStatus } from './messages.ts'

/** How one detector did: the recording's own labelled events and the injected faults apart, on the same reports. */
export interface Detection {
  /** Labelled by the recording's experts. */
  readonly natural: Evaluation
  /** Injected by the fleet, but for dropouts: what sends nothing cannot be scored. */
  readonly injected: Evaluation
  /** Both: the precision of a report counts here, since a report does not say which kind it means. */
  readonly all: Evaluation
}

/** What a run of the demo did and how well; the JSON it ends with. */
export interface DemoSummary {
  readonly seconds: number
  readonly devices: number
  /** Event time that passed, hours. */
  readonly simulatedHours: number
  readonly records: {
    /** In the telemetry topic, from where the scorer took over. */
    readonly in: number
    readonly scored: number
    /** Not reached by the scorer: no model yet, or no time. */
    readonly waiting: number
    /** Not telemetry. */
    readonly rejected: number
    /** in = scored + waiting + rejected. */
    readonly balanced: boolean
    /** Readings that the fleet cut off on purpose, in this run: what `rejected` should be. */
    readonly broken: number
    /** Readings that the fleet sent in this run, and how many the log took since: the same, unless some were lost or doubled. */
    readonly sent: number
    readonly appended: number
  }
  readonly throughput: {
    /** Asked for and sent, readings per second. */
    readonly target: number
    readonly sent: number
    /** Records scored per second over the whole run. */
    readonly scored: number
  }
  /** From sending a reading to reading its anomaly from the topic, ms; null without any. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number } | null
  readonly latencySamples: number
  /** Anomalies in records that had waited for the first model: not in `latencyMs`. */
  readonly backlogAnomalies: number
  /** Episodes reported. */
  readonly anomalies: number
  readonly models: readonly DemoModel[]
  readonly detection: { readonly millrace: Detection; readonly maxZ: Detection; readonly silence: Evaluation }
  readonly sessions: {
    readonly states: Readonly<Record<SessionStatus, number>>
    readonly restarts: number
    readonly replacements: number
  }
}

/** A version of the model in the run. */
export interface DemoModel {
  readonly id: string
  readonly version: number
  readonly origin: 'trained' | 'found'
  /** Since the start of the run. */
  readonly afterSeconds: number
  readonly trainedOnRows: number
  readonly hash: string
  /** Records it scored in this run. */
  readonly scored: number
}

/** Where a run stands, about twice a second: for a terminal. */
export interface DemoProgress {
  readonly seconds: number
  readonly phase: 'warming up' | 'running'
  readonly recordsPerSecond: number
  readonly in: number
  readonly scored: number
  readonly waiting: number
  readonly rejected: number
  readonly anomalies: number
  readonly openEpisodes: number
  readonly states: Readonly<Record<SessionStatus, number>>
  /** Empty before the first. */
  readonly model: string
  readonly latencyP99Ms: number | null
  /** The newest anomaly in a line; empty before the first. */
  readonly newest: string
  /** Where the page is served; empty when it is not. */
  readonly pageUrl: string
}
