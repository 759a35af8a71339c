import { isPassing } from '../errors.ts'
import type { Log } from '../log.ts'
import type { CleanedGroup } from './clean-group.ts'
import type { SegmentGroup } from './log-compaction.ts'
import type { CompactionRunner } from './runner.ts'
import type { Survey } from './survey.ts'

/** What one cleaning of a log did. */
export interface CleaningStats extends CleanedGroup {
  /** Offsets that became clean: [from, to). */
  readonly from: number
  readonly to: number
  /** Bytes read to build the map. */
  readonly mapBytesRead: number
}

/** Told of each cleaning that ended. */
export interface CleanerListener {
  cleaned(log: Log, stats: CleaningStats): void
  /** Its log was truncated, deleted or went offline meanwhile, or there was no room: it is looked at again later. */
  abandoned(log: Log, reason: Error | null): void
  /** The log is not cleaned any more, and serves on. */
  failed(log: Log, reason: Error): void
}

export interface LogCleanerOptions {
  readonly logs: () => Iterable<Log>
  readonly runner: CompactionRunner
  readonly listener: CleanerListener
  /** Wall clock in milliseconds. */
  readonly now: () => number
  /** `log.cleaner.dedupe.buffer.size`, in bytes. */
  readonly mapBytesMax: () => number
}

/** The cleaning under way. */
interface Job {
  readonly log: Log
  readonly survey: Survey
  readonly truncations: number
  readonly nowMs: number
  readonly totals: { -readonly [K in keyof CleaningStats]: CleaningStats[K] }
}

/**
 * Cleans one log at a time, the dirtiest first (Kafka's LogCleaner and LogCleanerManager). A log that cannot be cleaned is
 * left alone from then on and goes on serving.
 */
export class LogCleaner {
  readonly #options: LogCleanerOptions
  #job: Job | null = null
  #isClosed = false
  #lastRunMs: number
  #dirtiestRatio = 0

  constructor(options: LogCleanerOptions) {
    this.#options = options
    this.#lastRunMs = options.now()
  }

  /** Wall clock when logs were last looked at. */
  get lastRunMs(): number {
    return this.#lastRunMs
  }

  /** Dirty share of the dirtiest log when logs were last looked at, from 0 to 1. */
  get dirtiestRatio(): number {
    return this.#dirtiestRatio
  }

  /** Logs that are not cleaned any more, with the reason. */
  *uncleanable(): Iterable<{ readonly log: Log; readonly reason: Error }> {
    for (const log of this.#options.logs()) {
      const { failure } = log.compaction
      if (failure !== null) yield { log, reason: failure }
    }
  }

  /** Every `log.cleaner.backoff.ms`: begins to clean if something is to clean, and goes on until nothing is. */
  tick(): void {
    if (this.#isClosed) return
    const job = this.#job
    if (job !== null && !isAlive(job)) {
      this.#options.runner.end()
      this.#endJob(job)
      this.#options.listener.abandoned(job.log, job.log.offline)
    }
    if (this.#job === null) this.#begin()
  }

  close(): void {
    this.#isClosed = true
    this.#job = null
    this.#options.runner.close()
  }

  #begin(): void {
    const nowMs = this.#options.now()
    this.#lastRunMs = nowMs
    const log = this.#dirtiest(nowMs)
    if (log === null) return
    const { truncations } = log.compaction
    const totals = { from: 0, to: 0, mapBytesRead: 0, bytesRead: 0, bytesWritten: 0, recordsRead: 0, recordsKept: 0 }
    const job: Job = { log, survey: log.compaction.survey(nowMs), truncations, nowMs, totals }
    this.#job = job
    log.compaction.prepare((error) => this.#proceed(job, error, () => this.#buildMap(job)))
  }

  #dirtiest(nowMs: number): Log | null {
    let dirtiest: Log | null = null
    let ratio = -1
    this.#dirtiestRatio = 0
    for (const log of this.#options.logs()) {
      if (!log.config.cleanupPolicy.compact || log.offline !== null || log.compaction.failure !== null) continue
      const found = this.#survey(log, nowMs)
      if (found === null || found.cleanableBytes === 0) continue
      this.#dirtiestRatio = Math.max(this.#dirtiestRatio, found.dirtyRatio)
      if (found.overdueMs === 0 && found.dirtyRatio <= log.config.minCleanableDirtyRatio) continue
      if (found.dirtyRatio <= ratio) continue
      dirtiest = log
      ratio = found.dirtyRatio
    }
    return dirtiest
  }

  #survey(log: Log, nowMs: number): Survey | null {
    try {
      return log.compaction.survey(nowMs)
    } catch (error) {
      this.#giveUp(log, error as Error)
      return null
    }
  }

