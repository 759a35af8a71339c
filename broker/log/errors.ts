/**
 * Bytes that had been made durable are missing or damaged. Opening stops, nothing has been changed on disk, and the file
 * is named: losing them silently is what a log must never do (R1).
 */
export class LogCorruptError extends Error {
  readonly code = 'LOG_CORRUPT'
  /** The file at fault. */
  readonly path: string
  /** Byte position of the fault in the file; -1 when the file as a whole is meant. */
  readonly position: number

  constructor(path: string, position: number, reason: string) {
    super(position < 0 ? `${path}: ${reason}` : `${path} at byte ${position}: ${reason}`)
    this.name = 'LogCorruptError'
    this.path = path
    this.position = position
  }
}

/** The log takes no more writes; `cause` is the write or sync that failed, which is never tried again. */
export class LogOfflineError extends Error {
  readonly code = 'LOG_OFFLINE'

  constructor(directory: string, cause: Error) {
    super(`log ${directory} is offline: ${cause.message}`, { cause })
    this.name = 'LogOfflineError'
  }
}

/** The data directory cannot be used. The message names the file and what to do; nothing has been changed in it. */
export class DataDirError extends Error {
  readonly code: 'LOCKED' | 'FOREIGN' | 'UNWRITABLE' | 'DAMAGED'
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
