import * as header from '../../../proto/kafka/batch/header.ts'
import type { Disk } from '../../ports/disk.ts'
import { INDEX_SUFFIX, LOG_SUFFIX, stemOf, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX } from '../file-names.ts'
import { walkBatches, type WalkedBatch } from './batch-walk.ts'
import { type EntryFault, OffsetIndexCheck, type SeenBatch } from './check-offset-index.ts'
import type { EpochPlace } from './check-epochs.ts'
import { checkRecords } from './check-records.ts'
import { TimeIndexCheck } from './check-time-index.ts'
import { TxnIndexCheck } from './check-txn-index.ts'
import { FileWindow } from './file-window.ts'
import { type Finding, REPAIR_ADVICE, RESTORE_ADVICE, type Remedy, START_ADVICE } from './finding.ts'
import type { PartitionWalk } from './verify-partition.ts'

/** Offsets that one segment can hold: its indexes have 31 bits for them. */
const SEGMENT_OFFSETS_MAX = 2 ** 31

/** What a walk over one segment found. */
export interface SegmentReport {
  readonly baseOffset: number
  readonly bytes: number
  batches: number
  records: number
  /** Where the log ends in it, when not with the file: a torn tail begins there. */
  tornAt: number
}

/** Walks one segment with its indexes and adds what it finds to the partition's walk. */
export class SegmentVerifier {
  readonly #walk: PartitionWalk
  readonly #stem: string
  readonly #window: FileWindow
  readonly #report: SegmentReport
  /** Exclusive end of the offsets this segment may hold. */
  readonly #limit: number
  readonly #offsets: OffsetIndexCheck | null
  readonly #times: TimeIndexCheck | null
  readonly #txns: TxnIndexCheck

