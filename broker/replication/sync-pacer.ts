/**
 * When a partition's log is synced: at most one sync is in flight, and the next one begins at once, unless it pays to wait.
 *
 * Producers that were answered together send their next batches together, a moment later. Begun at the first of them, a sync
 * carries that one alone and the others wait for the one after: half of the syncs would be made for a batch or two, for
 * good (measured with five in flight: 1, 4, 1, 4, ...). So after a sync that covered `n` batches the next one waits until
 * `n` more have come, for a part of what a sync takes at most. Where that was in vain it is not tried again for a while.
 */
import type { Log } from '../log/log.ts'
import type { Timer } from '../ports/clock.ts'

/** Syncs shorter than this are not worth waiting for: a timer is late by as much (milliseconds). */
const WORTHWHILE_SYNC_MS = 1
/** The part of a sync's time that the next one may be put off. */
const PATIENCE = 0.5
const PATIENCE_MS_MAX = 5
/** Syncs for which nothing is put off after it was in vain; twice as many each time, up to the maximum. */
const RESTS_MIN = 8
const RESTS_MAX = 1024

/** The time, as a pacer needs it. */
export interface PacerClock {
  monotonicMs(): number
  after(delayMs: number, fn: () => void): Timer
}

export class SyncPacer {
  private readonly clock: PacerClock
  private readonly log: Pick<Log, 'sync'>
  private readonly synced: () => void
  private syncing = false
  /** Something was written since the last sync began. */
  private wanted = false
  private timer: Timer | null = null
  private stopped = false
  /** Batches written since the last sync began: what the next one will cover. */
  private arrived = 0
  /** What the sync in flight, or else the last one, covers. */
  private covered = 0
  /** Batches that had arrived when the last sync ended. */
  private arrivedBefore = 0
  private beganMs = 0
  private tookMs = 0
  /** Until then the next sync may be put off. */
  private patientUntilMs = Number.NEGATIVE_INFINITY
  /** Syncs for which nothing is put off. */
  private rests = 0
  private nextRests = RESTS_MIN

  /** `synced` is called whenever a sync has ended well. */
  constructor(clock: PacerClock, log: Pick<Log, 'sync'>, synced: () => void) {
    this.clock = clock
    this.log = log
    this.synced = synced
  }

  /** A batch was appended, and will be written before `written` is called. */
  appended(): void {
    this.arrived += 1
  }

  /** There is something new to sync. */
  written(): void {
    this.wanted = true
    if (!this.syncing) this.beginOrWait()
  }

  /** No sync begins any more. */
  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.timer = null
  }

  private beginOrWait(): void {
    const nowMs = this.clock.monotonicMs()
    const isComplete = this.arrived - this.arrivedBefore >= this.covered
    const isLate = nowMs >= this.patientUntilMs
    if (!isComplete && !isLate && this.rests === 0) {
      this.timer ??= this.clock.after(this.patientUntilMs - nowMs, () => this.expired())
      return
    }
    // Whoever was waited for has come.
    if (isComplete && this.timer !== null) this.nextRests = RESTS_MIN
    this.begin(nowMs)
  }

  /** Those that were answered last have not all come back in time. */
  private expired(): void {
    this.timer = null
    if (this.syncing || this.stopped || !this.wanted) return
    if ((this.arrived - this.arrivedBefore) * 2 <= this.covered) {
      this.rests = this.nextRests
      this.nextRests = Math.min(this.nextRests * 2, RESTS_MAX)
    }
    this.begin(this.clock.monotonicMs())
  }

  private begin(nowMs: number): void {
    if (this.stopped) return
    this.timer?.cancel()
    this.timer = null
    if (this.rests > 0) this.rests -= 1
    this.syncing = true
    this.wanted = false
    this.covered = this.arrived
    this.arrived = 0
    this.beganMs = nowMs
    this.log.sync((problem) => this.ended(problem))
  }

  private ended(problem: Error | null): void {
    this.syncing = false
    if (this.stopped || problem !== null) return
    const nowMs = this.clock.monotonicMs()
    // A mean that follows quickly: disks change their pace.
    this.tookMs = this.tookMs === 0 ? nowMs - this.beganMs : (this.tookMs * 3 + nowMs - this.beganMs) / 4
    this.arrivedBefore = this.arrived
    const patienceMs = this.tookMs < WORTHWHILE_SYNC_MS ? 0 : Math.min(this.tookMs * PATIENCE, PATIENCE_MS_MAX)
    this.patientUntilMs = nowMs + patienceMs
    if (this.wanted) this.beginOrWait()
    this.synced()
  }
}
