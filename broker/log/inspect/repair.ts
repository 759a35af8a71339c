import * as header from '../../../proto/kafka/batch/header.ts'
import type { Disk } from '../../ports/disk.ts'
import { encodeMark } from '../durable-mark.ts'
import * as names from '../file-names.ts'
import { encodeOffsets, HIGH_WATERMARK_FILE, parseOffsets, RECOVERY_POINT_FILE } from '../offset-checkpoint.ts'
import { readChain, writeChain } from '../segment-chain.ts'
import { SETTLED_FILE } from '../settled-logs.ts'
import type { DamagedRegion } from './finding.ts'
import { listPartition } from './partition-files.ts'
import { type Derived, rebuild } from './rebuild.ts'
import {
  type EpochFix,
  lossOf,
  lostFileOf,
  type PartitionRepair,
  type RepairPlan,
  type TailCut,
} from './repair-plan.ts'
import { CLEAN_SHUTDOWN_FILE } from './verify-directory.ts'

const COPY_BYTES = 1024 * 1024

/**
 * Carries a plan out. Damage is taken out only where `accepted` holds what its loss is called (`lossOf`). Every step leaves a
 * directory that a further repair can go on from, so being killed in the middle costs nothing. The caller holds the lock.
 */
export function applyRepair(disk: Disk, plan: RepairPlan, accepted: ReadonlySet<string>): void {
  for (const repair of plan.partitions) repairPartition(disk, plan, repair, accepted)
}

function repairPartition(disk: Disk, plan: RepairPlan, repair: PartitionRepair, accepted: ReadonlySet<string>): void {
  const { directory, tails } = repair
  const isAccepted = repair.regions.every((region) => accepted.has(lossOf(repair, region)))
  const regions = isAccepted ? repair.regions : []
  const changed = new Set([...tails, ...regions].map(({ baseOffset }) => baseOffset))
  const dataDir = dataDirOf(disk, plan.path, directory)
  // A log that was cut is no longer what its clean stop left behind: the next start has to read it.
  if (changed.size > 0 && dataDir !== null) removeCleanMarker(disk, dataDir)
  for (const fix of repair.epochHeaders) fixEpoch(disk, directory, fix)
  for (const tail of tails) cutTail(disk, directory, tail)
  for (const [baseOffset, inSegment] of groupBySegment(regions)) takeOut(disk, directory, baseOffset, inSegment)
  const endOffset = rebuild(disk, directory, derivedFiles(disk, repair, changed, isAccepted))
  if (isAccepted && regions.length > 0 && dataDir !== null) lowerCheckpoints(disk, dataDir, repair.name, endOffset)
  if (changed.size > 0 || repair.segmentList) writeSegmentList(disk, directory)
  // Only now: a mark that is ahead of the log makes brokers refuse it, one that is behind would let them cut what is damaged.
  const isOurs = disk.existsSync(`${directory}/${names.DURABLE_MARK_FILE}`)
  if (isOurs && isAccepted && (repair.mark || regions.length > 0)) writeMark(disk, directory, endOffset)
  disk.syncDirectorySync(directory)
}

/** What the walk over the log is to make anew: while damage stays, nothing that would have to know what it held. */
function derivedFiles(disk: Disk, repair: PartitionRepair, changed: ReadonlySet<number>, isWhole: boolean): Derived {
  const remaining = new Set(listPartition(disk, repair.directory).segments)
  const damaged = new Set(isWhole ? [] : repair.regions.map(({ baseOffset }) => baseOffset))
  const isDue = (baseOffset: number) => remaining.has(baseOffset) && !damaged.has(baseOffset)
  return {
    indexes: new Set([...repair.indexes, ...changed].filter(isDue)),
    txnIndexes: new Set(isWhole ? [...repair.txnIndexes, ...changed].filter(isDue) : []),
    snapshots: isWhole ? repair.snapshots : new Set(),
    epochs: isWhole && (repair.epochs || changed.size > 0),
    logStartOffset: repair.logStartOffset,
  }
}

/** The data directory around a partition; null for one that stands alone. */
export function dataDirOf(disk: Disk, path: string, directory: string): string | null {
  if (path !== directory) return path
  const cut = directory.lastIndexOf('/')
  const parent = cut > 0 ? directory.slice(0, cut) : '.'
  return disk.existsSync(`${parent}/meta.properties`) ? parent : null
}

function removeCleanMarker(disk: Disk, dataDir: string): void {
  const vouching = [CLEAN_SHUTDOWN_FILE, SETTLED_FILE].map((name) => `${dataDir}/${name}`)
  const found = vouching.filter((path) => disk.existsSync(path))
  if (found.length === 0) return
  for (const path of found) disk.unlinkSync(path)
  disk.syncDirectorySync(dataDir)
}

/** The leader epoch is outside the CRC, so writing it again makes the batch what it was. */
function fixEpoch(disk: Disk, directory: string, { baseOffset, position, epoch }: EpochFix): void {
  const file = disk.openSync(`${directory}/${names.stemOf(baseOffset)}${names.LOG_SUFFIX}`)
  const head = Buffer.alloc(header.HEADER_BYTES)
  try {
    file.readSync(head, 0, head.length, position)
    header.setLeaderEpoch(head, 0, epoch)
    file.writeAtSync(head, position)
    file.datasyncSync()
  } finally {
    file.closeSync()
  }
}

