import type { Disk } from '../ports/disk.ts'
import { DataDirError, isPassing } from './errors.ts'
import * as checkpoint from './offset-checkpoint.ts'

/** What the checkpoint files say of one log, or will with their next write; -1 = nothing. */
export interface LogOffsets {
  recoveryPoint: number
  logStartOffset: number
  highWatermark: number
  cleanedTo: number
}

type Field = keyof LogOffsets

const FILES: Readonly<Record<Field, string>> = {
  recoveryPoint: checkpoint.RECOVERY_POINT_FILE,
  logStartOffset: checkpoint.LOG_START_FILE,
  highWatermark: checkpoint.HIGH_WATERMARK_FILE,
  cleanedTo: checkpoint.CLEANER_FILE,
}
const FIELDS = Object.keys(FILES) as readonly Field[]
const NOTHING: Readonly<LogOffsets> = { recoveryPoint: -1, logStartOffset: -1, highWatermark: -1, cleanedTo: -1 }

export interface CheckpointsOptions {
  readonly disk: Disk
  /** The data directory. */
  readonly path: string
  /** The files were written by a clean stop, and there are logs: one that is missing has been lost. Asked when one is. */
  readonly mustExist: () => boolean
}

/**
 * The four checkpoint files of a data directory. They keep what they held of logs that are not open; a file is written only
 * when something in it has changed, so that idle logs cost nothing.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions
  /** One object for each log: thousands may be idle. */
  readonly #logs = new Map<string, LogOffsets>()
  /** Files that do not hold what memory does. */
  readonly #stale = new Set<Field>()
  /** Files that a power cut may take back to what they held before. */
  readonly #unsynced = new Set<Field>()
  readonly #damaged: string[] = []
  /** A log start on disk is not the one in memory. A log that has none begins where one at 0 does. */
  #startsMoved = false

  /** Throws `DataDirError` when the log starts are damaged or lost, or a file is of a newer version. */
  constructor(options: CheckpointsOptions) {
    this.#options = options
    for (const field of FIELDS) this.#read(field)
  }

  /** Paths of files that were damaged or lost and can be done without. */
  get damaged(): readonly string[] {
    return this.#damaged
  }

  of(name: string): Readonly<LogOffsets> {
    return this.#logs.get(name) ?? NOTHING
  }

  /** Takes over what has changed. -1 changes nothing: what a file says stays until there is something better. */
  note(name: string, recoveryPoint: number, logStartOffset: number, highWatermark: number, cleanedTo: number): void {
    const known = this.#entry(name)
    this.#set(known, 'recoveryPoint', recoveryPoint)
    this.#set(known, 'logStartOffset', logStartOffset)
    this.#set(known, 'highWatermark', highWatermark)
    this.#set(known, 'cleanedTo', cleanedTo)
  }

  noteLogStart(name: string, logStartOffset: number): void {
    this.#set(this.#entry(name), 'logStartOffset', logStartOffset)
  }

  /** The log is being deleted: the files follow with their next write. */
  drop(name: string): void {
    this.#logs.delete(name)
  }

  /** A log that begins anew must not be measured by the offsets of an older one of that name: they go from disk at once. */
  forget(name: string): void {
    const known = this.of(name)
    if (!FIELDS.some((field) => known[field] > 0)) return
    this.drop(name)
    for (const field of FIELDS) this.#write(field, true)
  }

  /** Writes the files that differ from memory in what counts. */
  write(): void {
    this.writeLogStarts()
    // Older values of these only cost time.
    for (const field of FIELDS) if (field !== 'logStartOffset') this.#writeStale(field, false)
  }

  /** Makes the files durable: after a clean stop an older one is wrong, as nothing is recovered then. */
  sync(): void {
    const { disk, path } = this.#options
    this.#writeStale('logStartOffset', true)
    if (this.#unsynced.size === 0) return
    for (const field of this.#unsynced) {
      if (!disk.existsSync(this.#pathOf(field))) continue
      const file = disk.openSync(this.#pathOf(field))
      try {
        file.datasyncSync()
      } finally {
        file.closeSync()
      }
    }
    disk.syncDirectorySync(path)
    this.#unsynced.clear()
  }

  /** Files below a log start go only after it is on disk for sure. New logs are no reason: a sync may take the loop's time. */
  writeLogStarts(): void {
    if (!this.#startsMoved) return
    try {
      this.#writeStale('logStartOffset', true)
    } catch (error) {
      if (!isPassing(error)) throw error
      this.#makeWay()
      this.#writeStale('logStartOffset', true)
    }
  }

  /** The log start cannot be done without: records that were deleted would come back. */
  #read(field: Field): void {
    const { disk, mustExist } = this.#options
    const path = this.#pathOf(field)
    const { offsets, state } = checkpoint.readCheckpoint(disk, path)
    // Nothing depends on how far the cleaner came.
    const isLost = state === 'missing' && field !== 'cleanedTo' && mustExist()
    if (field === 'logStartOffset' && (state === 'damaged' || isLost)) {
      const remedy = 'restore it from a copy, or put "0" and "0" on two lines to begin every log at its first segment'
      throw new DataDirError('DAMAGED', path, `${path} is ${isLost ? 'missing' : 'damaged'}: ${remedy}`)
    }
    if (field !== 'cleanedTo' && (state === 'damaged' || isLost)) this.#damaged.push(path)
    // Who wrote it may have been killed since.
    if (state !== 'missing') this.#unsynced.add(field)
    for (const [name, offset] of offsets) this.#entry(name)[field] = offset
  }

  /** On a full disk only deleting makes room, and it needs a little: what a checkpoint takes that can be done without. */
  #makeWay(): void {
    const { disk } = this.#options
    const path = this.#pathOf('highWatermark')
    if (disk.existsSync(path)) disk.unlinkSync(path)
    this.#stale.add('highWatermark')
  }

  #entry(name: string): LogOffsets {
    let known = this.#logs.get(name)
    if (known === undefined) {
      known = { ...NOTHING }
      this.#logs.set(name, known)
    }
    return known
  }

  #set(known: LogOffsets, field: Field, offset: number): void {
    if (offset < 0 || known[field] === offset) return
    if (field === 'logStartOffset' && Math.max(known[field], offset) > 0) this.#startsMoved = true
    known[field] = offset
    this.#stale.add(field)
  }

  #writeStale(field: Field, sync: boolean): void {
    if (this.#stale.has(field)) this.#write(field, sync)
  }

  #write(field: Field, sync: boolean): void {
    const offsets = new Map<string, number>()
    for (const [name, known] of this.#logs) if (known[field] >= 0) offsets.set(name, known[field])
    this.#options.disk.replaceSync(this.#pathOf(field), checkpoint.encodeOffsets(offsets), { sync })
    this.#stale.delete(field)
    if (field === 'logStartOffset') this.#startsMoved = false
    if (sync) this.#unsynced.delete(field)
    else this.#unsynced.add(field)
  }

  #pathOf(field: Field): string {
    return `${this.#options.path}/${FILES[field]}`
  }
}