  constructor(disk: Disk, walk: PartitionWalk, baseOffset: number, limit: number) {
    this.#walk = walk
    this.#limit = limit
    this.#stem = `${walk.directory}/${stemOf(baseOffset)}`
    this.#window = new FileWindow(disk, this.#stem + LOG_SUFFIX)
    this.#report = { baseOffset, bytes: this.#window.size, batches: 0, records: 0, tornAt: -1 }
    const indexes: Remedy = { kind: 'indexes', baseOffset }
    const { size } = this.#window
    const open = <T>(suffix: string, make: (path: string, fault: EntryFault) => T): T | null => {
      const path = this.#stem + suffix
      if (disk.existsSync(path)) return make(path, this.#entryFault(path, indexes))
      if (size > 0 && !walk.bounds.isRescanned(baseOffset)) {
        walk.findings.add('warning', path, -1, 'the file is missing', REPAIR_ADVICE, indexes)
      }
      return null
    }
    this.#offsets = open(INDEX_SUFFIX, (path, fault) => new OffsetIndexCheck(disk, path, baseOffset, fault))
    this.#times = open(TIME_INDEX_SUFFIX, (path, fault) => new TimeIndexCheck(disk, path, baseOffset, fault))
    const txnPath = this.#stem + TXN_INDEX_SUFFIX
    this.#txns = new TxnIndexCheck(disk, txnPath, this.#entryFault(txnPath, { kind: 'txn-index', baseOffset }))
  }

  run(): SegmentReport {
    const walk = this.#walk
    try {
      const to = Math.min(this.#limit, this.#report.baseOffset + SEGMENT_OFFSETS_MAX)
      walkBatches(this.#window, () => ({ from: walk.expected, to }), {
        batch: (batch) => {
          this.#batch(batch)
          return true
        },
        damage: (start, end, reason) => this.#damage(start, end, reason),
      })
    } finally {
      this.#window.close()
    }
    const { tornAt, bytes, baseOffset } = this.#report
    this.#offsets?.end(tornAt < 0 ? bytes : tornAt)
    this.#times?.end(tornAt < 0 && walk.bounds.isSealed(baseOffset))
    this.#txns.end(walk.producers.isComplete && !walk.mayHaveHoles)
    return this.#report
  }

  #batch({ position, size, at }: WalkedBatch): void {
    const walk = this.#walk
    const { buffer } = this.#window
    const baseOffset = header.baseOffset(buffer, at)
    const lastOffset = header.lastOffset(buffer, at)
    const count = header.recordsCount(buffer, at)
    const maxTimestamp = header.maxTimestamp(buffer, at)
    this.#report.batches++
    this.#report.records += count
    if (count <= lastOffset - baseOffset) walk.mayHaveHoles = true
    if (baseOffset > walk.expected) walk.hole(this.#window.path, position, this.#report.baseOffset, baseOffset)
    walk.epochs.batch(header.leaderEpoch(buffer, at), baseOffset, () => this.#epochPlace(position, baseOffset))
    const seen: SeenBatch = { position, size, baseOffset, lastOffset, maxTimestamp }
    this.#offsets?.batch(seen)
    this.#times?.batch(seen)
    const isWhole = walk.isDeep || header.isControl(buffer, at)
    const whole = isWhole ? this.#window.at(position, size) : at
    if (whole < 0) return this.#note(position, `a batch of ${size} bytes is too large to be decoded here`)
    this.#producer(whole, baseOffset)
    if (walk.isDeep) this.#records(whole, position)
    walk.expected = lastOffset + 1
    walk.checkMark(this.#report.baseOffset, position + size)
  }

  #epochPlace(position: number, baseOffset: number): EpochPlace {
    const segment = this.#report.baseOffset
    const isDurable = this.#walk.bounds.isDurable(segment, position, baseOffset, true)
    return { file: this.#window.path, segment, position, isDurable }
  }

  #producer(at: number, baseOffset: number): void {
    const { producers, mayHaveHoles } = this.#walk
    const ended = producers.batch(this.#window.buffer, at, baseOffset)
    if (ended?.isAbort === true) this.#txns.aborted(ended, producers.isComplete && !mayHaveHoles)
  }

  #records(at: number, position: number): void {
    const { severity, fault } = checkRecords(this.#window.buffer, at)
    if (fault === null) return
    const advice =
      'its checksum is right, so it was written like that: consumers must skip it, or delete the records up to it'
    this.#walk.findings.add(severity, this.#window.path, position, fault, advice)
  }

  #damage(start: number, end: number, reason: string): boolean {
    const walk = this.#walk
    const { baseOffset, bytes } = this.#report
    const isFollowed = end < bytes
    this.#offsets?.damage(start, end)
    if (!walk.bounds.isDurable(baseOffset, start, walk.expected, isFollowed)) {
      this.#report.tornAt = start
      const what = `${reason}: ${bytes - start} bytes behind offset ${walk.expected - 1} are a torn tail`
      const remedy: Remedy = { kind: 'tail', baseOffset, position: start }
      walk.findings.add('warning', this.#window.path, start, what, `${START_ADVICE}, and keeps them as .torn`, remedy)
      return false
    }
    const next = isFollowed ? this.#baseOffsetAt(end) : this.#limit
    const isKnown = Number.isSafeInteger(next) && next < Number.MAX_SAFE_INTEGER
    const last = isKnown ? next - 1 : Math.max(walk.bounds.endOffset - 1, -1)
    const firstOffset = walk.expected
    const lost =
      last >= firstOffset ? `offsets ${firstOffset} to ${last}` : `what is at offset ${firstOffset} and after`
    const region = { baseOffset, start, end, firstOffset, lastOffset: last >= firstOffset ? last : -1 }
    const what = `${reason}: ${end - start} bytes are damaged, with them ${lost}`
    walk.findings.add('error', this.#window.path, start, what, RESTORE_ADVICE, { kind: 'region', region })
    if (isKnown) {
      walk.expected = next
      this.#times?.damage(next)
    } else this.#times?.damage(Number.MAX_SAFE_INTEGER)
    walk.producers.isComplete = false
    walk.checkMark(baseOffset, end)
    return true
  }

  #baseOffsetAt(position: number): number {
    const at = this.#window.at(position, header.HEADER_BYTES)
    return at < 0 ? this.#limit : header.baseOffset(this.#window.buffer, at)
  }

  #entryFault(path: string, remedy: Remedy): EntryFault {
    const isRescanned = this.#walk.bounds.isRescanned(Number(stemNumber(path)))
    const severity: Finding['severity'] = isRescanned ? 'warning' : 'error'
    const advice = isRescanned ? START_ADVICE : REPAIR_ADVICE
    return (position, what) => this.#walk.findings.add(severity, path, position, what, advice, remedy)
  }

  #note(position: number, what: string): void {
    this.#walk.findings.add('note', this.#window.path, position, what, 'nothing')
  }
}

function stemNumber(path: string): string {
  return /(\d{20})\.\w+$/.exec(path)?.[1] ?? '0'
}