/** The bytes are kept before they are cut; a segment that is cut whole is renamed. */
function cutTail(disk: Disk, directory: string, { baseOffset, position, bytes }: TailCut): void {
  const stem = `${directory}/${names.stemOf(baseOffset)}`
  const kept = `${stem}.${position}${names.TORN_SUFFIX}`
  dropIndexes(disk, stem)
  if (position === 0 && listPartition(disk, directory).segments[0] !== baseOffset) {
    disk.renameSync(stem + names.LOG_SUFFIX, kept)
    return disk.syncDirectorySync(directory)
  }
  keepBytes(disk, stem + names.LOG_SUFFIX, position, position + bytes, kept)
  disk.syncDirectorySync(directory)
  truncate(disk, stem + names.LOG_SUFFIX, position)
}

/** Writes the segment anew without the damaged regions, after they have been kept, and puts it in place of the old one. */
function takeOut(disk: Disk, directory: string, baseOffset: number, regions: readonly DamagedRegion[]): void {
  const stem = `${directory}/${names.stemOf(baseOffset)}`
  const log = stem + names.LOG_SUFFIX
  const size = disk.sizeSync(log)
  for (const region of regions) keepBytes(disk, log, region.start, region.end, `${directory}/${lostFileOf(region)}`)
  disk.syncDirectorySync(directory)
  if (regions.every(({ start, end }) => start === end)) return
  dropIndexes(disk, stem)
  const only = regions.length === 1 ? regions[0]! : null
  if (only !== null && only.end >= size) return truncate(disk, log, only.start)
  const anew = `${log}${names.TEMPORARY_SUFFIX}`
  const target = disk.openSync(anew, { create: true })
  const source = disk.openSync(log, { readOnly: true })
  try {
    target.truncateSync(0)
    let position = 0
    for (const { start, end } of regions) {
      copy(source, position, start, target)
      position = end
    }
    copy(source, position, size, target)
    target.datasyncSync()
  } finally {
    source.closeSync()
    target.closeSync()
  }
  disk.renameSync(anew, log)
  disk.syncDirectorySync(directory)
}

type File = ReturnType<Disk['openSync']>

function keepBytes(disk: Disk, path: string, from: number, to: number, kept: string): void {
  const target = disk.openSync(kept, { create: true })
  const source = disk.openSync(path, { readOnly: true })
  try {
    target.truncateSync(0)
    copy(source, from, to, target)
    target.datasyncSync()
  } finally {
    source.closeSync()
    target.closeSync()
  }
}

function copy(source: File, from: number, to: number, target: File): void {
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(COPY_BYTES, to - from)))
  for (let position = from; position < to; ) {
    const count = source.readSync(buffer, 0, Math.min(buffer.length, to - position), position)
    if (count === 0) return
    target.appendSync([buffer.subarray(0, count)])
    position += count
  }
}

function truncate(disk: Disk, path: string, size: number): void {
  const file = disk.openSync(path)
  try {
    file.truncateSync(size)
    file.datasyncSync()
  } finally {
    file.closeSync()
  }
}

/** Indexes that belong to other bytes mislead; a missing one is made anew, by this repair or by a broker's start. */
function dropIndexes(disk: Disk, stem: string): void {
  for (const suffix of [names.INDEX_SUFFIX, names.TIME_INDEX_SUFFIX, names.TXN_INDEX_SUFFIX]) {
    if (disk.existsSync(stem + suffix)) disk.unlinkSync(stem + suffix)
  }
}

/** Tells which segments there are now, and whether offsets may be missing; only where the log is ours. */
function writeSegmentList(disk: Disk, directory: string): void {
  if (!disk.existsSync(`${directory}/${names.DURABLE_MARK_FILE}`)) return
  const { segments, lost } = listPartition(disk, directory)
  const sized = segments.map((baseOffset) => ({
    baseOffset,
    sizeBytes: disk.sizeSync(`${directory}/${names.stemOf(baseOffset)}${names.LOG_SUFFIX}`),
  }))
  writeChain(disk, directory, sized, lost.length > 0 || readChain(disk, directory).mayHaveHoles)
}

/** Makes all of the log durable, and says so. */
function writeMark(disk: Disk, directory: string, endOffset: number): void {
  const { segments } = listPartition(disk, directory)
  let position = 0
  for (const baseOffset of segments) {
    const file = disk.openSync(`${directory}/${names.stemOf(baseOffset)}${names.LOG_SUFFIX}`)
    file.datasyncSync()
    position = file.size
    file.closeSync()
  }
  const mark = { endOffset, segmentBaseOffset: segments.at(-1) ?? 0, position }
  disk.replaceSync(`${directory}/${names.DURABLE_MARK_FILE}`, encodeMark(mark))
}

/** Nothing may state an end that the log no longer has. */
function lowerCheckpoints(disk: Disk, dataDir: string, name: string, endOffset: number): void {
  for (const file of [RECOVERY_POINT_FILE, HIGH_WATERMARK_FILE]) {
    const path = `${dataDir}/${file}`
    const offsets = disk.existsSync(path) ? parseOffsets(disk.readFileSync(path)) : null
    if ((offsets?.get(name) ?? -1) <= endOffset) continue
    disk.replaceSync(path, encodeOffsets(new Map(offsets).set(name, endOffset)))
  }
}

function groupBySegment(regions: readonly DamagedRegion[]): Map<number, DamagedRegion[]> {
  const groups = new Map<number, DamagedRegion[]>()
  for (const region of regions) groups.set(region.baseOffset, [...(groups.get(region.baseOffset) ?? []), region])
  return groups
}
