/**
 * When a partition's log is synced: at most one sync is in flight, and the next one begins at once, unless it pays to wait.
 *
 * Producers that were answered together send their next batches together, a moment later. Begun at the first of them, a sync
 * carries that one alone and the others wait for the one after: half of the syncs would be made for a batch or two, for
 * good (measured with five in flight: 1, 4, 1, 4, ...). So where as many as were answered come in a good deal less time than a
 * sync takes, the next one waits for them, for as long as a sync takes at most. Where they take longer nothing is put off: two
 * groups that take turns, one synced while the other comes back, are as fast then. Nor where the syncs of many logs wait for their
 * turn: more comes meanwhile by itself.
 */
import type { Log } from '../log/log.ts'
import type { Timer } from '../ports/clock.ts'
import { ReturnTimes } from './return-times.ts'

/** Syncs shorter than this are not worth waiting for (milliseconds): a timer is late by more. */
const WORTHWHILE_SYNC_MS = 0.5
/** Waiting must take less than this part of a sync, or it gains too little for what it costs those who are there. */
const WORTHWHILE_PART = 0.6
/** The most that a sync is put off, whatever one takes. */
const PATIENCE_MS_MAX = 5

/** The time, as a pacer needs it. */
export interface PacerClock {
  monotonicMs(): number
  after(delayMs: number, fn: () => void): Timer
}

type PacedLog = Pick<Log, 'sync' | 'flushedEndOffset' | 'durableEndOffset'>

export class SyncPacer {
  private readonly clock: PacerClock
  private readonly log: PacedLog
  private readonly synced: () => void
  private readonly returns = new ReturnTimes()
  private syncing = false
  private timer: Timer | null = null
  private stopped = false
  /** Batches appended and not written yet. */
  private queued = 0
  /** Batches written that no sync covers yet. */
  private waiting = 0
  /** How many of them the next sync waits for, and until when. */
  private wanted = 1
  private patientUntilMs = Number.NEGATIVE_INFINITY
  /** What the sync in flight covers, and since when; 0 while it waits for its turn among those of other logs. */
  private covered = 0
  private beganMs = 0
  /** It had to wait for its turn. */
  private crowded = false
  /** What a sync takes: a mean that follows quickly, as disks change their pace. */
  private tookMs = 0

  /** `synced` is called whenever a sync has ended well. */
  constructor(clock: PacerClock, log: PacedLog, synced: () => void) {
    this.clock = clock
    this.log = log
    this.synced = synced
  }

  /** A batch was appended, and will be written before `written` is called. */
  appended(): void {
    this.queued += 1
  }

  /** There is something new to sync. */
  written(): void {
    const nowMs = this.clock.monotonicMs()
    this.returns.came(this.queued, nowMs)
    // What was there before this broker led counts as one.
    this.waiting += Math.max(1, this.queued)
    this.queued = 0
    if (!this.syncing) this.beginOrWait(nowMs)
  }

  /** No sync begins any more. */
  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.timer = null
  }

  private beginOrWait(nowMs: number): void {
    const delayMs = this.patientUntilMs - nowMs
    if (this.waiting >= this.wanted || delayMs <= 0) this.begin()
    else this.timer ??= this.clock.after(delayMs, () => this.expired())
  }

  /** Those that were waited for have not all come in time. */
  private expired(): void {
    this.timer = null
    if (!this.syncing) this.begin()
  }

  private begin(): void {
    if (this.stopped) return
    this.timer?.cancel()
    this.timer = null
    this.syncing = true
    this.covered = 0
    this.log.sync(
      (problem) => this.ended(problem),
      () => this.began(),
    )
    this.crowded = this.syncing && this.covered === 0
  }

  /** All that is written by now rides on it. */
  private began(): void {
    this.covered += this.waiting
    this.waiting = 0
    this.beganMs = this.clock.monotonicMs()
  }

  private ended(problem: Error | null): void {
    this.syncing = false
    if (this.stopped || problem !== null) return
    const nowMs = this.clock.monotonicMs()
    if (this.covered > 0) this.learn(nowMs)
    // Somebody else may have had it synced.
    if (this.log.durableEndOffset >= this.log.flushedEndOffset) this.waiting = 0
    if (this.waiting > 0) this.beginOrWait(nowMs)
    this.synced()
  }

  /** Takes note of a sync of its own, and of what the next one waits for. */
  private learn(nowMs: number): void {
    const tookMs = nowMs - this.beganMs
    this.tookMs = this.tookMs === 0 ? tookMs : (this.tookMs * 3 + tookMs) / 4
    this.returns.answer(this.covered, nowMs)
    const underWay = this.covered + this.waiting
    const patienceMs = Math.min(this.tookMs, PATIENCE_MS_MAX)
    const isSoon = this.returns.expectedMs(underWay) < patienceMs * WORTHWHILE_PART
    const isWorthwhile = isSoon && this.tookMs >= WORTHWHILE_SYNC_MS && !this.crowded
    this.wanted = isWorthwhile ? underWay : 1
    this.patientUntilMs = nowMs + patienceMs
  }
}
