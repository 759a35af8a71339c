/** What the log's tests share: a disk in memory, logs on it, batches, and a reader of everything. */
import { decodeBatches, type KafkaRecord } from '../../../proto/kafka/batch/decode.ts'
import { encodeBatch, type BatchOptions } from '../../../proto/kafka/batch/encode.ts'
import { defaultLogConfig, type LogConfig } from '../../../broker/log/config.ts'
import { Log, type LogOptions } from '../../../broker/log/log.ts'
import { createLogShared, type LogShared } from '../../../broker/log/shared.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'

export const TOPIC_ID = '1OL3r1CKSsadDC-9YgeFiw'
export const DIRECTORY = '/data/t-0'
export const NOW_MS = 1_700_000_000_000

/** Completions wait in a queue until `run`, so that a test decides when a turn ends. */
export class Turns {
  #waiting: (() => void)[] = []

  readonly defer = (fn: () => void): void => {
    this.#waiting.push(fn)
  }

  /** Runs what waits now. */
  step(): void {
    for (const fn of this.#waiting.splice(0)) fn()
  }

  /** Runs what waits, and what that brings about. */
  run(): void {
    while (this.#waiting.length > 0) {
      const due = this.#waiting
      this.#waiting = []
      for (const fn of due) fn()
    }
  }
}

export function memoryDisk(turns = new Turns()): { disk: MemoryDisk; turns: Turns } {
  const disk = new MemoryDisk(turns.defer)
  disk.mkdirSync('/data')
  return { disk, turns }
}

export function sharedWith(
  options: { tailCacheBytes?: number; maxOpenFiles?: number; maxSyncsInFlight?: number } = {},
): LogShared {
  return createLogShared({ tailCacheBytes: 1024 * 1024, maxOpenFiles: 64, maxSyncsInFlight: 4, ...options })
}

export function openLog(
  disk: Disk,
  options: Partial<Omit<LogOptions, 'config'>> & { config?: Partial<LogConfig> } = {},
): Log {
  const { config, ...rest } = options
  return Log.open({
    disk,
    directory: DIRECTORY,
    topic: 't',
    partition: 0,
    topicId: TOPIC_ID,
    durability: 'fsync',
    shared: sharedWith(),
    nowMs: NOW_MS,
    cleanShutdown: false,
    recoveryPoint: 0,
    logStartOffset: -1,
    highWatermark: 0,
    ...rest,
    config: { ...defaultLogConfig, ...config },
  })
}

/** A batch of `count` records with values `<name>0`, `<name>1`, ... and timestamps one millisecond apart. */
export function batch(
  name: string,
  count = 1,
  options: BatchOptions & { timestamp?: number; valueBytes?: number } = {},
): Buffer {
  const { timestamp = NOW_MS, valueBytes = 0, ...rest } = options
  const records = Array.from({ length: count }, (_, i) => ({
    key: `k${i}`,
    value: `${name}${i}`.padEnd(valueBytes, '.'),
    timestamp: timestamp + i,
  }))
  return encodeBatch(records, rest)
}

/** Appends and flushes; returns the base offset. Throws when the log refuses. */
export function append(log: Log, data: Buffer, leaderEpoch = 0, nowMs = NOW_MS): number {
  const result = log.append(data, leaderEpoch, nowMs)
  if (result.error !== 0) throw new Error(`append was refused: ${result.error} ${result.message}`)
  const problem = log.flush()
  if (problem !== null) throw problem
  return result.baseOffset
}

/** Makes everything durable. */
export function syncNow(log: Log, turns: Turns): void {
  let outcome: Error | null | undefined
  log.sync((error) => {
    outcome = error
  })
  turns.run()
  if (outcome !== null) throw outcome ?? new Error('the sync did not finish')
}

/** Every record from `from` on, in reads of at most `maxBytes`, through `read` and `readAsync`. */
export function readAll(log: Log, turns: Turns, from = log.logStartOffset, maxBytes = 64 * 1024): KafkaRecord[] {
  const records: KafkaRecord[] = []
  let offset = from
  while (offset < log.flushedEndOffset) {
    const read = readOnce(log, turns, offset, maxBytes)
    if (read.bytes === 0) throw new Error(`nothing to read at ${offset}`)
    for (const found of decodeBatches(read.buffers)) {
      for (const record of found.records()) if (record.offset >= offset) records.push(record)
    }
    offset = read.nextOffset
  }
  return records
}

export function readOnce(
  log: Log,
  turns: Turns,
  offset: number,
  maxBytes: number,
  limit = log.flushedEndOffset,
  minOne = true,
) {
  const now = log.read(offset, limit, maxBytes, minOne)
  if (now !== null) return now
  let later: ReturnType<Log['read']> = null
  log.readAsync(offset, limit, maxBytes, minOne, (error, read) => {
    if (error !== null) throw error
    later = read
  })
  turns.run()
  if (later === null) throw new Error('the read did not finish')
  return later as NonNullable<ReturnType<Log['read']>>
}

export function values(records: readonly KafkaRecord[]): string[] {
  return records.map((record) => String(record.value))
}

/** Both halves of retention; returns the segments deleted. */
export function retain(log: Log, nowMs: number): number {
  log.retireSegments(nowMs)
  return log.deleteBelowStart(nowMs)
}

/** A new log on a new disk in memory. */
export function freshLog(options: Parameters<typeof openLog>[1] = {}) {
  const { disk, turns } = memoryDisk()
  return { disk, turns, log: openLog(disk, options) }
}

export const FIRST_LOG = `${DIRECTORY}/00000000000000000000.log`
export const DURABLE_MARK = `${DIRECTORY}/durable-end`

/** Bytes of every file by name. */
export function contents(disk: Disk): Map<string, string> {
  return new Map(
    disk.listSync(DIRECTORY).map((name) => [name, disk.readFileSync(`${DIRECTORY}/${name}`).toString('hex')]),
  )
}

export function cutFile(disk: Disk, path: string, size: number): void {
  disk.openSync(path).truncateSync(size)
}
