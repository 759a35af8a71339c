/**
 * A snapshot of the metadata as a file: Kafka's framing (KIP-630), so that its tools find what they expect, around records
 * of this broker. Record batches from offset 0 on, all of the snapshot's epoch: a control batch with the header, the
 * records, a control batch with the footer. A file without its footer is not whole.
 */
import { decodeMetadataRecord, encodeMetadataRecord, type MetadataRecord } from '../../proto/cluster.ts'
import { decodeBatch } from '../../proto/kafka/batch/decode.ts'
import { BatchBuilder, encodeBatch } from '../../proto/kafka/batch/encode.ts'
import type { SnapshotId } from './messages.ts'
import type { Voter } from './voters.ts'

const SUFFIX = '.checkpoint'
const PARTIAL_SUFFIX = '.checkpoint.part'
const OFFSET_DIGITS = 20
const EPOCH_DIGITS = 10

/** Types of control records (ControlRecordType). */
const HEADER = 3
const FOOTER = 4

/** A snapshot that cannot be used. Names the file. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError'
}

/** What a snapshot says. */
export interface Snapshot {
  readonly id: SnapshotId
  /** Null = only the configuration had named them. */
  readonly voters: readonly Voter[] | null
  readonly records: readonly MetadataRecord[]
  readonly sizeBytes: number
}

/** `<end offset, 20 digits>-<epoch, 10 digits>.checkpoint`. */
export function snapshotName({ endOffset, epoch }: SnapshotId): string {
  return `${String(endOffset).padStart(OFFSET_DIGITS, '0')}-${String(epoch).padStart(EPOCH_DIGITS, '0')}${SUFFIX}`
}

/** While it is being written. */
export function partialName(id: SnapshotId): string {
  return `${snapshotName(id)}.part`
}

export function isPartialName(name: string): boolean {
  return name.endsWith(PARTIAL_SUFFIX)
}

/** Null for any other name. */
export function idOfName(name: string): SnapshotId | null {
  const match = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name)
  return match === null ? null : { endOffset: Number(match[1]), epoch: Number(match[2]) }
}

/** Makes the batches of a snapshot, one after the other. */
export class SnapshotEncoder {
  private readonly epoch: number
  private readonly nowMs: number
  private nextOffset = 0

  constructor({ epoch }: SnapshotId, nowMs: number) {
    this.epoch = epoch
    this.nowMs = nowMs
  }

  /** What it begins with. */
  header(voters: readonly Voter[] | null): Buffer[] {
    // int16 version, int64 time of the last record, no tagged fields.
    const value = Buffer.alloc(11)
    value.writeBigInt64BE(BigInt(Math.floor(this.nowMs)), 2)
    const header = this.control(HEADER, value)
    return voters === null ? [header] : [header, this.records([{ kind: 'voters', voters }])]
  }

  records(records: readonly MetadataRecord[]): Buffer {
    const builder = new BatchBuilder()
    for (const record of records) builder.append(null, encodeMetadataRecord(record), [], this.nowMs)
    const batch = builder.build({ baseOffset: this.nextOffset, leaderEpoch: this.epoch })
    this.nextOffset += records.length
    return batch
  }

  /** What it ends with. */
  footer(): Buffer {
    return this.control(FOOTER, Buffer.alloc(3))
  }

  private control(type: number, value: Buffer): Buffer {
    const key = Buffer.alloc(4)
    key.writeInt16BE(type, 2)
    const records = [{ key, value, timestamp: this.nowMs }]
    const batch = encodeBatch(records, { baseOffset: this.nextOffset, leaderEpoch: this.epoch, isControl: true })
    this.nextOffset += 1
    return batch
  }
}

/** Reads a whole file. `path` is for the message. Throws SnapshotError. */
export function decodeSnapshot(path: string, id: SnapshotId, bytes: Buffer): Snapshot {
  try {
    return decodeAll(id, bytes)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new SnapshotError(`${path} is damaged: ${problem}`, { cause })
  }
}

function decodeAll(id: SnapshotId, bytes: Buffer): Snapshot {
  const records: MetadataRecord[] = []
  let voters: readonly Voter[] | null = null
  let nextOffset = 0
  let last = -1
  for (let position = 0; position < bytes.length; ) {
    const batch = decodeBatch(bytes, position)
    if (last === FOOTER) throw new Error(`bytes behind its footer, from ${position} on`)
    if (batch.baseOffset !== nextOffset) throw new Error(`offset ${batch.baseOffset} where ${nextOffset} was expected`)
    if (batch.leaderEpoch !== id.epoch) throw new Error(`a batch of epoch ${batch.leaderEpoch} in it`)
    last = batch.isControl ? controlType(batch.records()) : 0
    if ((last === HEADER) !== (nextOffset === 0)) throw new Error('its header is not at its beginning')
    if (!batch.isControl) {
      for (const { value } of batch.records()) {
        const record = decodeMetadataRecord(value ?? Buffer.alloc(0))
        if (record.kind === 'voters') voters = record.voters
        else records.push(record)
      }
    }
    nextOffset = batch.lastOffset + 1
    position += batch.sizeBytes
  }
  if (last !== FOOTER) throw new Error('it ends without a footer')
  return { id, voters, records, sizeBytes: bytes.length }
}

function controlType(records: Iterable<{ readonly key: Buffer | null }>): number {
  for (const { key } of records) if (key !== null && key.length >= 4) return key.readInt16BE(2)
  throw new Error('a control batch without a type')
}
