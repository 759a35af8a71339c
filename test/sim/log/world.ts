/** A broker's logs on a simulated disk: starts and ends its process, and tells injected failures from broken promises. */
import { FilesPinnedError } from '../../../broker/log/errors.ts'
import type { Log } from '../../../broker/log/log.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { ReadBuffers } from '../../../broker/log/read-buffers.ts'
import { createLogShared } from '../../../broker/log/shared.ts'
import { TailCache } from '../../../broker/log/tail-cache.ts'
import {
  CrashSignal,
  type Death,
  DiskFaults,
  SeededRandom,
  SimClock,
  SimDirectory,
  SimDisk,
  SimFile,
  type Trace,
} from '../../../testing/sim/index.ts'
import type { StopCopy } from './after-stop.ts'
import { followRewrite, SimCleaner } from './compaction.ts'
import { LogModel } from './model.ts'
import { readAll } from './reading.ts'
import { adoptRecovered, type Ending } from './recovery.ts'
import { drawSettings, type Settings } from './settings.ts'
import { must, Violation } from './violation.ts'
import { type Damage, judgeDamaged, markedEnd } from './damage.ts'
import { checkTorn, forgetOverwritten, segmentsOf } from './torn.ts'
import { Workload } from './workload.ts'

/** The data directory; `/disk` is where the disk is mounted, and always there. */
const DATA = '/disk/data'
const MARKER = `${DATA}/.kafka_cleanshutdown`
const HIGH_WATERMARKS = `${DATA}/replication-offset-checkpoint`
const NEVER_MS = 1e15
const READ_BUFFER_BYTES = 4 * 1024 * 1024
const CACHE_SIZES = { arenaBytes: 32 * 1024, unreadBytesMax: 20_000, unreadKeptBytes: 5_000 }
const BOOTS_MAX = 12
const INJECTED = new Set(['EIO', 'ENOSPC', 'EMFILE', 'ESHORTWRITE'])

/** One log of the world: the real one, its model, and who writes to it. */
export interface Partition {
  readonly model: LogModel
  readonly workload: Workload
  /** What has been done to its files behind its back. */
  damage: Damage | null
  /** Its directory as it was some time ago. */
  backup: SimDirectory | null
  /** What starts have cut off and kept, by file. */
  torn: Map<string, Buffer>
}

export class World {
  readonly random: SeededRandom
  readonly settings: Settings
  readonly clock = new SimClock()
  readonly faults: DiskFaults
  readonly trace: Trace
  disk: SimDisk
  manager: LogManager | null = null
  cleaner: SimCleaner | null = null
  /** What a clean stop left some time ago. */
  stopCopy: StopCopy | null = null
  partitions: Partition[] = []
  /** A clean stop is on: whoever still waits for a sync is told that the log is closed. */
  isStopping = false
  #topics = 0
  /** What `judge` has found. */
  #broken: Error | null = null
  /** This process has a damaged log, which may fail to close. */
  #hasDamaged = false
  /** It refused to open one. */
  #hasRefused = false
  /** Directories of logs that have been judged. */
  readonly #retired: string[] = []
  readonly #readBuffers = new ReadBuffers(READ_BUFFER_BYTES)
  /** How the process before this one came to its end. */
  #ending: Ending = 'kill'

  constructor(seed: number, trace: Trace) {
    this.random = new SeededRandom(seed)
    this.trace = trace
    this.settings = drawSettings(this.random)
    this.faults = new DiskFaults(this.random.fork())
    for (const [kind, chance] of this.settings.faults) this.faults.set(kind, chance)
    this.disk = new SimDisk({
      clock: this.clock,
      random: this.random.fork(),
      faults: this.faults,
      trace,
      root: new SimDirectory(new Map([['disk', new SimDirectory()]])),
    })
    for (let i = 0; i < this.settings.logs; i++) this.addPartition()
  }

