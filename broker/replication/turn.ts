/** What is done once per loop turn, in this order: append, then answer. Everything read in a turn shares its system calls. */
import { TURN_BYTES_MAX } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'

/** In the order in which they run: write what was appended, look again at what waited, send the replies. */
export type TurnPhase = 'append' | 'resume' | 'send'

export class Turn {
  private readonly clock: Clock
  private readonly stages: Record<TurnPhase, (() => void)[]> = { append: [], resume: [], send: [] }
  private scheduled = false
  private running = false
  /** Bytes of requests taken in since the stages ran. */
  private tookBytes = 0
  /** Negative until the clock has been looked at. */
  private wallMs = -1
  private elapsedMs = -1

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** A stage must not throw, and does nothing when it has nothing to do. */
  addStage(phase: TurnPhase, stage: () => void): void {
    this.stages[phase].push(stage)
  }

  /** Asks for the stages to run at the end of this turn; when called from a stage, at the end of the next. */
  request(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.clock.turnEnd(this.run)
  }

  /** Wall clock, looked at once for all that is read in this turn, and once more for its end. */
  nowMs(): number {
    if (this.wallMs < 0) {
      this.wallMs = this.clock.now()
      if (!this.running) this.request()
    }
    return this.wallMs
  }

  /** The same of the monotonic clock. */
  monotonicMs(): number {
    if (this.elapsedMs < 0) {
      this.elapsedMs = this.clock.monotonic()
      if (!this.running) this.request()
    }
    return this.elapsedMs
  }

  /**
   * So many bytes of requests were taken in. A turn that has its fill ends at once, and not only when all is read that is there:
   * what was appended is still in the processor's cache, and the client goes on while the rest is worked on. To be called from
   * the outermost frame of an event.
   */
  took(bytes: number): void {
    this.tookBytes += bytes
    if (this.tookBytes >= TURN_BYTES_MAX && !this.running) this.runStages()
  }

  private readonly run = () => {
    this.scheduled = false
    this.runStages()
  }

  private runStages(): void {
    this.running = true
    this.tookBytes = 0
    this.forgetTime()
    for (const stage of this.stages.append) stage()
    for (const stage of this.stages.resume) stage()
    for (const stage of this.stages.send) stage()
    // What the stages asked for is done in the next turn, which may be a while.
    this.forgetTime()
    this.running = false
  }

  private forgetTime(): void {
    this.wallMs = -1
    this.elapsedMs = -1
  }
}
