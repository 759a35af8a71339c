import { crc32c } from '../../../proto/kafka/crc32c.ts'
import type { Disk } from '../../ports/disk.ts'
import { type DurableMark, isMarkWhole, readMark } from '../durable-mark.ts'
import { DURABLE_MARK_FILE, LOG_SUFFIX, METADATA_FILE, SEGMENT_LIST_FILE, stemOf } from '../file-names.ts'
import { LogCorruptError } from '../errors.ts'
import { readChain } from '../segment-chain.ts'
import { readTopicId } from '../partition-metadata.ts'
import { checkBatchFile } from './check-batch-file.ts'
import { EpochsCheck } from './check-epochs.ts'
import { ProducersCheck } from './check-producers.ts'
import { DurableBounds, type PartitionFacts } from './durable-bounds.ts'
import { type Finding, Findings, REPAIR_ADVICE, RESTORE_ADVICE, START_ADVICE } from './finding.ts'
import { listPartition, orphanedIndexes, type PartitionFiles, reportLeftovers } from './partition-files.ts'
import { type SegmentReport, SegmentVerifier } from './verify-segment.ts'

export interface VerifyOptions {
  /** Decode every record too. Default false: framing, checksums and headers only. */
  readonly deep?: boolean
}

/** Kafka's: the cluster's state as of an offset and epoch of the metadata log. */
const METADATA_SNAPSHOT = /^\d{20}-\d{10}\.checkpoint$/

/** What a verification of one partition found. */
export interface PartitionReport {
  readonly directory: string
  readonly findings: readonly Finding[]
  readonly segments: readonly SegmentReport[]
  readonly logStartOffset: number
  /** The end of what is whole: a torn tail is left out. */
  readonly logEndOffset: number
  readonly topicId: string | null
}

/** Reads a partition directory from end to end and changes nothing. Memory does not grow with its size. */
export function verifyPartition(
  disk: Disk,
  directory: string,
  facts: PartitionFacts,
  options: VerifyOptions = {},
): PartitionReport {
  try {
    return new PartitionWalk(disk, directory, facts, options).run()
  } catch (error) {
    if (!(error instanceof LogCorruptError)) throw error
    // A file of a newer version: nobody here knows what the others mean beside it.
    const advice = 'verify it with the version that wrote it'
    const finding = {
      severity: 'error',
      file: error.path,
      position: error.position,
      what: error.message,
      advice,
    } as const
    return { directory, findings: [finding], segments: [], logStartOffset: 0, logEndOffset: 0, topicId: null }
  }
}

/** The state of one verification, which its segments add to. */
export class PartitionWalk {
  readonly directory: string
  readonly findings = new Findings()
  readonly bounds: DurableBounds
  readonly epochs: EpochsCheck
  readonly producers: ProducersCheck
  readonly isDeep: boolean
  /** The offset that the next batch should begin with. */
  expected: number
  /** Compaction has been here. */
  mayHaveHoles: boolean
  readonly #disk: Disk
  readonly #facts: PartitionFacts
  readonly #files: PartitionFiles
  #markFits = false