  addPartition(): void {
    const number = this.#topics++
    const topicId = Buffer.alloc(16, number + 1).toString('base64url')
    const model = new LogModel(`t${number}`, topicId, this.settings.config)
    const workload = new Workload(this.random.fork(), this.settings.valueBytesMax, this.settings.isCompacted)
    this.partitions.push({ model, workload, damage: null, backup: null, torn: new Map() })
  }

  /** The log of a partition; it is open. */
  logOf({ model }: Partition): Log {
    return this.manager!.get(model.topic, 0)!
  }

  note(what: string): void {
    this.trace.note(`# ${what}`)
  }

  /**
   * Runs a call into the log. Null: an injected fault made it fail, or the process died in it. A failure that no fault
   * explains is a broken promise.
   */
  attempt<T>(what: string, call: () => T): { readonly value: T } | null {
    try {
      const value = call()
      for (const partition of this.partitions) followRewrite(this, partition)
      if (this.#broken !== null) throw this.#broken
      return { value }
    } catch (error) {
      if (error instanceof Violation) throw error
      if (this.disk.death !== null) return null
      if (!this.isInjected(error)) throw new Violation('no-crash', `${what} threw ${String(error)}`, error)
      this.note(`${what} failed: ${(error as Error).message}`)
      return null
    }
  }

  /** Judges from within a callback, whose caller may swallow what it throws. */
  judge(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.#broken ??= error as Error
    }
  }

