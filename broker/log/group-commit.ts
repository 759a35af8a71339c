import type { Disk, DiskDone, DiskFile } from '../ports/disk.ts'
import { type DurableMark, writeBothMarks, writeMark } from './durable-mark.ts'
import { isOutOfDescriptors } from './errors.ts'
import { DURABLE_MARK_FILE, METADATA_FILE } from './file-names.ts'
import { type FileHandle, fileHandle } from './file-pool.ts'
import type { LogShared } from './shared.ts'

/** What has been written and not synced. */
interface Dirty {
  readonly files: FileHandle[]
  readonly paths: string[]
  readonly directories: string[]
}

const NOTHING: Dirty = { files: [], paths: [], directories: [] }

type SyncStep = (done: DiskDone) => void

interface Waiter {
  targetOffset: number
  readonly done: DiskDone
  /** See `GroupCommit.sync`. */
  readonly began: (() => void) | undefined
}

export interface GroupCommitOptions {
  readonly disk: Disk
  readonly directory: string
  readonly shared: LogShared
  /** Keep files that have unsynced bytes open, so that an error of their writing back cannot be missed. */
  readonly pinDirty: boolean
  readonly durableEndOffset: number
  /** Of the durable mark on disk; -1 = there is none. */
  readonly markSequence: number
  /** Where the written part of the log ends now. */
  readonly flushed: () => DurableMark
  /** A sync failed: final, as the kernel may have dropped the very pages (fsyncgate). */
  readonly onFailure: (error: Error) => void
}

