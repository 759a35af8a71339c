/** Damage to files while nobody looks, and what the log must make of it: report it, or be unharmed by it. Never hide it. */
import { DataDirError, LogCorruptError } from '../../../broker/log/errors.ts'
import type { Log, LogRead } from '../../../broker/log/log.ts'
import type { LogManager } from '../../../broker/log/log-manager.ts'
import { DURABLE_MARK_FILE, SWAP_SUFFIX } from '../../../broker/log/file-names.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { crc32c } from '../../../proto/kafka/crc32c.ts'
import { SimDirectory, type SimFile } from '../../../testing/sim/index.ts'
import type { StoredBatch } from './batches.ts'
import type { LogModel } from './model.ts'
import { must } from './violation.ts'
import type { Partition, World } from './world.ts'

/** What was done behind the broker's back. */
export type Damage =
  | {
      /** Bytes were changed, or an earlier state of the directory was put back. */
      readonly kind: 'decay' | 'old-copy'
      /** Where the mark ended then: after an unclean stop the broker can know no more. It is not synced, and may be old. */
      readonly markedEnd: number
      /** Whether what comes of it can be told from the model: not where that was cut or rewritten since the state put back. */
      readonly isJudged: boolean
    }
  | {
      /** Files were changed that a start can do without: it is to open the log unharmed, or to refuse it for one of them. */
      readonly kind: 'beside'
      readonly names: readonly string[]
    }

/** The mark has two slots: CRC, version, sequence, end offset, and the place of that. */
const SLOT_BYTES = 40
const SLOT_DISTANCE = 4096

/** Files without a checksum in Kafka's format: a flipped bit there may make another sound value, which nobody can tell. */
const UNGUARDED = /^(leader-epoch-checkpoint|partition\.metadata|\d{20}\.(index|timeindex|txnindex))$/

/** Flips a bit in, or cuts the end off, one file of the partition while the broker is down. */
export function damageOneFile(world: World, partition: Partition): void {
  const decay = (): void => {
    const files = [...world.filesOf(partition)].filter(([name, file]) => file.visible.size > 0 && !UNGUARDED.test(name))
    if (files.length === 0) return
    const [name, file] = world.random.pick(files.sort(([a], [b]) => (a < b ? -1 : 1)))
    const what = world.random.chance(0.3) ? cutEnd(world, file) : flipBit(world, file)
    world.note(`${what} in ${partition.model.topic} ${name}`)
    partition.damage = { kind: 'decay', markedEnd: markedEnd(world, partition), isJudged: true }
  }
  if (world.random.chance(0.5)) world.stop(decay)
  else world.crash('kill', decay)
}

/** Puts the partition's directory back to what it was some time ago: what the wrong backup does. */
export function restoreOldCopy(world: World, partition: Partition): void {
  const name = `${partition.model.topic}-0`
  if (partition.backup === null) {
    const now = world.dataDirectory().visible.get(name)
    if (now instanceof SimDirectory) partition.backup = now.copy()
    return
  }
  world.crash('kill', () => {
    world.faults.count('old-copy')
    world.note(`an old copy of ${name} is put in its place`)
    world.dataDirectory().replace(name, partition.backup)
    partition.damage = { kind: 'old-copy', markedEnd: 0, isJudged: false }
  })
}

/** What the newer slot of the mark on disk says; 0 when there is none, or a power cut has torn both. */
export function markedEnd(world: World, partition: Partition): number {
  const file = world.filesOf(partition).get(DURABLE_MARK_FILE)?.visible.view() ?? Buffer.alloc(0)
  const slots = [file.subarray(0, SLOT_BYTES), file.subarray(SLOT_DISTANCE, SLOT_DISTANCE + SLOT_BYTES)]
  const whole = slots.filter((slot) => slot.length === SLOT_BYTES && crc32c(slot, 4) === slot.readUInt32BE(0))
  const newest = whole.sort((a, b) => Number(a.readBigInt64BE(8) - b.readBigInt64BE(8))).at(-1)
  return newest === undefined ? 0 : Number(newest.readBigInt64BE(16))
}

/** Returns what it did. */
export function cutEnd(world: World, file: SimFile): string {
  const size = world.random.below(file.visible.size)
  file.tamper((bytes) => bytes.resize(Math.min(bytes.size, size)))
  world.faults.count('truncation')
  return `a cut at ${size}`
}

