/**
 * The life of a broker as its cluster sees it: registers, opens its partitions, is unfenced, reports, hands its leaders over
 * and stops (Kafka's BrokerLifecycleManager). Says what to ask the active controller next, and when. Pure.
 */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { finalRegistrationErrors } from './broker-registration.ts'

export interface BrokerLifecycleOptions {
  /** `broker.heartbeat.interval.ms`. */
  readonly heartbeatIntervalMs: number
  /** `broker.session.timeout.ms`: another uptime that is registered under this id is dead, or not, by then. */
  readonly sessionTimeoutMs: number
}

/**
 * `registering`: no controller knows of this uptime. `starting`: registered, and fenced until the partitions are open.
 * `running`: has been unfenced. `stopping`: hands its leaders over. `stopped`: may go.
 */
export type LifecycleState = 'registering' | 'starting' | 'running' | 'stopping' | 'stopped'

/** Pause after an attempt that failed (ms): it doubles up to the longest. */
const BACKOFF_MS = 20
const BACKOFF_MAX_MS = 500

/** Heartbeats of a broker that waits for its leaders to move (ms). */
const STOPPING_INTERVAL_MS = 50

/** A broker that wants to stop does so anyway when no controller has answered for so long, or has not let it go (ms). */
const STOPPING_SILENCE_MS = 1_000
const STOPPING_MAX_MS = 10_000

export class BrokerLifecycle {
  private readonly options: BrokerLifecycleOptions
  private current: LifecycleState = 'registering'
  private epoch = -1
  private isReady = false
  private wasRunning = false
  private failures = 0
  private nextMs = Number.NEGATIVE_INFINITY
  /** Since when another live broker has had this id; null when none has. */
  private duplicateSinceMs: number | null = null
  private stoppingSinceMs = 0
  private answeredMs = 0
  private problem: ErrorCode | null = null

  constructor(options: BrokerLifecycleOptions) {
    this.options = options
  }

  get state(): LifecycleState {
    return this.current
  }

  /** Of this uptime; -1 until it is registered. */
  get brokerEpoch(): number {
    return this.epoch
  }

  /** No controller has answered for as long as one waits for a broker: most likely it has fenced this one. */
  isCutOff(nowMs: number): boolean {
    return this.current === 'running' && nowMs - this.answeredMs >= this.options.sessionTimeoutMs
  }

  /** Another broker that lives has this id, as far as the controller knows. */
  get isDuplicate(): boolean {
    return this.duplicateSinceMs !== null
  }

  /** Why this broker can never join; null while it may. */
  get refusedBy(): ErrorCode | null {
    return this.problem
  }

  /** When to ask again; what is under way comes first. */
  get dueMs(): number {
    return this.current === 'stopped' || this.problem !== null ? Number.POSITIVE_INFINITY : this.nextMs
  }

  /** What to ask for. Null: nothing, until something happens. */
  get wish(): 'register' | 'heartbeat' | null {
    if (this.current === 'stopped' || this.problem !== null) return null
    if (this.epoch < 0) return 'register'
    return this.current === 'starting' && !this.isReady ? null : 'heartbeat'
  }

  get wantsFence(): boolean {
    return !this.isReady
  }

  get wantsShutDown(): boolean {
    return this.current === 'stopping'
  }

  registered(brokerEpoch: number, nowMs: number): void {
    this.epoch = brokerEpoch
    this.failures = 0
    this.duplicateSinceMs = null
    if (this.current === 'registering') this.current = 'starting'
    this.nextMs = nowMs
  }

  /** Refused with an error, or not answered at all (null). */
  registrationFailed(error: ErrorCode | null, nowMs: number): void {
    this.backOff(nowMs)
    if (this.current === 'stopping') this.checkPatience(nowMs)
    if (error !== Errors.DUPLICATE_BROKER_REGISTRATION) this.duplicateSinceMs = null
    else {
      this.duplicateSinceMs ??= nowMs
      // The uptime before this one is taken for dead by now: this one is another, that lives.
      const isAnother = nowMs - this.duplicateSinceMs > 2 * this.options.sessionTimeoutMs
      if (isAnother && !this.wasRunning) this.problem = error
    }
    // A broker that has been part of the cluster goes on trying: what it serves is still right.
    if (error !== null && finalRegistrationErrors.has(error) && !this.wasRunning) this.problem = error
  }

  /** The partitions are open and may be led from here. */
  ready(nowMs: number): void {
    this.isReady = true
    this.nextMs = nowMs
  }

  /** The controller is to hear of something now. */
  hurry(nowMs: number): void {
    if (this.current === 'running') this.nextMs = Math.min(this.nextMs, nowMs)
  }

  /** Another controller is active: it has yet to find out which uptimes are over. */
  controllerChanged(nowMs: number): void {
    this.duplicateSinceMs = null
    this.controllerFound(nowMs)
  }

  /** There is an active controller: it is to hear of this broker now. */
  controllerFound(nowMs: number): void {
    if (this.current === 'registering') this.nextMs = Math.min(this.nextMs, nowMs)
    this.hurry(nowMs)
  }

  /** `isUrgent`: the next one is to follow at once. */
  heartbeatAnswered(
    answer: { readonly isFenced: boolean; readonly shouldShutDown: boolean; readonly isUrgent?: boolean },
    nowMs: number,
  ): void {
    this.failures = 0
    this.answeredMs = nowMs
    if (this.current === 'stopping') {
      if (answer.shouldShutDown) this.current = 'stopped'
      this.nextMs = nowMs + STOPPING_INTERVAL_MS
      this.checkPatience(nowMs)
      return
    }
    if (!answer.isFenced && this.isReady) {
      this.current = 'running'
      this.wasRunning = true
    }
    // Fenced after all, it asks to be let in again soon.
    const pauseMs = answer.isFenced ? BACKOFF_MS * 5 : this.options.heartbeatIntervalMs
    this.nextMs = answer.isUrgent === true ? nowMs : nowMs + pauseMs
  }

  /** An error of the controller, or no answer (null). The epoch is gone when the controller does not know it. */
  heartbeatFailed(error: ErrorCode | null, nowMs: number): void {
    this.backOff(nowMs)
    if (error === Errors.STALE_BROKER_EPOCH || error === Errors.BROKER_ID_NOT_REGISTERED) {
      this.epoch = -1
      if (this.current === 'running') this.current = 'registering'
      // Forgotten by its cluster, a broker that wants to stop has nothing to hand over.
      if (this.current === 'stopping') this.current = 'stopped'
    }
    if (this.current === 'stopping') this.checkPatience(nowMs)
  }

  /** Hands the leaders over, if there are any and anybody to take them, and stops. */
  stop(nowMs: number): void {
    if (this.current === 'stopping' || this.current === 'stopped') return
    const leads = this.current === 'running' && this.epoch >= 0
    this.current = leads ? 'stopping' : 'stopped'
    this.stoppingSinceMs = nowMs
    this.answeredMs = nowMs
    this.nextMs = nowMs
  }

  /** Gives up waiting for a controller that is silent, or does not let it go. */
  checkPatience(nowMs: number): void {
    if (this.current !== 'stopping') return
    const isSilent = nowMs - this.answeredMs >= STOPPING_SILENCE_MS
    if (isSilent || nowMs - this.stoppingSinceMs >= STOPPING_MAX_MS) this.current = 'stopped'
  }

  private backOff(nowMs: number): void {
    this.nextMs = nowMs + Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** Math.min(this.failures, 10))
    this.failures += 1
  }
}
