import {
  baseOffset,
  batchLength,
  batchSize,
  computeCrc,
  crc,
  HEADER_BYTES,
  isControl,
  isTransactional,
  lastOffset,
  leaderEpoch,
  LOG_OVERHEAD_BYTES,
  MAGIC,
  magic,
  nextOffset,
  producerId,
  recordsCount,
} from '../../proto/kafka/batch/header.ts'
import { ControlType, readControlType } from './control.ts'
import { clientError } from '../errors.ts'

/** A producer whose records from `firstOffset` on, up to its abort marker, were aborted. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export interface ScanOptions {
  readonly place: string
  readonly checkCrcs: boolean
  /** Only under read_committed; null otherwise. */
  readonly aborted: readonly AbortedTransaction[] | null
}

/** The batches of a fetch answer that hold records for the application. */
export interface Scan {
  /** Where each begins. */
  readonly positions: readonly number[]
  /** Where the partition goes on, past what was filtered out. */
  readonly nextOffset: number
  /** Leader epoch of the last batch. */
  readonly leaderEpoch: number
}

/**
 * Walks the batches of one partition of a fetch answer by their headers. Leaves out what ends before `from`, control
 * batches (W17), aborted transactions, and a last batch that is cut off. Throws CLIENT_CORRUPT_BATCH.
 */
export function scanBatches(buffer: Buffer, from: number, options: ScanOptions): Scan {
  const positions: number[] = []
  const filter = new AbortFilter(options.aborted)
  let next = from
  let epoch = -1
  let position = 0
  while (buffer.length - position >= LOG_OVERHEAD_BYTES) {
    const size = batchSize(buffer, position)
    if (size < HEADER_BYTES) throw corrupt(options, buffer, position, `a batch of ${size} bytes`)
    if (position + size > buffer.length) break
    if (magic(buffer, position) !== MAGIC) throw corrupt(options, buffer, position, 'not in format 2')
    if (lastOffset(buffer, position) >= from) {
      if (options.checkCrcs && computeCrc(buffer, position) !== crc(buffer, position)) {
        throw corrupt(options, buffer, position, 'its checksum does not fit')
      }
      if (filter.passes(buffer, position) && recordsCount(buffer, position) > 0) positions.push(position)
      next = nextOffset(buffer, position)
      epoch = leaderEpoch(buffer, position)
    }
    position += size
  }
  if (position === 0 && buffer.length > 0) {
    throw clientError(
      'CLIENT_CORRUPT_BATCH',
      `${options.place}@${from}: a first batch of ${describeSize(buffer)} is cut off`,
    )
  }
  return { positions, nextOffset: next, leaderEpoch: epoch }
}

/** Tells batches of aborted transactions by walking their first offsets and markers in step with the batches. */
class AbortFilter {
  readonly #upcoming: AbortedTransaction[]
  readonly #aborting = new Set<number>()
  readonly #isOn: boolean

  constructor(aborted: readonly AbortedTransaction[] | null) {
    this.#isOn = aborted !== null
    this.#upcoming = [...(aborted ?? [])].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  passes(buffer: Buffer, position: number): boolean {
    if (!this.#isOn) return !isControl(buffer, position)
    const end = lastOffset(buffer, position)
    while (this.#upcoming.length > 0 && this.#upcoming[0]!.firstOffset <= end) {
      this.#aborting.add(this.#upcoming.shift()!.producerId)
    }
    const id = producerId(buffer, position)
    if (isControl(buffer, position)) {
      if (readControlType(buffer, position) === ControlType.ABORT) this.#aborting.delete(id)
      return false
    }
    return !(isTransactional(buffer, position) && this.#aborting.has(id))
  }
}

function corrupt({ place }: ScanOptions, buffer: Buffer, position: number, why: string): Error {
  return clientError('CLIENT_CORRUPT_BATCH', `${place}@${baseOffset(buffer, position)}: ${why}`)
}

function describeSize(buffer: Buffer): string {
  return buffer.length < LOG_OVERHEAD_BYTES ? 'unknown size' : `${batchLength(buffer, 0) + LOG_OVERHEAD_BYTES} bytes`
}
