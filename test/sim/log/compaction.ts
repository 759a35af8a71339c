/** Cleanings in the world: what comes out of one is judged before it goes into the log, and a crash leaves all of it or nothing. */
import type { CleanedGroup, GroupTask } from '../../../broker/log/compaction/clean-group.ts'
import { LogCleaner } from '../../../broker/log/compaction/log-cleaner.ts'
import { type CompactionRunner, StepRunner } from '../../../broker/log/compaction/runner.ts'
import { CLEANED_SUFFIX, LOG_SUFFIX, stemOf, SWAP_SUFFIX } from '../../../broker/log/file-names.ts'
import type { StoredBatch } from './batches.ts'
import { judgeCleaned } from './cleaned.ts'
import type { LogModel } from './model.ts'
import { must } from './violation.ts'
import type { Partition, World } from './world.ts'

/** Slow enough that a cleaning takes several events. */
const BYTES_PER_SECOND = 200_000
const MAP_BYTES_MAX = 64 * 1024

/** A group of segments as it is, and as a cleaning is about to make it: a crash may leave either. */
export interface Rewrite {
  /** Offsets [from, end). */
  readonly from: number
  readonly end: number
  readonly after: readonly StoredBatch[]
}

/** The cleaner of one process. */
export class SimCleaner {
  readonly #world: World
  readonly #cleaner: LogCleaner
  readonly #runner: StepRunner
  /** Exclusive end of what the map of the cleaning under way accounts for. */
  #mapEnd = 0

  constructor(world: World) {
    const { clock } = world
    this.#world = world
    this.#runner = new StepRunner(world.disk, {
      bytesPerSecond: () => BYTES_PER_SECOND,
      monotonic: () => clock.monotonic(),
      after: (delayMs, fn) => clock.after(delayMs, fn),
    })
    this.#cleaner = new LogCleaner({
      logs: () => world.partitions.map((partition) => world.logOf(partition)),
      runner: this.#judging(this.#runner),
      listener: {
        cleaned: ({ topic }, { from, to }) => world.note(`${topic} is clean from ${from} to ${to}`),
        abandoned: ({ topic, offline }, reason) => {
          world.note(`the cleaning of ${topic} is abandoned: ${String(reason)}`)
          // A rename failed, perhaps: some of the files have their old names, and the log is offline.
          const abandoned = world.partitions.find(({ model }) => model.topic === topic)
          if (abandoned !== undefined && offline !== null) abandoned.model.isHalfCut = true
        },
        failed: ({ topic }, reason) => {
          world.note(`${topic} is not cleaned any more: ${String(reason)}`)
          world.judge(() => {
            must(
              world.isInjected(reason),
              'compaction',
              () => `${topic} cannot be cleaned, without a fault: ${reason.stack}`,
            )
          })
        },
      },
      now: () => clock.now(),
      mapBytesMax: () => MAP_BYTES_MAX,
    })
  }

  tick(): void {
    this.#cleaner.tick()
  }

  close(): void {
    this.#cleaner.close()
  }

  #judging(inner: CompactionRunner): CompactionRunner {
    return {
      buildMap: (task, done) =>
        inner.buildMap(task, (error, map) => {
          if (map !== null) this.#mapEnd = map.endOffset
          done(error, map)
        }),
      cleanGroup: (task, done) =>
        inner.cleanGroup(task, (error, group) => {
          if (group !== null) this.#world.judge(() => this.#judgeGroup(task, group))
          done(error, group)
        }),
      end: () => inner.end(),
      close: () => inner.close(),
    }
  }

  #judgeGroup({ directory, segments, nowMs }: GroupTask, { recordsKept }: CleanedGroup): void {
    const world = this.#world
    const partition = world.partitions.find(({ model }) => directory.endsWith(`/${model.topic}-0`))
    if (partition === undefined) return
    const { model } = partition
    const from = segments[0].baseOffset
    const end = segments.at(-1)!.nextOffset
    const name = stemOf(from) + LOG_SUFFIX + CLEANED_SUFFIX
    const bytes = world.filesOf(partition).get(name)!.visible.copy()
    const after = judgeCleaned(model, bytes, { from, end, mapEnd: this.#mapEnd, nowMs })
    world.note(`${model.topic} from ${from} to ${end} becomes ${after.length} batches with ${recordsKept} records`)
    model.rewrite = { from, end, after }
    model.cleanedEnd = Math.max(model.cleanedEnd, this.#mapEnd)
  }
}

/** The model follows where a cleaned group has come into the log by now, or has been given up. */
export function followRewrite(world: World, partition: Partition): void {
  const { model } = partition
  const { rewrite } = model
  // Of a start, all is judged at its end.
  if (rewrite === null || world.disk.death !== null || world.cleaner === null) return
  const files = world.filesOf(partition)
  const name = stemOf(rewrite.from) + LOG_SUFFIX
  const isNamed = files.has(name + SWAP_SUFFIX)
  if (files.has(name + CLEANED_SUFFIX) || (isNamed && files.has(name))) return
  const isServing = isNamed || files.get(name)?.visible.view().equals(dataOf(rewrite.after)) === true
  if (isServing) model.replace(rewrite)
  else model.rewrite = null
}

/** After a crash a group is as it was, or as it was to become; `found` is what the log holds from `start` on. */
export function settleRewrite(model: LogModel, found: readonly Buffer[], start: number): void {
  const { rewrite } = model
  if (rewrite === null) return
  const isIn = (base: number): boolean => base >= rewrite.from && base < rewrite.end
  const held = found.filter((data) => isIn(Number(data.readBigInt64BE(0))))
  const isAs = (batches: readonly StoredBatch[]): boolean => {
    const visible = batches.filter(({ base, end }) => isIn(base) && end > start)
    return visible.length === held.length && visible.every(({ data }, i) => data.equals(held[i]))
  }
  if (isAs(rewrite.after)) return model.replace(rewrite)
  must(isAs(model.batches), 'compaction', () => {
    return `${model.topic}: offsets ${rewrite.from} to ${rewrite.end} are neither as they were nor as cleaned`
  })
  model.rewrite = null
}

function dataOf(batches: readonly StoredBatch[]): Buffer {
  return Buffer.concat(batches.map(({ data }) => data))
}
