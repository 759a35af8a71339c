/**
 * How soon after an answer those who were answered send again, as means that follow quickly: one batch comes first and the
 * others one after another. What a sync is worth waiting for follows from it. Pure.
 */

/** Later than this it is no answer that a batch follows (milliseconds). */
const RETURN_MS_MAX = 10
/** What the newest observation counts in a mean. */
const WEIGHT = 0.25

export class ReturnTimes {
  /** Of the first batch, and of each of the others after the one before; negative while none was seen. */
  private firstMs = -1
  private stepMs = -1
  /** Batches that were answered together, those that came since then, and when. */
  private answered = 0
  private returned = 0
  private answeredAtMs = 0
  private firstAtMs = 0

  /** So many batches are being answered. Those answered before that are waited for no more. */
  answer(batches: number, nowMs: number): void {
    this.giveUp(nowMs)
    this.answered = batches
    this.returned = 0
    this.answeredAtMs = nowMs
  }

  /** So many batches came. */
  came(batches: number, nowMs: number): void {
    const { answered, returned } = this
    if (batches === 0 || returned >= answered) return
    this.returned = Math.min(answered, returned + batches)
    if (returned === 0) {
      this.firstMs = mean(this.firstMs, nowMs - this.answeredAtMs)
      this.firstAtMs = nowMs
    }
    if (this.returned === answered && answered > 1) {
      this.stepMs = mean(this.stepMs, (nowMs - this.firstAtMs) / (answered - 1))
    }
  }

  /** Milliseconds from an answer to so many batches until all are back; Infinity while none has come back yet. */
  expectedMs(batches: number): number {
    if (this.firstMs < 0) return Number.POSITIVE_INFINITY
    return this.firstMs + Math.max(0, this.stepMs) * (batches - 1)
  }

  /** Not all came back: it takes as long as that at least. */
  private giveUp(nowMs: number): void {
    const { answered, returned } = this
    if (returned >= answered) return
    if (returned === 0) this.firstMs = mean(this.firstMs, Math.max(this.firstMs, nowMs - this.answeredAtMs))
    else this.stepMs = mean(this.stepMs, Math.max(this.stepMs, (nowMs - this.firstAtMs) / (answered - 1)))
  }
}

function mean(before: number, observedMs: number): number {
  const observed = Math.min(observedMs, RETURN_MS_MAX)
  return before < 0 ? observed : before + (observed - before) * WEIGHT
}
