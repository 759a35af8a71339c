/** What is done once per loop turn, in this order: append, then answer. Everything read in a turn shares its system calls. */
import type { Clock } from '../ports/clock.ts'

/** In the order in which they run: write what was appended, look again at what waited, send the replies. */
export type TurnPhase = 'append' | 'resume' | 'send'

export class Turn {
  private readonly clock: Clock
  private readonly stages: Record<TurnPhase, (() => void)[]> = { append: [], resume: [], send: [] }
  private scheduled = false

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

  private readonly run = () => {
    this.scheduled = false
    for (const stage of this.stages.append) stage()
    for (const stage of this.stages.resume) stage()
    for (const stage of this.stages.send) stage()
  }
}
