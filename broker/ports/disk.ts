/**
 * Files as the broker sees them. Appends and small reads are synchronous (a page-cache write costs about a microsecond, a
 * thread-pool hop 35); everything that may block is submitted with a callback that runs in a later loop turn, in the
 * order the disk completes. Errors are Node's system errors (`code: 'EIO' | 'ENOSPC' | ...`).
 */
export interface Disk {
  /** Opens for reading and writing; `create` makes a missing file. Synchronous: used at start and at segment roll. */
  openSync(path: string, options?: { create?: boolean; readOnly?: boolean }): DiskFile
  existsSync(path: string): boolean
  /** Bytes in the file; -1 when there is none. */
  sizeSync(path: string): number
  /** Names in a directory (not recursive), sorted; `[]` when there is none. */
  listSync(path: string): string[]
  /** Makes the directory and its missing parents. */
  mkdirSync(path: string): void
  readFileSync(path: string): Buffer
  /**
   * Writes a whole small file through `.tmp`, fsync, rename and a directory sync, so that a reader sees the old bytes or
   * the new. `sync: false` leaves out both syncs: for what recovery can do without after a power cut. Default true.
   */
  replaceSync(path: string, data: Buffer, options?: { sync?: boolean }): void
  renameSync(from: string, to: string): void
  unlinkSync(path: string): void
  /** The same off the event loop: removing a large file takes a file system tens of milliseconds. */
  unlink(path: string, done: DiskDone): void
  /** Removes a directory and everything in it. */
  removeTreeSync(path: string): void
  removeTree(path: string, done: DiskDone): void
  /** Syncs a directory's entries, so that created, renamed and removed names survive a power cut. */
  syncDirectory(path: string, done: DiskDone): void
  syncDirectorySync(path: string): void
  /** Takes the directory for this process until `release` or its death, however it dies. Throws `DirectoryLockedError`. */
  lockSync(directory: string): DiskLock
}

export type DiskDone = (error: Error | null) => void

export interface DiskLock {
  release(): void
}

export interface DiskFile {
  readonly path: string
  /** Bytes in the file, as known without a system call. */
  readonly size: number
  /** Appends all the buffers with one `writev`. Throws `ShortWriteError` or the system's error; check before you trust. */
  appendSync(buffers: readonly Buffer[]): void
  /** Reads up to `length` bytes at `position` into `target`; returns the count, 0 at the end. */
  readSync(target: Buffer, targetStart: number, length: number, position: number): number
  /** The same off the event loop, for large or cold reads. */
  read(
    target: Buffer,
    targetStart: number,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead: number) => void,
  ): void
  /** Overwrites in place; used for records of a few bytes that carry their own checksum. */
  writeAtSync(buffer: Buffer, position: number): void
  truncateSync(size: number): void
  /** Makes what was appended before this call durable. A failed sync is final: the caller must stop trusting the file. */
  datasync(done: DiskDone): void
  datasyncSync(): void
  /** Takes effect once the reads and syncs in flight are done; no call may follow. */
  closeSync(): void
}

/** Fewer bytes were written than asked for, and the system said nothing (trap N1: a full disk does that). */
export class ShortWriteError extends Error {
  readonly code = 'ESHORTWRITE'
  readonly path: string

  constructor(path: string, wanted: number, written: number) {
    super(`short write to ${path}: ${written} of ${wanted} bytes`)
    this.name = 'ShortWriteError'
    this.path = path
  }
}

/** Another process, or another broker of this one, holds the directory. */
export class DirectoryLockedError extends Error {
  readonly code = 'ELOCKED'
  readonly path: string
  /** The process that holds it. */
  readonly pid: number

  constructor(directory: string, pid: number) {
    super(`${directory} is in use by process ${pid}`)
    this.name = 'DirectoryLockedError'
    this.path = directory
    this.pid = pid
  }
}
