import { Random } from '../random.ts'
import type { Sample } from '../sample.ts'
import { drawFault, type Fault, type Severity, type Spread } from './faults.ts'

/** Something that really was wrong with a device, for the evaluation: event time, ms; `toMs` is exclusive. */
export interface Truth {
  readonly device: string
  /** `natural`: labelled by the recording's experts. */
  readonly kind: 'natural' | Fault['kind']
  readonly severity: Severity | undefined
  readonly fromMs: number
  /** Grows while it lasts. */
  toMs: number
}

export interface DeviceOptions {
  readonly name: string
  readonly seed: number
  readonly sample: Sample
  readonly spread: Spread
  /** Row of the training part that the device begins with. */
  readonly trainRow: number
  /** Readings from the training part, without faults, before the test part begins. */
  readonly warmupReadings: number
  /** Row of the test part that follows. */
  readonly testRow: number
  /** Mean time between the end of one fault and the next, minutes. */
  readonly faultGapMinutes: number
}

export const MINUTE_MS = 60_000
/** A device is down for this long when it restarts, and when it is swapped. */
const REBOOT_MINUTES = 5
const SWAP_MINUTES = 15
/** Differences between devices of one make: gain, and offset in shares of the metric's spread. */
const GAIN_SPREAD = 0.02
const OFFSET_SPREAD = 0.02
/** Measurement noise of every reading, in shares of the metric's spread. */
const NOISE = 0.02
/** Character and noise together change a value by this share of it at most: counters at rest stay at rest. */
const MOST = 0.1
/** Of a device that runs for weeks the oldest events are forgotten. */
const MAX_TRUTHS = 5_000
/** Injected faults keep this far from labelled events, rows: each kind is to be counted by itself. */
const CLEARANCE_ROWS = 90

/**
 * One simulated device: replays the recording from a place of its own, with its own gain, offset and noise, and with faults
 * drawn from its seed. Pure: event time is an argument, and the same seed and commands give the same readings.
 */
export class Device {
  readonly name: string
  readonly truth: Truth[] = []
  readonly #options: DeviceOptions
  readonly #random: Random
  readonly #width: number
  readonly #gain: Float64Array
  readonly #offset: Float64Array
  readonly #frozen: Float64Array
  #warmup: number
  #row: number
  #fault: Fault | undefined
  #faultAge = 0
  #faultTruth: Truth | undefined
  #naturalTruth: Truth | undefined
  #minutesToFault: number
  #downMinutes = 0
  #lastCommand = 0

  constructor(options: DeviceOptions) {
    this.name = options.name
    this.#options = options
    this.#random = new Random(options.seed)
    this.#width = options.sample.metrics.length
    this.#gain = new Float64Array(this.#width)
    this.#offset = new Float64Array(this.#width)
    this.#frozen = new Float64Array(this.#width)
    this.#warmup = options.warmupReadings
    this.#row = this.#warmup > 0 ? options.trainRow : options.testRow
    this.#minutesToFault = this.#random.exponential(options.faultGapMinutes)
    this.#drawCharacter()
  }

  /** What ails it now. */
  get fault(): Fault | undefined {
    return this.#fault
  }

  /** Is it past the training part of the recording? */
  get live(): boolean {
    return this.#warmup === 0
  }

