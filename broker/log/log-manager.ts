import { LOG_RETENTION_SLICE } from '../limits.ts'
import type { Disk } from '../ports/disk.ts'
import type { Arenas } from './arenas.ts'
import { Checkpoints } from './checkpoints.ts'
import { type Durability, defaultLogConfig, type LogConfig } from './config.ts'
import { beginUse, type DataDir, markClean, openDataDir } from './data-dir.ts'
import { directoryView } from './directory-view.ts'
import { assert, LogCorruptError } from './errors.ts'
import { Log, type LogOptions } from './log.ts'
import { RECOVERY_POINT_FILE } from './offset-checkpoint.ts'
import { tryTopicId } from './partition-metadata.ts'
import { SettledLogs } from './settled-logs.ts'
import type { LogShared } from './shared.ts'

const DELETE_SUFFIX = '-delete'
const STRAY_SUFFIX = '-stray'

export interface LogManagerOptions {
  readonly disk: Disk
  /** The data directory; made when missing. */
  readonly path: string
  readonly nodeId: number
  /** Used when the directory is new; a directory that has one keeps it. */
  readonly newClusterId: string
  readonly newDirectoryId: string
  /** The cluster that the configuration names; another one's directory is refused. */
  readonly clusterId?: string
  readonly durability: Durability
  readonly shared: LogShared
  /** `producer.id.expiration.ms`. Default 1 day. */
  readonly producerIdExpirationMs?: number
  /** A read of a log failed: see `Log.noteUnreadable`. */
  readonly onUnreadable?: (topic: string, partition: number, reason: Error) => void
}

export interface PartitionDirectory {
  readonly topic: string
  readonly partition: number
  /** Null when the directory does not say. */
  readonly topicId: string | null
}

interface DyingDirectory {
  readonly path: string
  sinceMs: number
  readonly delayMs: number
}

/**
 * All the logs of one data directory: its lock, `meta.properties`, clean-shutdown marker and checkpoint files.
 * Throws DataDirError (code and file name) for a locked, foreign or unwritable directory, before changing anything.
 */
export class LogManager {
  readonly #options: LogManagerOptions
  readonly #dir: DataDir
  readonly #logs = new Map<string, Log>()
  readonly #checkpoints: Checkpoints
  readonly #settled: SettledLogs
  #dying: DyingDirectory[] = []
  #renames = 0
  #inUse = false
  #closed = false

  static open(options: LogManagerOptions): LogManager {
    const dir = openDataDir(options)
    try {
      return new LogManager(options, dir)
    } catch (error) {
      dir.lock.release()
      throw error
    }
  }

  private constructor(options: LogManagerOptions, dir: DataDir) {
    this.#options = options
    this.#dir = dir
    const { disk, path } = options
    const mustExist = () => dir.cleanShutdown && this.listPartitions().length > 0
    this.#checkpoints = new Checkpoints({ disk, path, mustExist })
    this.#settled = new SettledLogs(disk, path, dir.cleanShutdown)
    for (const name of disk.listSync(path)) {
      if (name.endsWith(DELETE_SUFFIX)) this.#dying.push({ path: `${path}/${name}`, sinceMs: 0, delayMs: 0 })
    }
  }

  get path(): string {
    return this.#dir.path
  }

  get clusterId(): string {
    return this.#dir.clusterId
  }

  /** `directory.id` of meta.properties. */
  get directoryId(): string {
    return this.#dir.directoryId
  }

  /** Nothing was in the directory before. */
  get isNew(): boolean {
    return this.#dir.isNew
  }

  get cleanShutdown(): boolean {
    return this.#dir.cleanShutdown
  }

  /** The broker epoch noted at the last clean stop; -1 when there was none. */
  get previousBrokerEpoch(): number {
    return this.#dir.previousBrokerEpoch
  }

  /** Memory that requests may be read into: large batches are kept where they lie in it. */
  get arenas(): Arenas {
    return this.#options.shared.tailCache.arenas
  }

  /** Paths of checkpoint files that were damaged and could be done without: recovery reads more. For the operator's log. */
  get damagedFiles(): readonly string[] {
    return this.#checkpoints.damaged
  }