  #buildMap(job: Job): void {
    const { runner, mapBytesMax } = this.#options
    const { compaction } = job.log
    runner.buildMap(compaction.mapTask(job.survey, mapBytesMax()), (error, map) => {
      this.#proceed(job, error, () => {
        job.totals.from = job.survey.firstDirtyOffset
        job.totals.to = map!.endOffset
        job.totals.mapBytesRead = map!.bytesRead
        this.#cleanGroups(job, compaction.groups(job.survey, map!.endOffset, job.nowMs))
      })
    })
  }

  #cleanGroups(job: Job, groups: readonly SegmentGroup[], next = 0): void {
    const group = groups[next]
    if (group === undefined) return this.#succeed(job)
    const { compaction } = job.log
    if (!compaction.isCurrent(group.segments, job.truncations)) return this.#abandon(job, null)
    this.#options.runner.cleanGroup(group.task(), (error, cleaned) => {
      if (!compaction.isCurrent(group.segments, job.truncations)) {
        this.#proceed(job, null, () => {
          compaction.discard(group.segments)
          this.#abandon(job, null)
        })
        return
      }
      this.#proceed(job, error, () => {
        addTo(job.totals, cleaned!)
        compaction.swapIn(group.segments, this.#options.now, (problem) => {
          this.#proceed(job, problem, () => this.#cleanGroups(job, groups, next + 1))
        })
      })
    })
  }

  /** Goes on with the job unless it is over; what fails on the way ends it. */
  #proceed(job: Job, error: Error | null, goOn: () => void): void {
    if (this.#job !== job) return
    try {
      if (error !== null) throw error
      goOn()
    } catch (problem) {
      const reason = problem as Error
      if (!isAlive(job) || isPassing(reason) || isGone(reason)) return this.#abandon(job, reason)
      this.#endJob(job)
      this.#options.runner.end()
      this.#giveUp(job.log, reason)
      this.#begin()
    }
  }

  #succeed(job: Job): void {
    const { log, totals } = job
    log.compaction.cleanedTo = totals.to
    this.#options.runner.end()
    this.#endJob(job)
    this.#options.listener.cleaned(log, totals)
    this.#begin()
  }

  /** The next look at the logs is at the next tick: what stood in the way may last. */
  #abandon(job: Job, reason: Error | null): void {
    this.#options.runner.end()
    this.#endJob(job)
    this.#options.listener.abandoned(job.log, reason)
  }

  #endJob(job: Job): void {
    if (this.#job === job) this.#job = null
  }

  #giveUp(log: Log, reason: Error): void {
    log.compaction.failure = reason
    this.#options.listener.failed(log, reason)
  }
}

/** Its log is open and was not truncated since. */
function isAlive({ log, truncations }: Job): boolean {
  return log.offline === null && log.compaction.truncations === truncations
}

/** Retention took a segment away before it was read. */
function isGone(error: Error): boolean {
  return 'code' in error && error.code === 'ENOENT'
}

function addTo(totals: { -readonly [K in keyof CleanedGroup]: number }, group: CleanedGroup): void {
  totals.bytesRead += group.bytesRead
  totals.bytesWritten += group.bytesWritten
  totals.recordsRead += group.recordsRead
  totals.recordsKept += group.recordsKept
}