  /** The next minute. Writes the reading to `out` and returns true, or returns false when the device is silent. */
  read(atMs: number, out: Float32Array): boolean {
    this.#advanceFault(atMs)
    const natural = this.live && this.#options.sample.labels[this.#row] === 1
    const silent = this.#downMinutes > 0 || this.#fault?.kind === 'dropout'
    if (this.#downMinutes > 0) this.#downMinutes--
    this.#recordNatural(natural && !silent, atMs)
    if (!silent) this.#fill(out)
    this.#step()
    return !silent
  }

  /** Obeys a command; one that was obeyed already, or is older, changes nothing. */
  obey(action: 'RESTART' | 'REPLACE', number: number): boolean {
    if (number <= this.#lastCommand) return false
    this.#lastCommand = number
    this.#endFault()
    if (action === 'RESTART') {
      this.#downMinutes = REBOOT_MINUTES
      return true
    }
    this.#downMinutes = SWAP_MINUTES
    this.#drawCharacter()
    if (this.live) this.#row = this.#random.below(this.#options.sample.testRows)
    return true
  }

  #drawCharacter(): void {
    const { moving, deviation } = this.#options.spread
    for (const j of moving) {
      this.#gain[j] = GAIN_SPREAD * this.#random.gaussian()
      this.#offset[j] = OFFSET_SPREAD * deviation[j]! * this.#random.gaussian()
    }
  }

  #advanceFault(atMs: number): void {
    if (this.#fault !== undefined) {
      this.#faultAge++
      if (this.#faultAge >= this.#fault.minutes || this.#nearEvent()) this.#endFault()
      else this.#faultTruth!.toMs = atMs + MINUTE_MS
      return
    }
    if (!this.live || this.#downMinutes > 0) return
    this.#minutesToFault--
    if (this.#minutesToFault > 0 || this.#nearEvent()) return
    this.#fault = drawFault(this.#random, this.#options.spread)
    this.#faultAge = 0
    const { kind, severity } = this.#fault
    this.#faultTruth = { device: this.name, kind, severity, fromMs: atMs, toMs: atMs + MINUTE_MS }
    this.#note(this.#faultTruth)
    this.#clean(this.#frozen)
  }

  #endFault(): void {
    this.#fault = undefined
    this.#faultTruth = undefined
    this.#minutesToFault = this.#random.exponential(this.#options.faultGapMinutes)
  }

  #nearEvent(): boolean {
    return this.#options.sample.events.some(
      ([first, last]) => this.#row >= first - CLEARANCE_ROWS && this.#row <= last + CLEARANCE_ROWS,
    )
  }

  #recordNatural(now: boolean, atMs: number): void {
    if (!now) {
      this.#naturalTruth = undefined
    } else if (this.#naturalTruth === undefined) {
      this.#naturalTruth = {
        device: this.name,
        kind: 'natural',
        severity: undefined,
        fromMs: atMs,
        toMs: atMs + MINUTE_MS,
      }
      this.#note(this.#naturalTruth)
    } else {
      this.#naturalTruth.toMs = atMs + MINUTE_MS
    }
  }

  #note(truth: Truth): void {
    this.truth.push(truth)
    if (this.truth.length > MAX_TRUTHS) this.truth.shift()
  }

  /** The value of a metric in a row of the part at hand; rows wrap around. */
  #recorded(row: number, metric: number): number {
    const { sample } = this.#options
    const [values, rows] = this.live ? [sample.test, sample.testRows] : [sample.train, sample.trainRows]
    return values[(row % rows) * this.#width + metric]!
  }

  /** A recorded value as this device measures it: never far from it, and where nothing was measured, nothing. */
  #measured(value: number, metric: number): number {
    const { mean, deviation } = this.#options.spread
    const noise = NOISE * deviation[metric]! * this.#random.gaussian()
    const change = this.#gain[metric]! * (value - mean[metric]!) + this.#offset[metric]! + noise
    const most = MOST * Math.abs(value)
    return value + Math.min(most, Math.max(-most, change))
  }

  /** The reading as it would be without a fault. */
  #clean(out: Float64Array | Float32Array): void {
    for (let j = 0; j < this.#width; j++) out[j] = this.#recorded(this.#row, j)
    for (const j of this.#options.spread.moving) out[j] = this.#measured(out[j]!, j)
  }

  /** What a metric is when the machine is busy: for a metric that goes its own way while the others stay calm. */
  #busy(fault: Fault, metric: number): number {
    const { sample, spread } = this.#options
    const row = spread.busyRows[(fault.busyFrom + this.#faultAge) % spread.busyRows.length]!
    return sample.train[row * this.#width + metric]!
  }

  #fill(out: Float32Array): void {
    this.#clean(out)
    const fault = this.#fault
    if (fault === undefined) return
    const { deviation } = this.#options.spread
    const progress = (this.#faultAge + 1) / fault.minutes
    fault.metrics.forEach((j, k) => {
      if (fault.kind === 'stuck') out[j] = this.#frozen[j]!
      else if (fault.kind === 'correlation') out[j] = this.#measured(this.#busy(fault, j), j)
      else if (fault.kind === 'spike') out[j]! += fault.reach[k]! * deviation[j]!
      else if (fault.kind === 'drift') out[j]! += progress * fault.reach[k]! * deviation[j]!
    })
  }

  #step(): void {
    const { sample, testRow } = this.#options
    if (this.live) {
      this.#row = (this.#row + 1) % sample.testRows
      return
    }
    this.#warmup--
    this.#row = this.#warmup === 0 ? testRow : (this.#row + 1) % sample.trainRows
  }
}