  /** Partition directories found on disk whose logs are not open. */
  listPartitions(): PartitionDirectory[] {
    const { disk } = this.#options
    const found: PartitionDirectory[] = []
    for (const name of disk.listSync(this.path)) {
      const match = /^([\w.-]+)-(\d+)$/.exec(name)
      if (match === null || this.#logs.has(name)) continue
      found.push({ topic: match[1]!, partition: Number(match[2]), topicId: tryTopicId(disk, `${this.path}/${name}`) })
    }
    return found
  }

  get(topic: string, partition: number): Log | undefined {
    return this.#logs.get(nameOf(topic, partition))
  }

  logs(): Iterable<Log> {
    return this.#logs.values()
  }

  /**
   * Opens the partition's log, making its directory when missing: `mayExist` tells that it is no new one, and then a
   * directory that held durable records must be there. Throws `LogCorruptError` when durable bytes are damaged or missing
   * or the directory belongs to another topic id, or the system's error. `logStartOffset` counts instead of the checkpoint's.
   */
  openLog(
    topic: string,
    partition: number,
    topicId: string,
    config: LogConfig,
    nowMs: number,
    mayExist = false,
    logStartOffset?: number,
  ): Log {
    const name = nameOf(topic, partition)
    assert(!this.#closed && !this.#logs.has(name), `log ${name} cannot be opened twice`)
    const { disk, durability, shared, producerIdExpirationMs, onUnreadable } = this.#options
    const directory = `${this.path}/${name}`
    if (!disk.existsSync(directory)) {
      if (mayExist) this.#expectNothingIn(directory, name)
      this.#checkpoints.forget(name)
      this.#settled.forget(name)
    }
    const known = this.#checkpoints.of(name)
    const { recoveryPoint } = known
    const view = directoryView(disk, directory)
    const options: LogOptions = {
      disk,
      directory,
      topic,
      partition,
      topicId,
      config,
      durability,
      shared,
      nowMs,
      cleanShutdown: this.#settled.vouchFor(name, recoveryPoint, view),
      stoppedAt: this.#settled.stoppedAt(name, recoveryPoint, view),
      wasStopped: this.cleanShutdown,
      recoveryPoint,
      logStartOffset: logStartOffset ?? known.logStartOffset,
      noteLogStart: (offset) => {
        this.#checkpoints.noteLogStart(name, offset)
        this.#checkpoints.writeLogStarts()
      },
      highWatermark: Math.max(0, known.highWatermark),
      ...(onUnreadable === undefined ? {} : { onUnreadable }),
      ...(producerIdExpirationMs === undefined ? {} : { producerIdExpirationMs }),
    }
    const log = Log.open(options, view)
    log.compaction.cleanedTo = known.cleanedTo
    this.#logs.set(name, log)
    this.#beginUse()
    return log
  }

  /** Renames the directory to `<name>.<number>-delete` at once; `tick` removes it after `fileDeleteDelayMs`. */
  deleteLog(topic: string, partition: number, nowMs: number): void {
    const name = nameOf(topic, partition)
    const log = this.#logs.get(name)
    log?.abandon()
    this.#logs.delete(name)
    this.#checkpoints.drop(name)
    this.#settled.forget(name)
    if (!this.#options.disk.existsSync(`${this.path}/${name}`)) return
    const path = this.#rename(name, DELETE_SUFFIX)
    const delayMs = log?.config.fileDeleteDelayMs ?? defaultLogConfig.fileDeleteDelayMs
    this.#dying.push({ path, sinceMs: nowMs, delayMs })
  }

  /** Sets the directory of an unknown topic aside as `-stray`: an operator decides about it. */
  setAside(topic: string, partition: number): void {
    const name = nameOf(topic, partition)
    assert(!this.#logs.has(name), `log ${name} is open and cannot be set aside`)
    this.#checkpoints.forget(name)
    this.#rename(name, STRAY_SUFFIX)
  }

  /** Every few seconds: checkpoints, delayed deletes, producer expiry. Throws when a checkpoint cannot be written. */
  tick(nowMs: number): void {
    for (const log of this.#logs.values()) log.tick(nowMs)
    this.#options.shared.readAheads.tick()
    this.#removeDying(nowMs)
    this.#writeCheckpoints()
  }

  /** `log.retention.check.interval.ms`: deletes due segments of every log; returns how many. */
  applyRetention(nowMs: number): number {
    let deleted = 0
    for (const count of this.retentionSlices(nowMs)) deleted += count
    return deleted
  }

  /**
   * The same a few logs at a time, so that thousands do not stall the loop: after each `next`, the segments deleted by it.
   * Logs may come and go meanwhile.
   */
  *retentionSlices(nowMs: number): Generator<number, void, undefined> {
    let slice: [string, Log][] = []
    for (const entry of this.#logs) {
      slice.push(entry)
      if (slice.length < LOG_RETENTION_SLICE) continue
      yield this.#applyRetention(slice, nowMs)
      slice = []
    }
    yield this.#applyRetention(slice, nowMs)
  }

  /** Makes every log ready to close, many at a time and off the event loop: `close` is quick after that. */
  settle(done: () => void): void {
    let waiting = 1
    // All of them before the first sync: a file system makes files slowly while it syncs.
    for (const log of this.#logs.values()) log.writeOut()
    const settled = (): void => {
      if (--waiting === 0) done()
    }
    for (const log of this.#logs.values()) {
      waiting++
      // A log that fails here is offline, and `close` will hear of it.
      log.settle(settled)
    }
    settled()
  }

  /**
   * Closes every log cleanly, writes the checkpoints and the clean-shutdown marker, releases the lock. A log that cannot be
   * closed cleanly leaves the marker unwritten: the next start recovers. Returns why the stop was not clean, or null. Nor does
   * the marker vouch for a log that a crash left and nobody has opened since.
   */
  close(brokerEpoch: number): Error | null {
    if (this.#closed) return null
    this.#closed = true
    let problem: Error | null = null
    for (const [name, log] of this.#logs) {
      const failure = log.close()
      if (failure === null) this.#settled.note(name, log.logEndOffset, log.isUnchanged)
      else this.#settled.forget(name)
      problem ??= failure
    }
    try {
      this.#settled.write()
      this.#writeCheckpoints()
      if (problem === null) this.#checkpoints.sync()
      const isUnrecovered = !this.cleanShutdown && this.listPartitions().length > 0
      if (problem === null && !isUnrecovered) markClean(this.#options.disk, this.#dir, brokerEpoch)
    } catch (error) {
      problem ??= error as Error
    }
    this.#dir.lock.release()
    return problem
  }

  /** Closes the files and releases the lock without the clean-shutdown marker. */
  abandon(): void {
    if (this.#closed) return
    this.#closed = true
    for (const log of this.#logs.values()) log.abandon()
    this.#dir.lock.release()
  }

  /** A start that is refused leaves the marker of the clean stop: nothing has been changed then. */
  #beginUse(): void {
    if (!this.#inUse) beginUse(this.#options.disk, this.#dir)
    this.#inUse = true
  }

  #applyRetention(slice: readonly (readonly [string, Log])[], nowMs: number): number {
    for (const [name, log] of slice) {
      log.retireSegments(nowMs)
      this.#checkpoints.noteLogStart(name, log.logStartOffset)
    }
    this.#checkpoints.writeLogStarts()
    let deleted = 0
    for (const [, log] of slice) deleted += log.deleteBelowStart(nowMs)
    return deleted
  }

  #removeDying(nowMs: number): void {
    if (this.#dying.length === 0) return
    // A clock that was set back must not keep them for as long.
    for (const directory of this.#dying) directory.sinceMs = Math.min(directory.sinceMs, nowMs)
    const due = this.#dying.filter((directory) => nowMs - directory.sinceMs >= directory.delayMs)
    this.#dying = this.#dying.filter((directory) => nowMs - directory.sinceMs < directory.delayMs)
    // One that cannot be removed is found again at the next start.
    for (const { path } of due) this.#options.disk.removeTree(path, () => undefined)
  }

  #writeCheckpoints(): void {
    for (const [name, log] of this.#logs) {
      this.#checkpoints.note(name, log.recoveryPoint, log.logStartOffset, log.highWatermark, log.compaction.cleanedTo)
    }
    this.#checkpoints.write()
  }

  #expectNothingIn(directory: string, name: string): void {
    const { recoveryPoint: end, logStartOffset } = this.#checkpoints.of(name)
    if (end <= Math.max(0, logStartOffset)) return
    const reason = `the directory is missing, but offsets up to ${end - 1} had been made durable`
    const remedy = `restore it from a copy, or take its line out of ${RECOVERY_POINT_FILE} to begin without its records`
    throw new LogCorruptError(directory, -1, reason, remedy)
  }

  #rename(name: string, suffix: string): string {
    const { disk } = this.#options
    const pathOf = (): string => `${this.path}/${name}.${this.#renames}${suffix}`
    // Earlier starts may have left directories of the same name behind.
    while (disk.existsSync(pathOf())) this.#renames++
    const path = pathOf()
    disk.renameSync(`${this.path}/${name}`, path)
    return path
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}-${partition}`
}
