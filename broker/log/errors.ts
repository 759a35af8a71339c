/**
 * Bytes that had been made durable are missing or damaged. Opening stops, nothing has been changed on disk, and the file
 * is named, and what to do: losing them silently is what a log must never do (R1).
 */
export class LogCorruptError extends Error {
  readonly code = 'LOG_CORRUPT'
  /** The file at fault. */
  readonly path: string
  /** Byte position of the fault in the file; -1 when the file as a whole is meant. */
  readonly position: number

  constructor(path: string, position: number, reason: string, remedy = LOOK_OR_RESTORE) {
    super(`${position < 0 ? path : `${path} at byte ${position}`}: ${reason}; ${remedy}`)
    this.name = 'LogCorruptError'
    this.path = path
    this.position = position
  }
}

/** What an operator can do about durable bytes that are gone. */
const LOOK_OR_RESTORE = 'restore it from a copy, or see what is left with `millrace log verify`'

/** The log takes no more writes; `cause` is the write or sync that failed, which is never tried again. */
export class LogOfflineError extends Error {
  readonly code = 'LOG_OFFLINE'

  constructor(directory: string, cause: Error) {
    super(`log ${directory} is offline: ${cause.message}`, { cause })
    this.name = 'LogOfflineError'
  }
}

/**
 * There is no room for now, of space or of file descriptors; `cause` says which. What could not be written has been taken
 * back, reads and deletion go on, and appends are tried again by themselves.
 */
export class LogFullError extends Error {
  readonly code = 'LOG_FULL'

  constructor(directory: string, cause: Error) {
    super(`log ${directory} takes no appends until there is room again: ${cause.message}`, { cause })
    this.name = 'LogFullError'
  }
}

/** Out of space (write, quota, file size limit) or of descriptors: all that was on disk is as it was. */
const PASSING: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'ESHORTWRITE', 'EMFILE', 'ENFILE'])

/** Whether a failed open or write may succeed later. Never asked about an fsync: that failure is final (fsyncgate). */
export function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && PASSING.has(error.code)
}

/** As many files as may wait for their sync. Told before another one is opened, so that syncs always find descriptors. */
export class FilesPinnedError extends Error {
  /** That of the open which it saves. */
  readonly code = 'EMFILE'

  constructor(path: string, pinned: number) {
    super(`EMFILE: ${path} must wait until one of ${pinned} files is synced (more may be open with a larger ulimit -n)`)
    this.name = 'FilesPinnedError'
  }
}

/** Whether an open failed because the process, or the system, has too many files open. */
export function isOutOfDescriptors(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')
}

/** The data directory cannot be used. The message names the file and what to do; nothing has been changed in it. */
export class DataDirError extends Error {
  readonly code: 'LOCKED' | 'FOREIGN' | 'UNWRITABLE' | 'DAMAGED' | 'NEWER_FORMAT'
  readonly path: string

  constructor(code: DataDirError['code'], path: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'DataDirError'
    this.code = code
    this.path = path
  }
}

/** A broken promise inside the log: stop before anything wrong is written. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`log invariant broken: ${message}`)
}