  constructor(disk: Disk, directory: string, facts: PartitionFacts, options: VerifyOptions) {
    this.#disk = disk
    this.directory = directory
    this.#facts = facts
    this.#files = listPartition(disk, directory)
    this.isDeep = options.deep === true
    // What a repair gave up is known by name, so that other holes are still seen.
    this.mayHaveHoles = facts.isCompacted || (readChain(disk, directory).mayHaveHoles && this.#files.lost.length === 0)
    this.bounds = new DurableBounds(facts, readMark(disk, directory), this.#files.segments)
    this.epochs = new EpochsCheck(disk, directory, facts.logStartOffset, this.findings)
    this.producers = new ProducersCheck(disk, directory, this.#files, this.findings)
    this.expected = this.#files.segments[0] ?? Math.max(0, facts.logStartOffset)
  }

  run(): PartitionReport {
    const { segments } = this.#files
    const topicId = this.#topicId()
    this.#start()
    const reports: SegmentReport[] = []
    for (const [i, baseOffset] of segments.entries()) {
      const last = reports.at(-1)
      if (last !== undefined && last.tornAt >= 0) {
        this.#behindTail(last.baseOffset, baseOffset)
        continue
      }
      this.#join(baseOffset)
      this.checkMark(baseOffset, 0)
      reports.push(new SegmentVerifier(this.#disk, this, baseOffset, segments[i + 1] ?? Number.MAX_SAFE_INTEGER).run())
    }
    this.#end(reports)
    const logStartOffset = Math.max(this.#facts.logStartOffset, segments[0] ?? 0)
    const { directory, findings, expected } = this
    return { directory, findings: findings.close(), segments: reports, logStartOffset, logEndOffset: expected, topicId }
  }

  /** Offsets from `expected` up to `nextOffset` have no batch. */
  hole(file: string, position: number, segment: number, nextOffset: number): void {
    const { expected, bounds, findings } = this
    const isGivenUp = this.#files.lost.some(([first, last]) => first <= expected && nextOffset - 1 <= last)
    if (isGivenUp) this.producers.isComplete = false
    if (isGivenUp) return
    // Compaction leaves the newest segment alone; a replica that was cut back into an older one may go on in it.
    const isNewest = segment === this.#files.segments.at(-1) && position > 0
    if (this.mayHaveHoles && !isNewest) return position === 0 ? this.#lostSegments(nextOffset) : undefined
    if (this.mayHaveHoles) {
      const what = `offsets ${expected} to ${nextOffset - 1} are missing in the newest segment, where compaction does not go`
      findings.add(
        'warning',
        file,
        position,
        what,
        'compare with a replica: the base offset of this batch may be damaged',
      )
      return
    }
    const isDurable = bounds.isDurable(segment, position, expected, true)
    const what = `offsets ${expected} to ${nextOffset - 1} are missing, and nothing shows that compaction took them`
    const lost = { firstOffset: expected, lastOffset: nextOffset - 1 }
    const region = { baseOffset: segment, start: position, end: position, ...lost }
    findings.add(isDurable ? 'error' : 'warning', file, position, what, RESTORE_ADVICE, { kind: 'region', region })
    this.producers.isComplete = false
  }

  /** Between two segments of a compacted log there may be a hole, unless an index tells that one was there. */
  #lostSegments(nextOffset: number): void {
    for (const offset of orphanedIndexes(this.#files, this.expected, nextOffset)) {
      const file = `${this.directory}/${stemOf(offset)}${LOG_SUFFIX}`
      const what = `the file is missing, and its index is here: of offsets ${offset} to ${nextOffset - 1} some may be lost`
      this.findings.add('error', file, -1, what, RESTORE_ADVICE)
      this.producers.isComplete = false
    }
  }

  /** All bytes up to `position` of the segment have been walked: the durable mark, when it stands here, must fit. */
  checkMark(segment: number, position: number): void {
    const { mark } = this.bounds
    if (mark === null || mark.segmentBaseOffset !== segment || mark.position !== position) return
    this.#markFits = true
    // Compaction may have taken the last batches before it, so the offset may be behind but never ahead.
    if (mark.endOffset >= this.expected) return
    const what = `the log has offset ${this.expected - 1} before byte ${position}, where ${DURABLE_MARK_FILE} ends with ${mark.endOffset - 1}`
    this.findings.add('error', `${this.directory}/${stemOf(segment)}${LOG_SUFFIX}`, position, what, RESTORE_ADVICE)
  }

  #topicId(): string | null {
    const path = `${this.directory}/${METADATA_FILE}`
    try {
      const found = readTopicId(this.#disk, this.directory)
      const { topicIds } = this.#facts
      if (found === null) this.findings.add('warning', path, -1, 'the file is missing', START_ADVICE)
      else if (topicIds.length > 0 && !topicIds.includes(found)) {
        const what = `topic id ${found}, but the cluster's metadata has ${topicIds.join(', ')}`
        this.findings.add('error', path, -1, what, 'this is not a partition of that topic: do not start a broker on it')
      }
      return found
    } catch (error) {
      if (!(error instanceof LogCorruptError)) throw error
      const what = error.message.replace(`${path}: `, '')
      this.findings.add(
        'error',
        path,
        -1,
        what,
        'write the topic id into it, as `millrace log dump` shows it elsewhere',
      )
      return null
    }
  }

  #start(): void {
    const { segments, names } = this.#files
    const { logStartOffset } = this.#facts
    const markPath = `${this.directory}/${DURABLE_MARK_FILE}`
    if (names.has(DURABLE_MARK_FILE) && !isMarkWhole(this.#disk, this.directory)) {
      const what = `the file fails its CRC, so ${this.bounds.mark === null ? 'only the recovery point' : 'an older mark'} tells what had been made durable`
      this.findings.add('warning', markPath, -1, what, REPAIR_ADVICE, { kind: 'mark' })
    }
    if (isListDamaged(this.#disk, this.directory)) {
      const what = 'the file fails its CRC, so a lost segment is noticed only when its neighbours are read'
      const remedy = { kind: 'segment-list' } as const
      this.findings.add('warning', `${this.directory}/${SEGMENT_LIST_FILE}`, -1, what, REPAIR_ADVICE, remedy)
    }
    if (
      names.has(DURABLE_MARK_FILE) &&
      this.#files.lost.length > 0 &&
      !readChain(this.#disk, this.directory).mayHaveHoles
    ) {
      const what = 'a repair gave up offsets, but was cut off before the file says so: brokers refuse the log'
      const remedy = { kind: 'segment-list' } as const
      this.findings.add('error', `${this.directory}/${SEGMENT_LIST_FILE}`, -1, what, REPAIR_ADVICE, remedy)
    }
    const first = segments[0]
    if (first === undefined || logStartOffset < 0 || first <= logStartOffset) return
    if (!this.#facts.cleanShutdown && logStartOffset >= this.bounds.endOffset) return
    const what = `the log begins at offset ${logStartOffset}, but the first segment at ${first}: what is before is missing`
    this.findings.add('error', `${this.directory}/${stemOf(first)}${LOG_SUFFIX}`, -1, what, RESTORE_ADVICE)
  }

  /** Between the end of one segment and the base offset of the next. */
  #join(baseOffset: number): void {
    if (baseOffset > this.expected) {
      this.hole(`${this.directory}/${stemOf(baseOffset)}${LOG_SUFFIX}`, 0, baseOffset, baseOffset)
      this.expected = baseOffset
    }
  }

  #behindTail(torn: number, baseOffset: number): void {
    const file = `${this.directory}/${stemOf(baseOffset)}${LOG_SUFFIX}`
    const what = `${this.#disk.sizeSync(file)} bytes behind the torn tail of segment ${torn}`
    this.findings.add('warning', file, 0, what, START_ADVICE, { kind: 'tail', baseOffset, position: 0 })
  }

  #end(reports: readonly SegmentReport[]): void {
    const { bounds, findings } = this
    const { mark } = bounds
    const last = reports.at(-1)
    const path = `${this.directory}/${stemOf(last?.baseOffset ?? this.expected)}${LOG_SUFFIX}`
    const isWhole = mark === null ? false : this.#isWholeTo(mark, last)
    if (isWhole && mark !== null) this.expected = Math.max(this.expected, mark.endOffset)
    this.#checkEnd(path, last)
    if (mark !== null && !isWhole && !this.#markFits) this.#checkMarkPlace(mark)
    this.epochs.end(this.expected, this.#facts.cleanShutdown)
    this.producers.end(this.expected)
    for (const name of this.#files.names) {
      if (METADATA_SNAPSHOT.test(name)) checkBatchFile(this.#disk, `${this.directory}/${name}`, findings)
    }
    reportLeftovers(this.#files, this.directory, this.expected, findings)
  }

  /** No byte is missing up to the mark, though compaction took the last offsets before it. */
  #isWholeTo(mark: DurableMark, last: SegmentReport | undefined): boolean {
    return last?.baseOffset === mark.segmentBaseOffset && last.bytes === mark.position && last.tornAt < 0
  }

  #checkEnd(path: string, last: SegmentReport | undefined): void {
    const { expected, findings } = this
    const { endOffset } = this.bounds
    const { cleanShutdown, highWatermark, logStartOffset } = this.#facts
    if (last === undefined && endOffset > Math.max(0, logStartOffset)) {
      const what = `no segment is here, but offsets up to ${endOffset - 1} had been made durable`
      findings.add('error', this.directory, -1, what, RESTORE_ADVICE)
    } else if (expected < endOffset) {
      const what = `the log ends at offset ${expected}, but offsets up to ${endOffset - 1} had been made durable`
      const firstOffset = expected
      const region = {
        baseOffset: last?.baseOffset ?? 0,
        start: last?.bytes ?? 0,
        end: last?.bytes ?? 0,
        firstOffset,
        lastOffset: endOffset - 1,
      }
      const position = last?.bytes ?? -1
      findings.add('error', path, position, what, RESTORE_ADVICE, { kind: 'region', region })
    } else if (cleanShutdown && endOffset >= 0 && expected > endOffset) {
      const what = `the log ends at offset ${expected}, but its clean stop noted ${endOffset}`
      findings.add('error', path, -1, what, RESTORE_ADVICE)
    } else if (highWatermark > expected) {
      const what = `the log ends at offset ${expected}, below the high watermark ${highWatermark}`
      findings.add('warning', path, -1, what, 'with other replicas, they bring back what is missing; else it is lost')
    }
  }

  #checkMarkPlace(mark: DurableMark): void {
    const { segmentBaseOffset, position, endOffset } = mark
    if (endOffset < (this.#files.segments[0] ?? 0) || this.expected < endOffset) return
    const file = `${this.directory}/${DURABLE_MARK_FILE}`
    const what = `byte ${position} of segment ${segmentBaseOffset} is not the end of a batch in the log`
    this.findings.add('error', file, -1, what, REPAIR_ADVICE, { kind: 'mark' })
  }
}

/** Its last line is the CRC-32C, in decimal, of the lines before. */
function isListDamaged(disk: Disk, directory: string): boolean {
  const path = `${directory}/${SEGMENT_LIST_FILE}`
  if (!disk.existsSync(path)) return false
  const data = disk.readFileSync(path)
  const end = data.lastIndexOf(0x0a, -2) + 1
  return data.toString('latin1', end) !== `${crc32c(data, 0, end)}\n`
}
