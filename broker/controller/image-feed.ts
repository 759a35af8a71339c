/**
 * Brings the image up to the committed end of the metadata log, batch by batch and in order, and tells the listeners.
 * Batches that this node appended itself are handed in and not read back.
 */
import type { MetadataRecord } from '../../proto/cluster.ts'
import type { Snapshot } from '../consensus/snapshot-file.ts'
import type { Log } from '../log/log.ts'
import { wholeDelta } from './delta.ts'
import type { MetadataImage } from './image.ts'
import { imageOf } from './image-records.ts'
import { type RecordsAt, readRecords } from './metadata-log.ts'
import type { MetadataDelta, MetadataListener } from './view.ts'

interface OwnBatch extends RecordsAt {
  readonly records: readonly MetadataRecord[]
  readonly applied: () => void
}

export interface FeedEvents {
  /** The image has reached this offset; listeners have been told, `applied` callbacks of own batches have run. */
  reached(offset: number): void
  /** The log cannot be read or does not make sense. */
  failed(error: Error): void
}

export class ImageFeed {
  /** Offset of the next record to apply. */
  appliedOffset: number
  private readonly log: Log
  private readonly image: MetadataImage
  private readonly events: FeedEvents
  private readonly listeners: MetadataListener[] = []
  private own: OwnBatch[] = []
  private committedOffset: number
  private reading = false
  /** Counts the snapshots installed: a read that was begun before one is not wanted. */
  private installs = 0
  private published = false
  private stopped = false

  /** Begins with what the newest snapshot says; null when there is none. Throws MetadataImageError. */
  constructor(log: Log, image: MetadataImage, snapshot: Snapshot | null, events: FeedEvents) {
    this.log = log
    this.image = image
    this.events = events
    if (snapshot !== null) image.become(imageOf(image.clusterId, snapshot.id, snapshot.records))
    this.appliedOffset = snapshot?.id.endOffset ?? log.logStartOffset
    this.committedOffset = this.appliedOffset
  }

  listen(listener: MetadataListener): void {
    this.listeners.push(listener)
  }

  /** From now on listeners hear of changes, beginning with all there is. */
  publish(): void {
    if (this.published) return
    this.published = true
    this.tell(wholeDelta(this.image.topics()))
  }

  /** A batch this node has appended: applied from memory once committed. `applied` is called after the listeners. */
  expect(batch: RecordsAt, applied: () => void): void {
    this.own.push({ ...batch, applied })
  }

  /** Own batches from `endOffset` on will not come after all. Returns those that still wait for their commit, in order. */
  forgetFrom(endOffset: number): readonly RecordsAt[] {
    this.own = this.own.filter(({ baseOffset }) => baseOffset < endOffset)
    return this.own
  }

  /** Another leader took over: what was appended here may never be committed, and is read back if it is. */
  forgetExpected(): void {
    this.own = []
  }

  committed(offset: number): void {
    this.committedOffset = Math.max(this.committedOffset, offset)
    this.advance()
  }

  /** A snapshot of another node takes the place of everything up to its end. */
  install({ id, records }: Snapshot): void {
    if (this.stopped || id.endOffset <= this.appliedOffset) return
    let delta: MetadataDelta
    try {
      delta = this.image.become(imageOf(this.image.clusterId, id, records))
    } catch (error) {
      return this.fail(error instanceof Error ? error : new Error(String(error)))
    }
    this.installs += 1
    this.reading = false
    this.own = []
    this.appliedOffset = id.endOffset
    this.committedOffset = Math.max(this.committedOffset, id.endOffset)
    if (this.published) this.tell(delta)
    this.advance()
  }

  close(): void {
    this.stopped = true
  }

  private advance(): void {
    while (!this.stopped && !this.reading && this.appliedOffset < this.committedOffset) {
      const next = this.own[0]
      if (next?.baseOffset === this.appliedOffset) {
        this.own.shift()
        this.apply(next)
        if (!this.stopped) next.applied()
      } else this.read(Math.min(this.committedOffset, next?.baseOffset ?? this.committedOffset))
    }
    if (!this.stopped && !this.reading) this.events.reached(this.appliedOffset)
  }

  private read(limit: number): void {
    this.reading = true
    let returned = false
    const { installs } = this
    readRecords(this.log, this.appliedOffset, limit, (error, batches) => {
      if (this.installs !== installs) return
      this.reading = false
      if (this.stopped) return
      if (error !== null || batches.length === 0) {
        return this.fail(error ?? new Error(`the metadata log has no batch at ${this.appliedOffset}`))
      }
      for (const batch of batches) if (!this.stopped) this.apply(batch)
      // Within `advance` its loop goes on; a late answer has to start it again.
      if (returned) this.advance()
    })
    returned = true
  }

  private apply(batch: RecordsAt): void {
    let delta: MetadataDelta
    try {
      delta = this.image.apply(batch.records, batch.baseOffset)
    } catch (error) {
      return this.fail(error instanceof Error ? error : new Error(String(error)))
    }
    this.appliedOffset = batch.baseOffset + batch.records.length
    if (this.published) this.tell(delta)
  }

  private tell(delta: MetadataDelta): void {
    for (const listener of this.listeners) listener(this.image, delta)
  }

  private fail(error: Error): void {
    this.stopped = true
    this.events.failed(error)
  }
}
