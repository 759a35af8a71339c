/**
 * Takes snapshots of the applied metadata: when enough was written since the last, or it is old. From a copy of the image, a
 * few records a turn, so that nothing waits for it.
 */
import type { MetadataRecord } from '../../proto/cluster.ts'
import type { QuorumLog } from '../consensus/quorum-log.ts'
import { SnapshotEncoder } from '../consensus/snapshot-file.ts'
import type { SnapshotFile } from '../consensus/snapshot-store.ts'
import { METADATA_SNAPSHOT_RECORDS_PER_TURN } from '../limits.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { MetadataImage } from './image.ts'
import { imageRecords } from './image-records.ts'

/** Milliseconds after a snapshot that could not be written until the next is tried. */
const RETRY_MS = 60_000

export interface SnapshotTakerOptions {
  readonly log: QuorumLog
  readonly image: MetadataImage
  readonly clock: Clock
  readonly logger: {
    info(fields: object, message: string): void
    error(fields: object, message: string): void
  }
  /** `metadata.log.max.record.bytes.between.snapshots`. */
  readonly maxBytes: number
  /** `metadata.log.max.snapshot.interval.ms`; 0 = however old the last one is. */
  readonly maxIntervalMs: number
}

/** A snapshot that is being written. */
interface Writing {
  readonly file: SnapshotFile
  readonly encoder: SnapshotEncoder
  readonly records: Iterator<MetadataRecord>
  /** Bytes of the log that it makes dispensable. */
  readonly coveredBytes: number
}

export class SnapshotTaker {
  private readonly options: SnapshotTakerOptions
  private writing: Writing | null = null
  private timer: Timer | null = null
  private sinceMs: number
  private notBeforeMs = Number.NEGATIVE_INFINITY
  private closed = false

  constructor(options: SnapshotTakerOptions) {
    this.options = options
    this.sinceMs = options.clock.monotonic()
  }

  /** The image has reached `offset`. */
  applied(offset: number): void {
    if (this.writing === null && !this.closed && this.isDue(offset)) this.begin(offset)
  }

  close(): void {
    this.closed = true
    this.giveUp()
  }

  private isDue(offset: number): boolean {
    const { log, clock, maxBytes, maxIntervalMs } = this.options
    const nowMs = clock.monotonic()
    if (offset <= (log.snapshot?.endOffset ?? 0) || nowMs < this.notBeforeMs) return false
    return log.bytesSinceSnapshot >= maxBytes || (maxIntervalMs > 0 && nowMs - this.sinceMs >= maxIntervalMs)
  }

  private begin(endOffset: number): void {
    const { log, image, clock } = this.options
    const id = { endOffset, epoch: log.log.epochForOffset(endOffset - 1) }
    const encoder = new SnapshotEncoder(id, clock.now())
    this.guard(() => {
      const file = log.snapshots.create(id)
      // The views in a copy never change.
      const records = imageRecords(image.clone())
      this.writing = { file, encoder, records, coveredBytes: log.bytesSinceSnapshot }
      for (const batch of encoder.header(log.votersAt(endOffset))) file.append(batch)
    })
    this.goOn()
  }

  private goOn(): void {
    if (this.writing === null) return
    this.timer = this.options.clock.after(0, () => this.guard(() => this.write()))
  }

  private write(): void {
    if (this.writing === null) return
    const { file, encoder, records } = this.writing
    const slice: MetadataRecord[] = []
    let next = records.next()
    for (; next.done !== true; next = records.next()) {
      slice.push(next.value)
      if (slice.length === METADATA_SNAPSHOT_RECORDS_PER_TURN) break
    }
    if (slice.length > 0) file.append(encoder.records(slice))
    if (next.done !== true) return this.goOn()
    file.append(encoder.footer())
    file.finish((error) => this.finished(error))
  }

  private finished(error: Error | null): void {
    if (this.closed || this.writing === null) return
    if (error !== null) return this.failed(error)
    const { log, clock, logger } = this.options
    const { file, coveredBytes } = this.writing
    this.writing = null
    log.keep(file.id)
    log.bytesSinceSnapshot = Math.max(0, log.bytesSinceSnapshot - coveredBytes)
    this.sinceMs = clock.monotonic()
    logger.info({ ...file.id, logStartOffset: log.startOffset }, 'metadata snapshot written')
  }

  /** The disk is full, or fails: the log, which has everything, goes on without. */
  private guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error(String(error)))
    }
  }

  private failed(error: Error): void {
    const { logger, clock } = this.options
    logger.error({ err: error }, 'a metadata snapshot could not be written: tried again later')
    this.notBeforeMs = clock.monotonic() + RETRY_MS
    this.giveUp()
  }

  private giveUp(): void {
    this.timer?.cancel()
    this.timer = null
    try {
      this.writing?.file.abandon()
    } catch {
      // What is left of it goes at the next start.
    }
    this.writing = null
  }
}