/** Returns what it did. */
export function flipBit(world: World, file: SimFile): string {
  const position = world.random.below(file.visible.size)
  const bit = 1 << world.random.below(8)
  file.tamper((bytes) => {
    if (position < bytes.size) bytes.write(Buffer.from([bytes.view()[position] ^ bit]), position)
  })
  world.faults.count('bit-flip')
  return `a bit flip at ${position}`
}

/**
 * Opens the damaged log, faults held back. Refusing it is a report, and must leave everything as it is; a log that opens
 * must not hide anything. True: it is to be as if nothing had happened.
 */
export function judgeDamaged(world: World, manager: LogManager, partition: Partition): boolean {
  const { model } = partition
  const damage = partition.damage!
  const before = contents(world, partition)
  const hadSwap = [...world.filesOf(partition).keys()].some((name) => name.endsWith(SWAP_SUFFIX))
  world.faults.paused = true
  try {
    const marked = markedEnd(world, partition)
    const log = world.openLog(manager, model)
    world.note(`${model.topic} opens in spite of it`)
    if (damage.kind === 'beside') return true
    // A power cut since may have taken the mark back; a clean stop has noted the end besides.
    const knownEnd = manager.cleanShutdown ? model.durableEnd : Math.min(damage.markedEnd, marked)
    // Where compaction leaves holes, another may be one; and a start may have ended a cleaning.
    if (damage.isJudged && !world.settings.isCompacted) judgeOpened(world, log, model, knownEnd)
  } catch (error) {
    if (!(error instanceof LogCorruptError || error instanceof DataDirError)) throw error
    world.note(`${model.topic} is refused: ${error.message}`)
    judgeRefused(damage, error)
    // A cleaning that a crash cut off is ended first.
    must(
      contents(world, partition) === before || hadSwap,
      'nothing-deleted',
      () => `${model.topic} was refused, and its files changed`,
    )
  } finally {
    world.faults.paused = false
  }
  return false
}

function judgeRefused(damage: Damage, error: LogCorruptError | DataDirError): void {
  if (damage.kind !== 'beside') return
  const isNamed = damage.names.some((name) => error.path.endsWith(`/${name}`))
  must(isNamed, 'unharmed', () => `only ${damage.names.join(', ')} were changed, and it was refused: ${error.message}`)
}

function contents(world: World, partition: Partition): string {
  const files = [...world.filesOf(partition)].sort(([a], [b]) => (a < b ? -1 : 1))
  return files.map(([name, file]) => `${name} ${file.visible.view().toString('latin1')}`).join('\n')
}

/** Each batch that had been durable is served as it was, or the reader is told: by an error, or by a CRC that is wrong. */
function judgeOpened(world: World, log: Log, model: LogModel, knownEnd: number): void {
  const end = Math.min(knownEnd, model.durableEnd)
  must(log.logEndOffset >= end, 'damage-hidden', () => {
    return `${model.topic} ends at ${log.logEndOffset}, ${end} was durable, and nothing was said`
  })
  for (const batch of model.batches) {
    if (batch.end > end || batch.base < log.logStartOffset) continue
    const read = readAt(world, log, batch.base)
    if (read === 'refused') continue
    must(
      read.bytes > 0,
      'damage-hidden',
      () => `${model.topic}: a read at ${batch.base} comes back empty, without an error`,
    )
    judgeServed(model, batch, Buffer.concat(read.buffers))
  }
}

function judgeServed({ topic }: LogModel, { base, data, leaderEpoch }: StoredBatch, served: Buffer): void {
  // The one field outside the checksum, in Kafka's format as in ours, that nothing around it bears out.
  if (served.length === data.length) header.setLeaderEpoch(served, 0, leaderEpoch)
  if (served.equals(data)) return
  const isCaught = served.length < header.HEADER_BYTES || header.computeCrc(served, 0) !== header.crc(served, 0)
  must(isCaught, 'damage-served', () => `${topic}: at ${base} another batch is served, and its checksum is right`)
}

function readAt(world: World, log: Log, offset: number): LogRead | 'refused' {
  let outcome: LogRead | 'refused' | null
  try {
    outcome = log.read(offset, log.flushedEndOffset, 1, true)
    if (outcome !== null) return outcome
    log.readAsync(offset, log.flushedEndOffset, 1, true, (error, read) => {
      outcome = error === null ? read : 'refused'
    })
  } catch {
    return 'refused'
  }
  while (outcome === null) must(world.clock.step(), 'read', () => 'a read does not come to its end')
  return outcome
}
