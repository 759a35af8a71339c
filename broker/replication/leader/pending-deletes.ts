import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'

export type DeleteDone = (error: ErrorCode, lowWatermark: number) => void

interface PendingDelete {
  readonly offset: number
  /** Monotonic. */
  readonly deadlineMs: number
  readonly done: DeleteDone
}

/** DeleteRecords that wait until the followers have deleted too: until the low watermark has reached what was asked. */
export class PendingDeletes {
  private waiting: PendingDelete[] = []

  get size(): number {
    return this.waiting.length
  }

  park(offset: number, deadlineMs: number, done: DeleteDone): void {
    this.waiting.push({ offset, deadlineMs, done })
  }

  /** The low watermark may have moved, or time passed. */
  look(lowWatermark: number, monotonicMs: number): void {
    if (this.waiting.length === 0) return
    const over = this.waiting.filter(({ offset, deadlineMs }) => offset <= lowWatermark || deadlineMs <= monotonicMs)
    this.waiting = this.waiting.filter((pending) => !over.includes(pending))
    for (const { offset, done } of over) {
      done(offset <= lowWatermark ? Errors.NONE : Errors.REQUEST_TIMED_OUT, lowWatermark)
    }
  }

  /** This broker cannot tell any more. */
  refuse(error: ErrorCode): void {
    for (const { done } of this.waiting.splice(0)) done(error, -1)
  }
}
