import { crc32c } from '../../../proto/kafka/crc32c.ts'
import { readInt16, readInt32 } from '../../../proto/kafka/int64.ts'
import { LOG_PRODUCERS_MAX } from '../../limits.ts'
import type { Disk } from '../../ports/disk.ts'
import { SNAPSHOT_SUFFIX, stemOf, WINDOW_SUFFIX } from '../file-names.ts'
import { noteBatch } from '../producer-recovery.ts'
import { decodeSnapshot, readSeal, WINDOW_HEADER_BYTES } from '../producer-snapshot.ts'
import { type EndedTransaction, type ProducerEntry, ProducerState } from '../producer-state.ts'
import { type Findings, REPAIR_ADVICE, type Severity } from './finding.ts'
import type { PartitionFiles } from './partition-files.ts'

const SNAPSHOT_VERSION = 1

/**
 * Follows the producers while a log is walked, and compares each snapshot, when the walk comes to its offset, with what the
 * batches say. Starts from the snapshot of the first segment when the log does not begin at offset 0.
 */
export class ProducersCheck {
  readonly state = new ProducerState(Number.MAX_SAFE_INTEGER, LOG_PRODUCERS_MAX)
  /** Everything that producers wrote is known: the log begins at 0 or with a good snapshot, and nothing was missing since. */
  isComplete: boolean
  readonly #disk: Disk
  readonly #directory: string
  readonly #findings: Findings
  readonly #waiting: number[]

  constructor(disk: Disk, directory: string, files: PartitionFiles, findings: Findings) {
    this.#disk = disk
    this.#directory = directory
    this.#findings = findings
    this.#waiting = [...files.snapshots]
    const first = files.segments[0] ?? 0
    this.isComplete = first === 0
    while (this.#waiting.length > 0 && this.#waiting[0]! <= first) this.#begin(this.#waiting.shift()!, first)
    for (const offset of files.windows) this.#checkWindow(offset)
  }

  /** A good batch; of a marker, all of it is in the buffer. Returns the transaction it ended. */
  batch(buffer: Buffer, at: number, baseOffset: number): EndedTransaction | null {
    this.reached(baseOffset)
    const ended = noteBatch(this.state, buffer, at, 0)
    if (ended !== null) this.state.highWatermarkMoved(baseOffset + 1)
    return ended
  }

  /** Everything below the offset has been walked. */
  reached(offset: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0]! <= offset) this.#compare(this.#waiting.shift()!)
  }

  /** Snapshots above the log's end: only their checksums can be looked at. */
  end(endOffset: number): void {
    this.reached(endOffset)
    for (const offset of this.#waiting) this.#read(offset)
  }

  #begin(offset: number, first: number): void {
    const entries = this.#read(offset)
    if (entries === null || offset < first) return
    for (const entry of entries) this.state.restore(entry)
    this.isComplete = true
  }

  /** Null when the snapshot is damaged, which is then a finding. */
  #read(offset: number): ProducerEntry[] | null {
    const file = `${this.#directory}/${stemOf(offset)}${SNAPSHOT_SUFFIX}`
    const data = this.#disk.readFileSync(file)
    const entries = decodeSnapshot(data, 0)
    if (entries !== null) return entries
    const what = data.length < 10 ? 'the file is cut short' : snapshotFault(data)
    this.#report('warning', file, what, offset)
    return null
  }

  #compare(offset: number): void {
    const entries = this.#read(offset)
    if (entries === null || !this.isComplete) return
    const file = `${this.#directory}/${stemOf(offset)}${SNAPSHOT_SUFFIX}`
    for (const entry of entries) {
      const fault = difference(entry, this.state.get(entry.producerId))
      if (fault !== null) this.#report('error', file, `producer ${entry.producerId}: ${fault}`, offset)
    }
  }

  #checkWindow(offset: number): void {
    const file = `${this.#directory}/${stemOf(offset)}${WINDOW_SUFFIX}`
    const data = this.#disk.readFileSync(file)
    const isGood = data.length >= WINDOW_HEADER_BYTES && readInt32(data, 0) >>> 0 === crc32c(data, 4, data.length)
    if (!isGood) this.#report('warning', file, 'the file fails its CRC', offset)
    else if (readSeal(data, offset) === null) this.#report('warning', file, 'the file is of another offset', offset)
  }

  #report(severity: Severity, file: string, what: string, offset: number): void {
    this.#findings.add(severity, file, -1, what, REPAIR_ADVICE, { kind: 'producers', offset })
  }
}

function snapshotFault(data: Buffer): string {
  const version = readInt16(data, 0)
  return version === SNAPSHOT_VERSION ? 'the snapshot fails its CRC' : `version ${version} of a producer snapshot`
}

/** What a snapshot says otherwise than the log; null when they agree. One that has expired may be missing from either. */
function difference(said: ProducerEntry, seen: ProducerEntry | undefined): string | null {
  if (seen === undefined) return 'the log has no batch of it'
  if (said.epoch !== seen.epoch) return `epoch ${said.epoch}, but ${seen.epoch} in the log`
  const [last, logged] = [said.batches.at(-1), seen.batches.at(-1)]
  if (last?.lastOffset !== logged?.lastOffset || last?.lastSequence !== logged?.lastSequence) {
    const snapshot = `sequence ${last?.lastSequence ?? 'none'} at offset ${last?.lastOffset ?? 'none'}`
    return `${snapshot}, but ${logged?.lastSequence ?? 'none'} at ${logged?.lastOffset ?? 'none'} in the log`
  }
  if (said.currentTxnFirstOffset === seen.currentTxnFirstOffset) return null
  return `a transaction open from ${said.currentTxnFirstOffset}, but from ${seen.currentTxnFirstOffset} in the log`
}
