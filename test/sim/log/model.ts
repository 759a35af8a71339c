/** One log as an array of batches: what the real one is measured by. */
import type { LogConfig } from '../../../broker/log/config.ts'
import type { StoredBatch } from './batches.ts'
import type { Rewrite } from './compaction.ts'
import { ProducerModel } from './producers.ts'
import { TransactionModel } from './transactions.ts'

/** A sync asked for and not answered; a truncation lowers what it will have covered. */
export interface AskedSync {
  target: number
}

export class LogModel {
  readonly topic: string
  readonly topicId: string
  config: LogConfig
  /** In files or about to be, in offset order; those below the start stay until their segment goes. */
  batches: StoredBatch[] = []
  readonly producers = new ProducerModel()
  readonly transactions = new TransactionModel()
  leaderEpoch = 0
  end = 0
  flushedEnd = 0
  /** Everything below was reported durable: it must survive anything but damage. */
  durableEnd = 0
  /** The same, as reported since the log was opened. */
  reportedEnd = 0
  start = 0
  /** The furthest it ever was: what lies before may come back after a crash, but its epochs need not. */
  furthestStart = 0
  /** The log start that a checkpoint holds for sure. */
  notedStart = 0
  highWatermark = 0
  /** What the newest whole checkpoint says of it, at least; 0 = that may be lost. */
  notedWatermark = 0
  /** The highest that a crash in a weaker durability cut the log below: its checkpoint may say so until the next is written. */
  lostWatermark = 0
  /** The same where a batch that held it was cut off whole: it stood in the midst, as the log start did. */
  cutWatermark = 0
  /** Batches that were cut off or whose write failed: until other bytes are durable there, a crash may bring them back. */
  ghosts: StoredBatch[] = []
  /** What a cleaning has made and is about to bring in; null = nothing. */
  rewrite: Rewrite | null = null
  /** The map of a cleaning told of all below it: what made others obsolete must stay. */
  cleanedEnd = 0
  syncs: AskedSync[] = []
  /** Truncations and deletions: a read that began before one may come back empty. */
  generation = 0
  /** A failed sync has dropped what was written: after a kill only what was durable must be there. */
  hasDropped = false
  isOffline = false
  /** A truncation or a cleaning failed on its way: nobody knows what can be read. */
  isHalfCut = false

  constructor(topic: string, topicId: string, config: LogConfig) {
    this.topic = topic
    this.topicId = topicId
    this.config = config
  }

  add(batch: StoredBatch): void {
    this.batches.push(batch)
    this.end = batch.end
    this.producers.note(batch)
    this.transactions.note(batch)
  }

  /** The log says that everything below is durable. */
  reported(offset: number): void {
    this.reportedEnd = Math.max(this.reportedEnd, offset)
    this.durableEnd = Math.max(this.durableEnd, offset)
    if (this.ghosts.length > 0) this.ghosts = this.ghosts.filter((ghost) => ghost.base >= offset)
  }

  /** Takes the batches from `offset` on out; returns the end that is left. */
  cut(offset: number): number {
    const holding = this.batches.find((batch) => batch.base <= offset && offset < batch.end)
    const end = holding?.base ?? Math.min(offset, this.end)
    this.ghosts.push(...this.batches.filter((batch) => batch.base >= end))
    this.batches = this.batches.filter((batch) => batch.base < end)
    this.generation++
    this.end = end
    this.flushedEnd = Math.min(this.flushedEnd, end)
    this.durableEnd = Math.min(this.durableEnd, end)
    this.reportedEnd = Math.min(this.reportedEnd, end)
    this.notedWatermark = Math.min(this.notedWatermark, end)
    for (const asked of this.syncs) asked.target = Math.min(asked.target, end)
    return end
  }

  /** What `cut` changes, to be taken back by calling what is returned. */
  save(): () => void {
    const { batches, ghosts, end, flushedEnd, durableEnd, reportedEnd, start, notedStart } = this
    const { highWatermark, notedWatermark } = this
    const targets = this.syncs.map((asked) => [asked, asked.target] as const)
    const saved = { batches, ghosts: [...ghosts], end, flushedEnd, durableEnd, reportedEnd, start, notedStart }
    return () => {
      Object.assign(this, saved, { highWatermark, notedWatermark })
      for (const [asked, target] of targets) asked.target = target
    }
  }

  /** A cleaned group has come in. */
  replace({ from, end, after }: Rewrite): void {
    const below = this.batches.filter(({ base }) => base < from)
    const above = this.batches.filter(({ base }) => base >= end)
    this.batches = [...below, ...after, ...above]
    this.rewrite = null
    this.generation++
  }

  /** Producers and transactions as the batches that are left tell of them. */
  rebuild(): void {
    this.producers.rebuild(this.batches)
    this.transactions.rebuild(this.batches)
    this.transactions.highWatermarkMoved(this.highWatermark)
  }

  /** Moves the start; never back. */
  startAt(offset: number): void {
    this.start = Math.max(this.start, offset)
    this.furthestStart = Math.max(this.furthestStart, this.start)
    this.committedTo(Math.max(this.highWatermark, this.start))
  }

  committedTo(highWatermark: number): void {
    this.highWatermark = highWatermark
    this.transactions.highWatermarkMoved(highWatermark)
  }

  /** Segments below `base` are gone. */
  forgetBelow(base: number): void {
    if (this.batches.length > 0 && this.batches[0].base < base) {
      this.generation++
      this.batches = this.batches.filter((batch) => batch.base >= base)
    }
  }

  indexOf(offset: number): number {
    let low = 0
    let high = this.batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.batches[middle].end <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first record at or after the start whose timestamp is at least this. */
  offsetForTimestamp(timestamp: number): number | null {
    for (let i = this.indexOf(this.start); i < this.batches.length; i++) {
      const { base, timestamps } = this.batches[i]
      const found = timestamps.findIndex((at, delta) => at >= timestamp && base + delta >= this.start)
      if (found >= 0) return base + found
    }
    return null
  }
}
