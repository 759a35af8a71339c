import type { Disk } from '../../ports/disk.ts'
import { LOG_SUFFIX, stemOf, TORN_SUFFIX } from '../file-names.ts'
import type { DamagedRegion, Finding } from './finding.ts'
import { LOST_SUFFIX } from './partition-files.ts'
import { type DirectoryReport, verifyDirectory } from './verify-directory.ts'
import type { PartitionReport } from './verify-partition.ts'

export interface TailCut {
  readonly baseOffset: number
  readonly position: number
  readonly bytes: number
}

/** A leader epoch to be written into a batch header again. */
export interface EpochFix {
  readonly baseOffset: number
  readonly position: number
  readonly epoch: number
}

/** What would put one partition right. */
export interface PartitionRepair {
  readonly directory: string
  /** `orders-0`. */
  readonly name: string
  /** Torn tails, the newest segment first, so that a repair that is cut off can be done again. */
  readonly tails: readonly TailCut[]
  /** Damage that can only be taken out, with the offsets in it; rising. */
  readonly regions: readonly DamagedRegion[]
  /** Base offsets of segments with indexes to make anew. */
  readonly indexes: ReadonlySet<number>
  readonly txnIndexes: ReadonlySet<number>
  /** Offsets of producer snapshots to make anew. */
  readonly snapshots: ReadonlySet<number>
  readonly epochs: boolean
  readonly epochHeaders: readonly EpochFix[]
  /** The durable mark is damaged or stands where no batch ends. */
  readonly mark: boolean
  readonly segmentList: boolean
  readonly logStartOffset: number
}

export interface RepairPlan {
  readonly path: string
  readonly report: DirectoryReport
  readonly partitions: readonly PartitionRepair[]
  /** Errors that no repair can put right. */
  readonly hopeless: readonly Finding[]
}

/** Verifies the directory and says what would put it right. Changes nothing. */
export function planRepair(disk: Disk, path: string): RepairPlan {
  const report = verifyDirectory(disk, path)
  const partitions = report.partitions.map((partition) => planPartition(disk, partition)).filter(hasWork)
  const isHopeless = ({ severity, remedy }: Finding) => severity === 'error' && remedy === undefined
  const all = [...report.findings, ...report.partitions.flatMap(({ findings }) => findings)]
  return { path, report, partitions, hopeless: all.filter(isHopeless) }
}

function planPartition(disk: Disk, report: PartitionReport): PartitionRepair {
  const { directory, findings, logStartOffset } = report
  const tails: TailCut[] = []
  const regions = new Map<number, DamagedRegion>()
  const indexes = new Set<number>()
  const txnIndexes = new Set<number>()
  const snapshots = new Set<number>()
  const epochHeaders: EpochFix[] = []
  let epochs = false
  let mark = false
  let segmentList = false
  for (const { remedy } of findings) {
    if (remedy === undefined) continue
    if (remedy.kind === 'indexes') indexes.add(remedy.baseOffset)
    else if (remedy.kind === 'txn-index') txnIndexes.add(remedy.baseOffset)
    else if (remedy.kind === 'producers') snapshots.add(remedy.offset)
    else if (remedy.kind === 'epochs') epochs = true
    else if (remedy.kind === 'epoch-header') epochHeaders.push(remedy)
    else if (remedy.kind === 'mark') mark = true
    else if (remedy.kind === 'segment-list') segmentList = true
    else if (remedy.kind === 'tail') tails.push(tailOf(disk, directory, remedy))
    // A log that ends too early is found by its last batch and by its end: one loss, the wider of the two.
    else regions.set(remedy.region.firstOffset, wider(regions.get(remedy.region.firstOffset), remedy.region))
  }
  tails.sort((a, b) => b.baseOffset - a.baseOffset)
  const name = directory.slice(directory.lastIndexOf('/') + 1)
  const rising = [...regions.values()].sort((a, b) => a.firstOffset - b.firstOffset)
  return {
    ...{
      directory,
      name,
      tails,
      regions: rising,
      indexes,
      txnIndexes,
      snapshots,
      epochs,
      epochHeaders,
      mark,
      segmentList,
    },
    logStartOffset,
  }
}