/**
 * Makes one log durable. At most one run is in flight or waiting for its turn; whoever asks meanwhile rides on the next one
 * that covers him. A run syncs every file written since the last one, then new directory entries, then notes how far it
 * came in the durable mark.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  /** Null until it is needed. */
  #mark: FileHandle | null = null
  #markSequence: number
  /** The directory entry of the mark is durable, or dirty. */
  #isMarkNamed: boolean
  #durableEndOffset: number
  /** The last mark that a sync reached; null while none has. */
  #reached: DurableMark | null = null
  /** NOTHING until something is, as thousands of logs may be idle. */
  #dirty = NOTHING
  /** What the run in flight is syncing. */
  #syncing = NOTHING
  /** See `markNewborn`. */
  #isNewborn = false
  /** See `prepareForStop`. */
  #isStopping = false
  #waiters: Waiter[] = []
  #scheduled = false
  /** What the run in flight is to reach; a truncation lowers it. */
  #running: DurableMark | null = null
  #failure: Error | null = null

  constructor(options: GroupCommitOptions) {
    this.#options = options
    this.#durableEndOffset = options.durableEndOffset
    this.#markSequence = options.markSequence
    this.#isMarkNamed = options.markSequence >= 0
  }

  get #markHandle(): FileHandle {
    this.#mark ??= fileHandle(`${this.#options.directory}/${DURABLE_MARK_FILE}`)
    return this.#mark
  }

  get durableEndOffset(): number {
    return this.#durableEndOffset
  }

  /** Something is left to sync, or in flight. */
  get hasUnsynced(): boolean {
    const isBehind = this.#options.flushed().endOffset > this.#durableEndOffset
    return isBehind || isDirty(this.#syncing) || isDirty(this.#dirty)
  }

  /** Asked before bytes are written. Throws FilesPinnedError when too many files wait for their sync already. */
  expectRoomFor(handle: FileHandle): void {
    if (this.#options.pinDirty) this.#options.shared.files.expectRoomToPin(handle)
  }

  /** Bytes were written to the file that the next run is to sync. */
  markDirty(handle: FileHandle): void {
    if (this.#dirty.files.includes(handle)) return
    if (this.#options.pinDirty) this.#options.shared.files.pin(handle)
    this.#note().files.push(handle)
  }

  /** The same for a small file that was written whole. It may be gone by then. */
  markPathDirty(path: string): void {
    if (!this.#dirty.paths.includes(path)) this.#note().paths.push(path)
  }

  /** Names were made in the directory that the next run is to sync. */
  markDirectoryDirty(path: string): void {
    if (!this.#dirty.directories.includes(path)) this.#note().directories.push(path)
  }

  /**
   * The directory and its `partition.metadata` may never have been synced. As long as there are no records nobody depends on
   * them, so this alone asks for no sync: the next run covers them. Thousands of partitions may be like this.
   */
  markNewborn(): void {
    this.#isNewborn = true
  }

  /**
   * The next run is that of a clean stop, which syncs the data directory for all logs at once, and vouches for what is in the
   * file `vouchedFor`: neither need be synced for this log alone. Nor does it wait for file descriptors any more.
   */
  prepareForStop(vouchedFor: string | null): void {
    this.#isStopping = true
    if (this.#isNewborn && this.hasUnsynced) {
      this.#isNewborn = false
      this.markPathDirty(`${this.#options.directory}/${METADATA_FILE}`)
      this.markDirectoryDirty(this.#options.directory)
    }
    if (vouchedFor !== null && this.#dirty.paths.includes(vouchedFor)) {
      this.#dirty = { ...this.#dirty, paths: this.#dirty.paths.filter((path) => path !== vouchedFor) }
    }
  }

  /** The file is being removed: nothing of it need be durable any more. */
  forget(handle: FileHandle): void {
    const index = this.#dirty.files.indexOf(handle)
    if (index < 0) return
    this.#dirty.files.splice(index, 1)
    this.#unpin(handle)
  }

  /**
   * Calls `done` once all that is written now is durable: at once if it is already, else in a later turn. `began` is called
   * whenever a run begins meanwhile: what has been written until then is covered, too.
   */
  sync(done: DiskDone, began?: () => void): void {
    if (this.#failure !== null) return done(this.#failure)
    const targetOffset = this.#options.flushed().endOffset
    if (targetOffset <= this.#durableEndOffset && !isDirty(this.#dirty)) return done(null)
    this.#waiters.push({ targetOffset, done, began })
    this.#schedule()
  }

  /** Takes up what a run had to leave for want of file descriptors, and frees pinned files whose sync nobody asked for. */
  resume(): void {
    const isPinning = this.#options.pinDirty && this.#dirty.files.length > 0
    if (this.#failure === null && (isPinning || this.#waiters.length > 0)) this.#schedule()
  }

  /** The same on the event loop: at start, at a clean stop and before a truncation. Throws what the disk throws. */
  syncSync(): void {
    const { disk, shared, flushed } = this.#options
    const reached = flushed()
    if (!this.hasUnsynced) return
    this.#dirtyNewborn()
    this.#nameMark()
    // What a run has in flight is not durable yet either.
    for (const work of [this.#syncing, this.#dirty]) {
      for (const handle of work.files) if (!handle.removed) shared.files.open(disk, handle).datasyncSync()
      for (const path of work.paths) this.#withFile(path, (file) => file.datasyncSync())
      for (const path of work.directories) disk.syncDirectorySync(path)
    }
    for (const handle of this.#dirty.files) this.#unpin(handle)
    this.#dirty = NOTHING
    this.#reach(reached)
  }

  /** Makes the mark itself durable: after a power cut, an older one would be wrong. Everything has been synced just before. */
  syncMark(done: DiskDone): void {
    if (this.#failure !== null) return done(this.#failure)
    const { disk, shared, flushed } = this.#options
    if (!disk.existsSync(this.#markHandle.path)) return done(null)
    let file: DiskFile
    try {
      file = shared.files.open(disk, this.#markHandle)
      this.#markSequence = writeBothMarks(file, this.#reached ?? flushed(), this.#markSequence)
    } catch (error) {
      return done(error as Error)
    }
    file.datasync((error) => {
      if (error !== null && this.#failure === null) this.#options.onFailure(error)
      done(error)
    })
  }

  /** The log is about to be cut: the mark on disk must not claim more than will be left (it is synced for that). */
  truncated(mark: DurableMark): void {
    for (const waiter of this.#waiters) waiter.targetOffset = Math.min(waiter.targetOffset, mark.endOffset)
    if (this.#running !== null && this.#running.endOffset > mark.endOffset) this.#running = mark
    if (this.#durableEndOffset <= mark.endOffset) return
    this.#durableEndOffset = mark.endOffset
    this.#reached = mark
    const { disk, shared, directory } = this.#options
    const file = shared.files.open(disk, this.#markHandle, true)
    this.#markSequence = writeBothMarks(file, mark, this.#markSequence)
    file.datasyncSync()
    // Its name as well: without a mark the recovery point counts, which still tells of what is given up here.
    disk.syncDirectorySync(directory)
  }

  /** No sync will follow: whoever waits is told why. */
  close(reason: Error): void {
    this.#failure ??= reason
    for (const handle of this.#dirty.files.splice(0)) this.#unpin(handle)
    if (this.#mark !== null) this.#options.shared.files.close(this.#mark)
    for (const waiter of this.#waiters.splice(0)) waiter.done(reason)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.shared.syncs.submit((finished) => this.#run(finished))
  }

  #run(finished: (stalled?: GroupCommit) => void): void {
    if (this.#failure !== null) return finished()
    this.#running = this.#options.flushed()
    for (const { began } of this.#waiters) began?.()
    this.#dirtyNewborn()
    this.#nameMark()
    this.#syncing = this.#dirty
    this.#dirty = NOTHING
    const { files, paths, directories } = this.#syncing
    const steps: SyncStep[] = []
    for (const handle of files) steps.push((done) => this.#syncHandle(handle, done))
    for (const path of paths) steps.push((done) => this.#syncPath(path, done))
    for (const path of directories) steps.push((done) => this.#options.disk.syncDirectory(path, done))
    this.#runSteps(steps, (error) => {
      const isStalled = isOutOfDescriptors(error)
      if (isStalled && this.#failure === null) this.#putBack()
      for (const handle of files) this.#unpin(handle)
      this.#syncing = NOTHING
      if (isStalled) return this.#stall(error!, finished)
      finished()
      this.#finish(error)
    })
  }

  #note(): Dirty {
    if (this.#dirty === NOTHING) this.#dirty = { files: [], paths: [], directories: [] }
    return this.#dirty
  }

  #dirtyNewborn(): void {
    if (!this.#isNewborn) return
    this.#isNewborn = false
    const { directory } = this.#options
    this.markPathDirty(`${directory}/${METADATA_FILE}`)
    this.markDirectoryDirty(directory)
    // The directory may be as new as the file, so its own name counts too.
    const cut = directory.lastIndexOf('/')
    if (cut > 0) this.markDirectoryDirty(directory.slice(0, cut))
  }

  /** Goes on at once where the pool can spare a descriptor, else when another log's run has finished. */
  #stall(reason: Error, finished: (stalled?: GroupCommit) => void): void {
    this.#scheduled = false
    this.#running = null
    finished(this)
    if (this.#options.shared.files.closeOne()) this.resume()
    // Nobody ticks any more: `close` tries once again, and tells.
    else if (this.#isStopping) for (const waiter of this.#waiters.splice(0)) waiter.done(reason)
  }

  /** A file could not be opened, so it has not been synced and failed: the next run may try. */
  #putBack(): void {
    const { files, paths, directories } = this.#syncing
    for (const handle of files) this.markDirty(handle)
    for (const path of paths) this.markPathDirty(path)
    for (const path of directories) this.markDirectoryDirty(path)
  }

  /** One after the other: contents first, then names. There is nearly always one step. */
  #runSteps(steps: readonly SyncStep[], done: DiskDone, index = 0): void {
    const step = steps[index]
    if (step === undefined) return done(null)
    try {
      step((error) => (error ? done(error) : this.#runSteps(steps, done, index + 1)))
    } catch (error) {
      done(error as Error)
    }
  }

  #syncHandle(handle: FileHandle, done: DiskDone): void {
    if (handle.removed) done(null)
    else this.#options.shared.files.open(this.#options.disk, handle).datasync(done)
  }

  #syncPath(path: string, done: DiskDone): void {
    // Closing waits for the sync in flight.
    if (!this.#withFile(path, (file) => file.datasync(done))) done(null)
  }

  /** Opens a small file for one use; false when it is gone. */
  #withFile(path: string, use: (file: DiskFile) => void): boolean {
    const { disk } = this.#options
    if (!disk.existsSync(path)) return false
    const file = disk.openSync(path)
    try {
      use(file)
    } finally {
      file.closeSync()
    }
    return true
  }

  #finish(error: Error | null): void {
    this.#scheduled = false
    const reached = this.#running
    this.#running = null
    if (this.#failure !== null) return
    if (error !== null) {
      this.#options.onFailure(error)
      return this.close(error)
    }
    this.#reach(reached!)
    const due = this.#waiters.filter((waiter) => waiter.targetOffset <= this.#durableEndOffset)
    this.#waiters = this.#waiters.filter((waiter) => waiter.targetOffset > this.#durableEndOffset)
    if (this.#waiters.length > 0) this.#schedule()
    for (const waiter of due) waiter.done(null)
  }

  #reach(mark: DurableMark): void {
    if (mark.endOffset < this.#durableEndOffset) return
    this.#durableEndOffset = mark.endOffset
    this.#reached = mark
    try {
      this.#writeMark(mark)
    } catch {
      // The mark that is there is older, and an older one is never wrong: recovery only knows less.
    }
  }

  #writeMark(mark: DurableMark): void {
    const { disk, shared, directory } = this.#options
    // Its name could not be made before: that is for the next sync.
    if (!this.#isMarkNamed) this.markDirectoryDirty(directory)
    this.#isMarkNamed = true
    this.#markSequence = writeMark(shared.files.open(disk, this.#markHandle, true), mark, this.#markSequence)
  }

  /** Makes the file of a log's first mark, empty, so that the sync before that mark covers its name. */
  #nameMark(): void {
    if (this.#isMarkNamed) return
    const { disk, shared, directory } = this.#options
    try {
      shared.files.open(disk, this.#markHandle, true)
    } catch {
      // No descriptor or no room: the mark itself can wait, too.
      return
    }
    this.markDirectoryDirty(directory)
    this.#isMarkNamed = true
  }

  #unpin(handle: FileHandle): void {
    if (this.#options.pinDirty) this.#options.shared.files.unpin(handle)
  }
}

function isDirty({ files, paths, directories }: Dirty): boolean {
  return files.length + paths.length + directories.length > 0
}
