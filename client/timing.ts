import { AbortError, clientError, MillraceError } from './errors.ts'

/** Throws AbortError if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError(signal.reason)
}

/** Who is to be told when a signal fires: one listener a signal, as Node warns of a leak from eleven on. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls back once if the signal fires. Returns what takes the callback away. The signal has not fired yet. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = waiting.get(signal)
  if (callbacks === undefined) {
    callbacks = new Set()
    waiting.set(signal, callbacks)
    signal.addEventListener('abort', () => tellAll(signal), { once: true })
  }
  // A wrapper of its own, so that the same callback can wait twice.
  const entry = (): void => callback()
  callbacks.add(entry)
  return () => callbacks.delete(entry)
}

function tellAll(signal: AbortSignal): void {
  const callbacks = waiting.get(signal)
  waiting.delete(signal)
  for (const callback of callbacks ?? []) callback()
}

/** The promise, or AbortError as soon as the signal fires; what the promise stands for goes on regardless. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  if (signal.aborted) {
    promise.catch(() => undefined)
    return Promise.reject(new AbortError(signal.reason))
  }
  return new Promise<T>((resolve, reject) => {
    const forget = onAbort(signal, () => reject(new AbortError(signal.reason)))
    promise.then(resolve, reject).finally(forget)
  })
}

/** Waits; rejects with AbortError if the signal fires first. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(new AbortError(signal.reason))
  return new Promise<void>((resolve, reject) => {
    const forget =
      signal &&
      onAbort(signal, () => {
        clearTimeout(timer)
        reject(new AbortError(signal.reason))
      })
    const timer = setTimeout(() => {
      forget?.()
      resolve()
    }, delayMs)
  })
}

const JITTER = 0.2

/** Pause before retry number `attempt` (0 is the first): doubles from `firstMs` to `maxMs`, give or take 20 % (KIP-580). */
export function backoffMs(attempt: number, firstMs: number, maxMs: number): number {
  const base = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30))
  return base * (1 - JITTER + Math.random() * 2 * JITTER)
}

export interface RetryPolicy {
  readonly timeoutMs: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the time is up (then the last error is thrown). `recover` runs
 * before each retry, e.g. to ask for new metadata.
 */
export async function retrying<T>(
  policy: RetryPolicy,
  attempt: () => Promise<T>,
  recover?: (error: MillraceError) => void,
): Promise<T> {
  const deadline = Date.now() + policy.timeoutMs
  for (let tries = 0; ; tries++) {
    throwIfAborted(policy.signal)
    try {
      return await abortable(attempt(), policy.signal)
    } catch (cause) {
      const pause = backoffMs(tries, policy.retryBackoffMs, policy.retryBackoffMaxMs)
      if (!(cause instanceof MillraceError) || !cause.retriable || Date.now() + pause >= deadline) throw cause
      recover?.(cause)
      await sleep(pause, policy.signal)
    }
  }
}

/** A promise with its two ends outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

/** The offset, or CLIENT_INVALID_OFFSET if a double cannot hold it exactly. */
export function safeOffset(offset: number, what: string): number {
  if (!Number.isSafeInteger(offset)) throw clientError('CLIENT_INVALID_OFFSET', `${what} (${offset})`)
  return offset
}