function tailOf(
  disk: Disk,
  directory: string,
  { baseOffset, position }: { readonly baseOffset: number; readonly position: number },
): TailCut {
  const size = disk.sizeSync(`${directory}/${stemOf(baseOffset)}${LOG_SUFFIX}`)
  return { baseOffset, position, bytes: size - position }
}

function wider(known: DamagedRegion | undefined, found: DamagedRegion): DamagedRegion {
  if (known === undefined) return found
  return { ...known, lastOffset: Math.max(known.lastOffset, found.lastOffset) }
}

function hasWork(repair: PartitionRepair): boolean {
  const { tails, regions, indexes, txnIndexes, snapshots, epochs, epochHeaders, mark, segmentList } = repair
  const count = tails.length + regions.length + indexes.size + txnIndexes.size + snapshots.size + epochHeaders.length
  return count > 0 || epochs || mark || segmentList
}

/** One thing that a repair would do, or has done. */
export interface RepairStep {
  readonly partition: string
  readonly what: string
  /** What must be given to `--accept-loss` for it; null when nothing is lost by it. */
  readonly loss: string | null
}

/** The plan in words, in the order in which it is carried out. */
export function describeRepair(repair: PartitionRepair): RepairStep[] {
  const steps: RepairStep[] = []
  const add = (what: string, loss: string | null = null) => steps.push({ partition: repair.name, what, loss })
  for (const tail of repair.tails) {
    const file = stemOf(tail.baseOffset)
    const kept = `${file}.${tail.position}${TORN_SUFFIX}`
    add(`cut ${tail.bytes} bytes from byte ${tail.position} on of ${file}${LOG_SUFFIX}, and keep them in ${kept}`)
  }
  for (const region of repair.regions) {
    const file = `${stemOf(region.baseOffset)}${LOG_SUFFIX}`
    const bytes = `bytes ${region.start} to ${region.end - 1} of ${file}`
    const isEmpty = region.start === region.end
    const what = isEmpty
      ? `go on without what is gone at byte ${region.start} of ${file}`
      : `take ${bytes} out, and keep them in ${lostFileOf(region)}`
    add(`${what}: ${lostOffsets(region)}`, lossOf(repair, region))
  }
  for (const { baseOffset, position, epoch } of repair.epochHeaders) {
    add(`write leader epoch ${epoch} into the batch at byte ${position} of ${stemOf(baseOffset)}${LOG_SUFFIX}`)
  }
  for (const base of repair.indexes) add(`make ${stemOf(base)}.index and .timeindex anew from the log`)
  for (const base of repair.txnIndexes) add(`make ${stemOf(base)}.txnindex anew from the log`)
  if (repair.epochs) add('make leader-epoch-checkpoint anew from the log')
  for (const offset of repair.snapshots) add(`make ${stemOf(offset)}.snapshot anew from the log`)
  if (repair.segmentList) add('make segment-list anew')
  if (repair.mark) add('sync the log and write durable-end anew')
  return steps
}

function lostOffsets({ firstOffset, lastOffset }: DamagedRegion): string {
  return lastOffset < 0
    ? `from offset ${firstOffset} on, all is lost`
    : `offsets ${firstOffset} to ${lastOffset} are lost`
}

/** How `--accept-loss` names a loss: `orders-0:120-139`, or `orders-0:120-` when its end is not known. */
export function lossOf(repair: PartitionRepair, { firstOffset, lastOffset }: DamagedRegion): string {
  return `${repair.name}:${firstOffset}-${lastOffset < 0 ? '' : lastOffset}`
}

/** Where damaged bytes are kept; the name also tells later verifications why the offsets are missing. */
export function lostFileOf({ baseOffset, start, firstOffset, lastOffset }: DamagedRegion): string {
  return `${stemOf(baseOffset)}.${start}.${firstOffset}-${Math.max(firstOffset, lastOffset)}${LOST_SUFFIX}`
}
