import type { Disk } from '../ports/disk.ts'
import { type Durability, defaultLogConfig, type LogConfig } from './config.ts'
import { closeDataDir, type DataDir, openDataDir } from './data-dir.ts'
import { assert } from './errors.ts'
import { Log } from './log.ts'
import * as checkpoint from './offset-checkpoint.ts'
import { tryTopicId } from './partition-metadata.ts'
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
  readonly durability: Durability
  readonly shared: LogShared
  /** `producer.id.expiration.ms`. Default 1 day. */
  readonly producerIdExpirationMs?: number
}

export interface PartitionDirectory {
  readonly topic: string
  readonly partition: number
  /** Null when the directory does not say. */
  readonly topicId: string | null
}

interface DyingDirectory {
  readonly path: string
  readonly sinceMs: number
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
  /** What the checkpoint files held at start, for logs that are not opened yet, and hold now for those that are. */
  readonly #recoveryPoints: Map<string, number>
  readonly #logStarts: Map<string, number>
  readonly #highWatermarks: Map<string, number>
  #dying: DyingDirectory[] = []
  #renames = 0
  #closed = false

  static open(options: LogManagerOptions): LogManager {
    return new LogManager(options, openDataDir(options))
  }

  private constructor(options: LogManagerOptions, dir: DataDir) {
    this.#options = options
    this.#dir = dir
    const { disk, path } = options
    this.#recoveryPoints = checkpoint.readOffsets(disk, `${path}/${checkpoint.RECOVERY_POINT_FILE}`)
    this.#logStarts = checkpoint.readOffsets(disk, `${path}/${checkpoint.LOG_START_FILE}`)
    this.#highWatermarks = checkpoint.readOffsets(disk, `${path}/${checkpoint.HIGH_WATERMARK_FILE}`)
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
   * Opens the partition's log, making its directory when missing. Throws `LogCorruptError` when durable bytes are damaged,
   * the directory belongs to another topic id, or the system's error.
   */
  openLog(
    topic: string,
    partition: number,
    topicId: string,
    config: LogConfig,
    nowMs: number,
    onOffline?: (reason: Error) => void,
  ): Log {
    const name = nameOf(topic, partition)
    assert(!this.#closed && !this.#logs.has(name), `log ${name} cannot be opened twice`)
    const { disk, durability, shared, producerIdExpirationMs } = this.#options
    const directory = `${this.path}/${name}`
    if (!disk.existsSync(directory)) this.#forgetOffsets(name)
    const log = Log.open({
      disk,
      directory,
      topic,
      partition,
      topicId,
      config,
      durability,
      shared,
      nowMs,
      cleanShutdown: this.cleanShutdown,
      recoveryPoint: this.#recoveryPoints.get(name) ?? 0,
      logStartOffset: this.#logStarts.get(name) ?? -1,
      highWatermark: this.#highWatermarks.get(name) ?? 0,
      ...(producerIdExpirationMs === undefined ? {} : { producerIdExpirationMs }),
      ...(onOffline === undefined ? {} : { onOffline }),
    })
    this.#logs.set(name, log)
    return log
  }

  /** Renames the directory to `<name>.<number>-delete` at once; `tick` removes it after `fileDeleteDelayMs`. */
  deleteLog(topic: string, partition: number, nowMs: number): void {
    const name = nameOf(topic, partition)
    const log = this.#logs.get(name)
    log?.abandon()
    this.#logs.delete(name)
    this.#recoveryPoints.delete(name)
    this.#logStarts.delete(name)
    this.#highWatermarks.delete(name)
    if (!this.#options.disk.existsSync(`${this.path}/${name}`)) return
    const path = this.#rename(name, DELETE_SUFFIX)
    const delayMs = log?.config.fileDeleteDelayMs ?? defaultLogConfig.fileDeleteDelayMs
    this.#dying.push({ path, sinceMs: nowMs, delayMs })
  }

  /** Sets the directory of an unknown topic aside as `-stray`: an operator decides about it. */
  setAside(topic: string, partition: number): void {
    const name = nameOf(topic, partition)
    assert(!this.#logs.has(name), `log ${name} is open and cannot be set aside`)
    this.#forgetOffsets(name)
    this.#rename(name, STRAY_SUFFIX)
  }

  /** Every few seconds: checkpoints, delayed deletes, producer expiry. Throws when a checkpoint cannot be written. */
  tick(nowMs: number): void {
    for (const log of this.#logs.values()) log.tick(nowMs)
    const due = this.#dying.filter((directory) => nowMs - directory.sinceMs >= directory.delayMs)
    this.#dying = this.#dying.filter((directory) => nowMs - directory.sinceMs < directory.delayMs)
    // One that cannot be removed is found again at the next start.
    for (const { path } of due) this.#options.disk.removeTree(path, () => undefined)
    this.#writeCheckpoints()
  }

  /** `log.retention.check.interval.ms`: deletes due segments of every log; returns how many. */
  applyRetention(nowMs: number): number {
    for (const log of this.#logs.values()) log.retireSegments(nowMs)
    this.#writeCheckpoints()
    let deleted = 0
    for (const log of this.#logs.values()) deleted += log.deleteBelowStart(nowMs)
    return deleted
  }

  /** Makes every log ready to close, many at a time and off the event loop: `close` is quick after that. */
  settle(done: () => void): void {
    let waiting = 1
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
   * closed cleanly leaves the marker unwritten: the next start recovers.
   */
  close(brokerEpoch: number): void {
    if (this.#closed) return
    let clean = true
    for (const log of this.#logs.values()) clean = log.close() === null && clean
    this.#writeCheckpoints()
    this.#closed = true
    if (clean) closeDataDir(this.#options.disk, this.#dir, brokerEpoch)
    else this.#dir.lock.release()
  }

  /** Closes the files and releases the lock without the clean-shutdown marker. */
  abandon(): void {
    if (this.#closed) return
    this.#closed = true
    for (const log of this.#logs.values()) log.abandon()
    this.#dir.lock.release()
  }

  #writeCheckpoints(): void {
    let recovery = false
    let starts = false
    let watermarks = false
    for (const [name, log] of this.#logs) {
      recovery = update(this.#recoveryPoints, name, log.recoveryPoint) || recovery
      starts = update(this.#logStarts, name, log.logStartOffset) || starts
      watermarks = update(this.#highWatermarks, name, log.highWatermark) || watermarks
    }
    // Files below a log start go only after it is on disk for sure; of the others, older values only cost time.
    if (recovery) this.#write(checkpoint.RECOVERY_POINT_FILE, this.#recoveryPoints, false)
    if (starts) this.#write(checkpoint.LOG_START_FILE, this.#logStarts, true)
    if (watermarks) this.#write(checkpoint.HIGH_WATERMARK_FILE, this.#highWatermarks, false)
  }

  /** A log that begins anew must not be measured by the offsets of an older one of that name. */
  #forgetOffsets(name: string): void {
    const known = [this.#recoveryPoints, this.#logStarts, this.#highWatermarks]
    if (!known.some((offsets) => (offsets.get(name) ?? 0) > 0)) return
    for (const offsets of known) offsets.delete(name)
    this.#write(checkpoint.RECOVERY_POINT_FILE, this.#recoveryPoints, true)
    this.#write(checkpoint.LOG_START_FILE, this.#logStarts, true)
    this.#write(checkpoint.HIGH_WATERMARK_FILE, this.#highWatermarks, true)
  }

  #write(file: string, offsets: checkpoint.Offsets, sync: boolean): void {
    this.#options.disk.replaceSync(`${this.path}/${file}`, checkpoint.encodeOffsets(offsets), { sync })
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

/** Sets the value; returns whether it differs from what was there. */
function update(offsets: Map<string, number>, name: string, value: number): boolean {
  if (offsets.get(name) === value) return false
  offsets.set(name, value)
  return true
}
