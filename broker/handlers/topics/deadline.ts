/** Requests that say how long they may take. */
import type { Clock } from '../../ports/clock.ts'

/** Calls `done` when the result is called, or after `waitMs` without one; once. */
export function onceWithin(waitMs: number, clock: Clock, done: () => void): () => void {
  let pending = true
  const settle = () => {
    if (!pending) return
    pending = false
    timer.cancel()
    done()
  }
  const timer = clock.after(waitMs, settle)
  return settle
}

/**
 * Runs `change`, which answers through its argument, for a client that waits for `timeoutMs`: `late` is called instead when
 * that passes first; the change may still be made. With no time at all nothing is begun, as in Kafka.
 */
export function withinTimeout<Result>(
  timeoutMs: number,
  clock: Clock,
  change: (done: (result: Result) => void) => void,
  answer: (result: Result) => void,
  late: () => void,
): void {
  if (timeoutMs <= 0) return late()
  let result: { readonly value: Result } | null = null
  const settle = onceWithin(timeoutMs, clock, () => (result === null ? late() : answer(result.value)))
  change((value) => {
    result = { value }
    settle()
  })
}