  /** Whether an error goes back to a fault that this world injected. */
  isInjected(error: unknown): boolean {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof CrashSignal) return true
      if (INJECTED.has((cause as NodeJS.ErrnoException).code ?? '')) return this.faults.total > 0
      // A write that was short and said nothing is noticed by the size of the file alone.
      if (/ has \d+ bytes, not \d+/.test(cause.message)) return this.faults.counts.has('short-write')
    }
    return false
  }

  /** The process ends without notice, and another begins on what is left. */
  crash(death: Death, whileDown?: () => void): void {
    this.faults.count(death)
    this.note(death)
    this.disk.die(death)
    this.restart(whileDown)
  }

  /**
   * Begins a new process on what the dead one left; dying again on the way is allowed. `whileDown` happens between the two.
   */
  restart(whileDown?: () => void): void {
    for (let boot = 0; ; boot++) {
      must(boot < BOOTS_MAX, 'liveness', () => `${BOOTS_MAX} starts failed, one after the other`)
      this.#remount()
      if (boot === 0) whileDown?.()
      this.faults.paused = boot > 3
      if (this.#boot()) break
      if (this.disk.death === null) this.note('the start failed')
      for (const partition of this.partitions) forgetOverwritten(this, partition)
      // What the failed start has changed, the next one has to cope with.
      if (this.#ending === 'stop') this.#ending = 'kill'
      this.disk.die('kill')
    }
    this.faults.paused = false
    this.#ending = 'kill'
  }

  /**
   * Ends the process cleanly and begins another. A clean stop leaves nothing that a power cut could take, so that may follow
   * (`after`). `whileDown` happens between the two.
   */
  stop(whileDown?: () => void, after: Death = this.random.chance(0.3) ? 'power-cut' : 'kill'): void {
    this.note('stop')
    this.settle()
    if (this.disk.death !== null) return this.restart(whileDown)
    for (const partition of this.partitions) this.noteOffline(partition)
    this.isStopping = true
    this.attempt('closing the cleaner', () => this.cleaner!.close())
    if (this.random.chance(0.5)) this.#settleLogs()
    const closed = this.attempt('close', () => this.manager!.close(1))
    this.isStopping = false
    if (closed !== null && this.disk.death === null) this.#judgeStop(closed.value)
    this.disk.die(after)
    this.restart(whileDown)
  }

  /** All logs at once and off the loop, as a broker with thousands of them stops. */
  #settleLogs(): void {
    let isSettled = false
    const begun = this.attempt('settle', () => this.manager!.settle(() => (isSettled = true)))
    this.settle()
    const isOver = isSettled || begun === null || this.disk.death !== null
    must(isOver, 'liveness', () => 'the logs are not ready to be closed, though the disk is at rest')
  }

  /** The stop was clean, or tells which fault stood in its way. */
  #judgeStop(problem: Error | null): void {
    if (problem !== null) {
      // Nobody knows what a log does about damage in it.
      const isExcused = this.isInjected(problem) || this.#hasDamaged
      must(isExcused, 'clean-stop', () => `the stop was not clean, though nothing failed: ${problem.message}`)
      return
    }
    const hasMarker = this.disk.peek(MARKER) !== undefined
    // The marker would vouch for a log that a crash left, too.
    const isAllowed = this.manager!.cleanShutdown || !this.#hasRefused
    must(
      hasMarker === isAllowed,
      'clean-stop',
      () => `the stop was clean, its marker ${hasMarker ? 'is' : 'is not'} there`,
    )
    must(this.disk.openFiles === 0, 'handles', () => `${this.disk.openFiles} files are open after a clean stop`)
    for (const { model } of this.partitions) {
      must(!model.isOffline, 'clean-stop', () => `${model.topic} is offline, and the stop says it was clean`)
      const { end, start, highWatermark } = model
      Object.assign(model, { flushedEnd: end, durableEnd: end, notedStart: start, notedWatermark: highWatermark })
    }
    if (hasMarker) this.#ending = 'stop'
  }

  /** Lets everything in flight come to its end. */
  settle(): void {
    for (let steps = 0; this.disk.death === null && this.clock.pending > 0; steps++) {
      must(steps < 10_000, 'liveness', () => 'the disk never comes to rest')
      this.attempt('a completion', () => this.clock.step())
    }
  }

  /** Files of a partition, for the invariants: not a call of the process. */
  filesOf({ model }: Partition): ReadonlyMap<string, SimFile> {
    const directory = this.disk.peek(`${DATA}/${model.topic}-0`)
    return directory instanceof SimDirectory ? (directory.visible as Map<string, SimFile>) : new Map<string, SimFile>()
  }

  /** The data directory as it is on disk. */
  dataDirectory(): SimDirectory {
    const directory = this.disk.peek(DATA)
    must(directory instanceof SimDirectory, 'simulator', () => `${DATA} is not there`)
    return directory
  }

  /** Base offset of the first segment on disk. */
  firstBase(partition: Partition): number {
    for (const name of [...this.filesOf(partition).keys()].sort())
      if (/^\d{20}\.log(\.swap)?$/.test(name)) return Number(name.slice(0, 20))
    return 0
  }

  /** The model learns that a log has gone offline, which takes a fault. */
  noteOffline(partition: Partition): void {
    const { model } = partition
    const { offline } = this.logOf(partition)
    if (offline === null || model.isOffline) return
    must(this.isInjected(offline), 'offline', () => `${model.topic} is offline without a fault: ${offline.message}`)
    this.note(`${model.topic} is offline`)
    model.isOffline = true
  }

  /** What the log took back for want of room, the model takes back. */
  #listen({ model }: Partition, log: Log): void {
    log.listen({
      offline: () => undefined,
      full: ({ cause }) => {
        // The pool's own bound, which takes no fault of the disk.
        if (cause instanceof FilesPinnedError) this.faults.count('files-pinned')
        this.note(`${model.topic} is full`)
      },
      relieved: () => this.note(`${model.topic} has room again`),
      rolledBack: (endOffset) => {
        this.note(`${model.topic} is taken back to ${endOffset}`)
        must(endOffset === model.flushedEnd, 'ends', () => `${model.topic} was taken back to ${endOffset}`)
        model.cut(endOffset)
        model.committedTo(Math.min(model.highWatermark, endOffset))
        model.rebuild()
      },
    })
  }

  /** What a failed sync has dropped, the next process will not find. */
  #noteDropped(): void {
    const checkpoint = this.disk.peek(HIGH_WATERMARKS)
    // It goes for good where a full disk needs its room.
    const isNoted = checkpoint instanceof SimFile && !checkpoint.hasDropped
    for (const partition of this.partitions) {
      const { model } = partition
      if (!isNoted) model.notedWatermark = 0
      for (const [name, file] of this.filesOf(partition)) {
        if (name.endsWith('.log') && file.hasDropped) model.hasDropped = true
      }
    }
  }

  #remount(): void {
    this.#noteDropped()
    if (this.disk.death === 'power-cut' && this.#ending !== 'stop') this.#ending = 'power-cut'
    this.clock.clear()
    this.faults.full = false
    this.disk = this.disk.remount()
    // An operator takes away what was found to be damaged.
    if (this.#retired.length > 0) for (const name of this.#retired.splice(0)) this.dataDirectory().replace(name, null)
    this.manager = null
    this.cleaner = null
    this.#hasDamaged = false
    this.#hasRefused = false
  }

  #boot(): boolean {
    const { settings } = this
    const { tailCacheBytes, maxOpenFiles, maxSyncsInFlight } = settings
    // Fresh read buffers for each of a hundred starts would cost more than all the rest.
    const readBuffers = this.#readBuffers
    // Small chunks, as each start has its own: they fill up and are used again here, too.
    const tailCache = new TailCache(tailCacheBytes, CACHE_SIZES)
    const shared = { ...createLogShared({ tailCacheBytes, maxOpenFiles, maxSyncsInFlight }), readBuffers, tailCache }
    const { durability } = settings
    const ids = {
      producerIdExpirationMs: NEVER_MS,
      nodeId: 1,
      newClusterId: 'c'.repeat(22),
      newDirectoryId: 'd'.repeat(22),
    }
    const opened = this.attempt('the start', () =>
      LogManager.open({ disk: this.disk, path: DATA, durability, shared, ...ids }),
    )
    if (opened === null) return false
    this.manager = opened.value
    const ending = this.#ending
    const before = new Map(this.partitions.map((partition) => [partition, segmentsOf(this, partition)]))
    const marked = new Set(this.partitions.filter((partition) => markedEnd(this, partition) > 0))
    must(ending !== 'stop' || opened.value.cleanShutdown, 'clean-stop', () => 'the marker of a clean stop is not there')
    for (const partition of this.partitions.filter(({ damage }) => damage !== null)) {
      const goesOn = judgeDamaged(this, opened.value, partition)
      if (this.disk.death !== null) return false
      partition.damage = null
      if (goesOn) continue
      this.#hasDamaged = true
      this.#hasRefused ||= opened.value.get(partition.model.topic, 0) === undefined
      // Nothing more is expected of that log, and another takes its place.
      this.partitions = this.partitions.filter((other) => other !== partition)
      this.#retired.push(`${partition.model.topic}-0`)
      this.addPartition()
    }
    const logs: Log[] = []
    for (const { model } of this.partitions) {
      const log = this.attempt(`opening ${model.topic}`, () => this.openLog(opened.value, model))
      // What the log does not mind (an unlink that fails) may have been its death.
      if (log === null || this.disk.death !== null) return false
      logs.push(log.value)
    }
    // Only now: what a start that fails half way has done is judged by the next one.
    this.faults.paused = true
    this.partitions.forEach((partition, i) => {
      checkTorn(this, partition, before.get(partition) ?? null, logs[i].logStartOffset)
      this.#adopt(partition, logs[i], ending, marked.has(partition))
    })
    this.cleaner = new SimCleaner(this)
    this.note('up')
    return true
  }

  /** Opens the log unless it is open already. */
  openLog(manager: LogManager, model: LogModel): Log {
    const open = manager.get(model.topic, 0)
    return open ?? manager.openLog(model.topic, 0, model.topicId, model.config, this.clock.now())
  }

  #adopt(partition: Partition, log: Log, ending: Ending, hadMark: boolean): void {
    const { model } = partition
    const { durability, isCompacted } = this.settings
    const past = { ending, durability, isCompacted, hadMark }
    adoptRecovered(model, log, past, readAll(this, log), this.firstBase(partition))
    this.note(`${model.topic} has ${model.start}..${model.end} after a ${ending}`)
    model.reported(log.durableEndOffset)
    this.#listen(partition, log)
  }
}
