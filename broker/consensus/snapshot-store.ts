/**
 * The snapshots in the directory of the metadata log. Each is written beside its place, synced, renamed and its name synced,
 * so that a file with the final name is whole. A few are kept; the log begins at the end of the oldest of them.
 */
import { METADATA_FETCH_BYTES_MAX, METADATA_SNAPSHOT_BYTES_MAX, METADATA_SNAPSHOTS_KEPT } from '../limits.ts'
import type { Disk, DiskFile } from '../ports/disk.ts'
import type { SnapshotId } from './messages.ts'
import {
  decodeSnapshot,
  idOfName,
  isPartialName,
  partialName,
  type Snapshot,
  SnapshotError,
  snapshotName,
} from './snapshot-file.ts'

/** A snapshot on its way to disk. */
export interface SnapshotFile {
  readonly id: SnapshotId
  readonly sizeBytes: number
  /** Throws what the disk throws. */
  append(bytes: Buffer): void
  /** Makes it durable under its own name; `done` in a later turn. It counts only after `SnapshotStore.add`. */
  finish(done: (error: Error | null) => void): void
  abandon(): void
}

export interface SnapshotPiece {
  /** Bytes of the whole snapshot. */
  readonly sizeBytes: number
  readonly bytes: Buffer
}

export class SnapshotStore {
  readonly directory: string
  /** Files that are there and cannot be used. */
  readonly damaged: readonly SnapshotError[]
  /** What the newest good one says; null when there is none, and once the start is through. */
  loaded: Snapshot | null
  private readonly disk: Disk
  /** Oldest first. */
  private ids: SnapshotId[]

  /** Reads the newest snapshot that is good, and removes what was half written. */
  constructor(disk: Disk, directory: string) {
    this.disk = disk
    this.directory = directory
    const names = disk.listSync(directory)
    for (const name of names) if (isPartialName(name)) disk.unlinkSync(`${directory}/${name}`)
    this.ids = names.map(idOfName).filter((id) => id !== null)
    const damaged: SnapshotError[] = []
    let loaded: Snapshot | null = null
    for (const id of this.ids.toReversed()) {
      try {
        loaded = this.load(id)
        break
      } catch (error) {
        if (!(error instanceof SnapshotError)) throw error
        damaged.push(error)
      }
    }
    this.ids = this.ids.filter(({ endOffset }) => loaded !== null && endOffset <= loaded.id.endOffset)
    this.damaged = damaged
    this.loaded = loaded
  }

  get newest(): SnapshotId | null {
    return this.ids.at(-1) ?? null
  }

  /** Epoch of the record before `offset`, where a snapshot ends there; -1 when none does. */
  epochBefore(offset: number): number {
    return this.ids.find(({ endOffset }) => endOffset === offset)?.epoch ?? -1
  }

  /** Where a log whose first file begins at `baseOffset` begins: a snapshot stands for all that is before. 0 = nothing is missing. */
  startFor(baseOffset: number): number {
    return this.ids.find(({ endOffset }) => endOffset >= baseOffset)?.endOffset ?? 0
  }

  /** Throws SnapshotError, or what the disk throws. */
  load(id: SnapshotId): Snapshot {
    const path = this.pathOf(id)
    const sizeBytes = this.disk.sizeSync(path)
    if (sizeBytes > METADATA_SNAPSHOT_BYTES_MAX) throw new SnapshotError(`${path} has ${sizeBytes} bytes, too many`)
    return decodeSnapshot(path, id, this.disk.readFileSync(path))
  }

  /** Throws what the disk throws. */
  create(id: SnapshotId): SnapshotFile {
    const { disk, directory } = this
    const path = `${directory}/${partialName(id)}`
    if (disk.existsSync(path)) disk.unlinkSync(path)
    return new PartialFile(disk, directory, id)
  }

  /**
   * A finished one counts from here on. Returns the offset that the log is to begin at: the end of the oldest that is kept.
   * Those before it go with `deleteBefore`, once the log begins there.
   */
  add(id: SnapshotId): number {
    this.ids = [...this.ids, id].sort((a, b) => a.endOffset - b.endOffset)
    return this.ids.at(-METADATA_SNAPSHOTS_KEPT)?.endOffset ?? 0
  }

  /** Forgets, and removes off the event loop, those that end before `offset`. */
  deleteBefore(offset: number): void {
    for (const id of this.ids) {
      // One that stays is found again at the next start, and is no harm.
      if (id.endOffset < offset) this.disk.unlink(this.pathOf(id), () => undefined)
    }
    this.ids = this.ids.filter(({ endOffset }) => endOffset >= offset)
  }

  /** A finished one that turned out to be of no use goes at once: it may come again. */
  remove(id: SnapshotId): void {
    this.disk.unlinkSync(this.pathOf(id))
  }

  /** The bytes from `position` on, as many as one answer may have; null when there is no such snapshot or position. */
  read(id: SnapshotId, position: number, done: (error: Error | null, piece: SnapshotPiece | null) => void): void {
    const isKept = this.ids.some(({ endOffset, epoch }) => endOffset === id.endOffset && epoch === id.epoch)
    const path = this.pathOf(id)
    const sizeBytes = isKept ? this.disk.sizeSync(path) : -1
    if (position < 0 || position >= sizeBytes) return done(null, null)
    const target = Buffer.allocUnsafeSlow(Math.min(sizeBytes - position, METADATA_FETCH_BYTES_MAX))
    const file = this.disk.openSync(path, { readOnly: true })
    file.read(target, 0, target.length, position, (error, count) =>
      error === null ? done(null, { sizeBytes, bytes: target.subarray(0, count) }) : done(error, null),
    )
    file.closeSync()
  }

  private pathOf(id: SnapshotId): string {
    return `${this.directory}/${snapshotName(id)}`
  }
}

class PartialFile implements SnapshotFile {
  readonly id: SnapshotId
  private readonly disk: Disk
  private readonly directory: string
  private file: DiskFile | null

  constructor(disk: Disk, directory: string, id: SnapshotId) {
    this.disk = disk
    this.directory = directory
    this.id = id
    this.file = disk.openSync(this.path, { create: true })
  }

  get sizeBytes(): number {
    return this.file?.size ?? 0
  }

  append(bytes: Buffer): void {
    if (this.file === null) throw new Error(`${this.path} is not being written any more`)
    if (this.file.size + bytes.length > METADATA_SNAPSHOT_BYTES_MAX)
      throw new SnapshotError(`${this.path} gets too long`)
    this.file.appendSync([bytes])
  }

  finish(done: (error: Error | null) => void): void {
    const { file, disk, directory } = this
    if (file === null) return done(new Error(`${this.path} is not being written any more`))
    file.datasync((error) => {
      if (this.file === null) return done(new Error(`${this.path} was given up`))
      try {
        if (error !== null) throw error
        this.close()
        disk.renameSync(this.path, `${directory}/${snapshotName(this.id)}`)
      } catch (problem) {
        this.abandon()
        return done(problem instanceof Error ? problem : new Error(String(problem)))
      }
      disk.syncDirectory(directory, done)
    })
  }

  abandon(): void {
    this.close()
    // At once: the same one may be begun anew.
    if (this.disk.existsSync(this.path)) this.disk.unlinkSync(this.path)
  }

  private get path(): string {
    return `${this.directory}/${partialName(this.id)}`
  }

  private close(): void {
    this.file?.closeSync()
    this.file = null
  }
}
