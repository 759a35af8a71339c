import { isOutOfDescriptors, isPassing, LogFullError, LogOfflineError } from './errors.ts'
import type { LogOptions } from './log-options.ts'

/** What befalls a log in use. Told at once, from within the call that met it: a listener must not write to the log. */
export interface LogListener {
  /** The log failed for good: told once. */
  offline(reason: LogOfflineError): void
  /** Batches from `endOffset` on were never written and are taken back: others will get their offsets. */
  rolledBack(endOffset: number, reason: LogFullError): void
  /** There is no room: appends are refused until `relieved`. */
  full(reason: LogFullError): void
  relieved(): void
}

/** A full log is tried again at most this often (milliseconds): a try costs a write and perhaps its taking back. */
const RETRY_MS = 1000

/** The same of one that found no file descriptor: a try costs nothing, and the next sync may have freed one. */
const DESCRIPTOR_RETRY_MS = 50

export type LogHealthOptions = Pick<LogOptions, 'directory' | 'topic' | 'partition' | 'onUnreadable'>

/** Whether one log can be written to: it works, is full for now, or is offline for good. Disk work is run through here. */
export class LogHealth {
  readonly #options: LogHealthOptions
  readonly #stop: (reason: LogOfflineError) => void
  #listener: LogListener | null = null
  #offline: LogOfflineError | null = null
  #full: LogFullError | null = null
  /** Wall clock of the last append that was let through, or other try. */
  #triedMs = Number.NEGATIVE_INFINITY
  /** What was told of last. */
  #unreadable = ''

  /** `stop` is called once, when the log goes offline and before anybody else hears of it. */
  constructor(options: LogHealthOptions, stop: (reason: LogOfflineError) => void) {
    this.#options = options
    this.#stop = stop
  }

  get offline(): LogOfflineError | null {
    return this.#offline
  }

  get full(): LogFullError | null {
    return this.#full
  }

  listen(listener: LogListener): void {
    this.#listener = listener
  }

  /** Runs disk work; whatever it throws takes the log offline, as it may have been half done. */
  guard(work: () => void): Error | null {
    try {
      work()
      return null
    } catch (error) {
      return this.fail(error as Error)
    }
  }

  /** Runs disk work that can be done again when it was half done: where there is no room for it the log is full. */
  attempt(work: () => void): Error | null {
    try {
      work()
      return null
    } catch (error) {
      return isPassing(error) ? this.#fill(error as Error) : this.fail(error as Error)
    }
  }

  /** The same for a write that `takeBack` undoes; it returns where the log ends after that. */
  attemptWrite(write: () => void, takeBack: () => number): Error | null {
    let endOffset = -1
    const problem = this.attempt(write)
    if (problem === null || this.#full === null) return problem
    const reason = this.#full
    const failure = this.guard(() => {
      endOffset = takeBack()
    })
    if (failure === null) this.#listener?.rolledBack(endOffset, reason)
    return failure ?? reason
  }

  /** Takes the log offline, unless it is already. */
  fail(cause: Error): LogOfflineError {
    if (this.#offline !== null) return this.#offline
    const reason = this.close(cause)
    this.#listener?.offline(reason)
    return reason
  }

  /** The same, and nobody is told. */
  close(cause: Error): LogOfflineError {
    if (this.#offline !== null) return this.#offline
    const reason = new LogOfflineError(this.#options.directory, cause)
    this.#offline = reason
    this.#full = null
    this.#stop(reason)
    return reason
  }

  /** A read failed. Whoever reads tries again and again: the same reason is told of once. */
  unreadable(reason: Error): void {
    if (isPassing(reason) || reason.message === this.#unreadable) return
    this.#unreadable = reason.message
    const { topic, partition, onUnreadable } = this.#options
    onUnreadable?.(topic, partition, reason)
  }

  /** Something was written: there is room again. */
  relieve(): void {
    if (this.#full === null) return
    this.#full = null
    this.#listener?.relieved()
  }

  /** Why nothing may be appended now, or null. Of a full log an append is let through now and then, to try. */
  obstacle(nowMs: number): Error | null {
    if (this.#offline !== null) return this.#offline
    if (this.#full !== null) return this.mayTry(nowMs) ? null : this.#full
    this.#triedMs = nowMs
    return null
  }

  /** Whether a full log may be tried now; counts as a try. A clock that was set back delays it by one interval. */
  mayTry(nowMs: number): boolean {
    this.#triedMs = Math.min(this.#triedMs, nowMs)
    const retryMs = isOutOfDescriptors(this.#full?.cause) ? DESCRIPTOR_RETRY_MS : RETRY_MS
    if (nowMs - this.#triedMs < retryMs) return false
    this.#triedMs = nowMs
    return true
  }

  #fill(cause: Error): LogFullError {
    if (this.#full !== null) return this.#full
    this.#full = new LogFullError(this.#options.directory, cause)
    this.#listener?.full(this.#full)
    return this.#full
  }
}
