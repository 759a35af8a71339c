import * as header from '../../../proto/kafka/batch/header.ts'
import { type KafkaRecord, recordsOf } from '../../../proto/kafka/batch/decode.ts'
import { readInt32, readInt64 } from '../../../proto/kafka/int64.ts'
import { LOG_DECOMPRESSED_BATCH_BYTES_MAX } from '../../limits.ts'
import type { Disk } from '../../ports/disk.ts'
import { readMark } from '../durable-mark.ts'
import * as names from '../file-names.ts'
import { applyWindow, decodeSnapshot } from '../producer-snapshot.ts'
import type { ProducerEntry } from '../producer-state.ts'
import type { AbortedTransaction } from '../txn-index.ts'
import { walkBatches } from './batch-walk.ts'
import { OFFSET_ENTRY_BYTES } from './check-offset-index.ts'
import { TIME_ENTRY_BYTES } from './check-time-index.ts'
import { readTxnEntry, TXN_ENTRY_BYTES } from './check-txn-index.ts'
import { EntryFile } from './entry-file.ts'
import { FileWindow } from './file-window.ts'
import { kindOf, PARTITION_NAME } from './partition-files.ts'

export interface DumpOptions {
  /** Print batches that hold any of these offsets, both inclusive. */
  readonly fromOffset: number
  readonly toOffset: number
  /** Records of the batches too. */
  readonly records: boolean
}

export interface DumpedBatch {
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly codec: number
  readonly recordsCount: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly isLogAppendTime: boolean
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly hasDeleteHorizon: boolean
  readonly crc: number
}

/** One thing found in a file. Buffers in it are valid until the next one. */
export type DumpRow =
  | { readonly type: 'file'; readonly file: string; readonly sizeBytes: number }
  | ({ readonly type: 'batch' } & DumpedBatch)
  | ({ readonly type: 'record'; readonly partition: string; readonly isControl: boolean } & KafkaRecord)
  | { readonly type: 'damage'; readonly position: number; readonly sizeBytes: number; readonly what: string }
  | { readonly type: 'offset-entry'; readonly entry: number; readonly offset: number; readonly position: number }
  | { readonly type: 'time-entry'; readonly entry: number; readonly timestamp: number; readonly offset: number }
  | ({ readonly type: 'aborted' } & AbortedTransaction)
  | ({ readonly type: 'producer' } & Omit<ProducerEntry, 'lastActiveMs'>)
  | { readonly type: 'durable-end'; readonly offset: number; readonly segment: number; readonly position: number }
  | { readonly type: 'line'; readonly text: string }

/** Takes the rows in order; false ends the dump. */
export type DumpSink = (row: DumpRow) => boolean

const TEXT_FILES =
  /^(meta\.properties|\.kafka_cleanshutdown|quorum-state|partition\.metadata|leader-epoch-checkpoint|settled-logs|[\w-]+-offset-checkpoint)$/
const BATCH_FILES = /\.log$|\.checkpoint$|\.torn$|\.lost$/
const ON_THEIR_WAY = /\.(deleted|swap|cleaned)$/

/** Whether a file's name says that it can be dumped. */
export function canDump(name: string): boolean {
  return dumperOf(name) !== null
}

/**
 * Dumps a file, or all files of a partition or data directory in order. Reads only; what is damaged is a row too. Throws the
 * system's error for what cannot be read. Returns false when the sink ended it.
 */
export function dumpPath(disk: Disk, path: string, options: DumpOptions, sink: DumpSink): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dumper = dumperOf(name)
  if (dumper !== null) {
    return sink({ type: 'file', file: path, sizeBytes: disk.sizeSync(path) }) && dumper(disk, path, options, sink)
  }
  const isData = kindOf(disk, path) === 'data'
  for (const entry of disk.listSync(path)) {
    const isInside = isData ? PARTITION_NAME.test(entry) || TEXT_FILES.test(entry) : canDump(entry)
    if (isInside && !dumpPath(disk, `${path}/${entry}`, options, sink)) return false
  }
  return true
}

type Dumper = (disk: Disk, path: string, options: DumpOptions, sink: DumpSink) => boolean

function dumperOf(fileName: string): Dumper | null {
  const name = fileName.replace(ON_THEIR_WAY, '')
  if (BATCH_FILES.test(name)) return dumpBatches
  if (TEXT_FILES.test(name)) return dumpText
  if (name === names.DURABLE_MARK_FILE) return dumpMark
  if (names.offsetOfName(name, names.INDEX_SUFFIX) >= 0) return dumpOffsetIndex
  if (names.offsetOfName(name, names.TIME_INDEX_SUFFIX) >= 0) return dumpTimeIndex
  if (names.offsetOfName(name, names.TXN_INDEX_SUFFIX) >= 0) return dumpTxnIndex
  return names.offsetOfName(name, names.SNAPSHOT_SUFFIX) >= 0 ? dumpSnapshot : null
}

function dumpBatches(disk: Disk, path: string, options: DumpOptions, sink: DumpSink): boolean {
  const window = new FileWindow(disk, path)
  const partition = path.split('/').at(-2) ?? ''
  let isOpen = true
  try {
    walkBatches(window, () => ({ from: 0, to: Number.MAX_SAFE_INTEGER }), {
      batch({ position, size, at }) {
        if (header.baseOffset(window.buffer, at) > options.toOffset) return false
        if (header.lastOffset(window.buffer, at) < options.fromOffset) return true
        isOpen = sink({ type: 'batch', ...readHeader(window.buffer, at, position, size) })
        if (isOpen && options.records) isOpen = dumpRecords(window, { position, size, partition }, options, sink)
        return isOpen
      },
      damage(start, end, what) {
        isOpen = sink({ type: 'damage', position: start, sizeBytes: end - start, what })
        return isOpen
      },
    })
  } finally {
    window.close()
  }
  return isOpen
}

function readHeader(buffer: Buffer, at: number, position: number, sizeBytes: number): DumpedBatch {
  return {
    position,
    sizeBytes,
    baseOffset: header.baseOffset(buffer, at),
    lastOffset: header.lastOffset(buffer, at),
    leaderEpoch: header.leaderEpoch(buffer, at),
    producerId: header.producerId(buffer, at),
    producerEpoch: header.producerEpoch(buffer, at),
    baseSequence: header.baseSequence(buffer, at),
    codec: header.codecId(buffer, at),
    recordsCount: header.recordsCount(buffer, at),
    baseTimestamp: header.baseTimestamp(buffer, at),
    maxTimestamp: header.maxTimestamp(buffer, at),
    isLogAppendTime: header.isLogAppendTime(buffer, at),
    isTransactional: header.isTransactional(buffer, at),
    isControl: header.isControl(buffer, at),
    hasDeleteHorizon: header.hasDeleteHorizon(buffer, at),
    crc: header.crc(buffer, at),
  }
}

interface BatchPlace {
  readonly position: number
  readonly size: number
  readonly partition: string
}

function dumpRecords(window: FileWindow, place: BatchPlace, options: DumpOptions, sink: DumpSink): boolean {
  const { position, size, partition } = place
  const at = window.at(position, size)
  const unread = (what: string) => sink({ type: 'damage', position, sizeBytes: size, what })
  if (at < 0) return unread('the batch is too large to be decoded here')
  const isControl = header.isControl(window.buffer, at)
  try {
    for (const record of recordsOf(window.buffer, at, LOG_DECOMPRESSED_BATCH_BYTES_MAX)) {
      if (record.offset < options.fromOffset || record.offset > options.toOffset) continue
      if (!sink({ type: 'record', partition, isControl, ...record })) return false
    }
    return true
  } catch (error) {
    return unread(`its records cannot be read: ${(error as Error).message}`)
  }
}

function dumpEntries(
  disk: Disk,
  path: string,
  entryBytes: number,
  row: (file: EntryFile, at: number, entry: number) => DumpRow,
  sink: DumpSink,
): boolean {
  const file = new EntryFile(disk, path, entryBytes)
  try {
    for (let i = 0; i < file.count; i++) if (!sink(row(file, file.at(i), i))) return false
    if (file.spare > 0 && !sink({ type: 'line', text: `${file.spare} entries of zeros, laid out for what comes` }))
      return false
    if (file.restBytes === 0) return true
    const position = file.count * entryBytes
    return sink({ type: 'damage', position, sizeBytes: file.restBytes, what: 'the file ends inside an entry' })
  } finally {
    file.close()
  }
}

const dumpOffsetIndex: Dumper = (disk, path, _options, sink) => {
  const base = baseOf(path)
  const row = (file: EntryFile, at: number, entry: number): DumpRow => {
    const offset = base + readInt32(file.buffer, at)
    return { type: 'offset-entry', entry, offset, position: readInt32(file.buffer, at + 4) }
  }
  return dumpEntries(disk, path, OFFSET_ENTRY_BYTES, row, sink)
}

const dumpTimeIndex: Dumper = (disk, path, _options, sink) => {
  const base = baseOf(path)
  const row = (file: EntryFile, at: number, entry: number): DumpRow => {
    const timestamp = readInt64(file.buffer, at)
    return { type: 'time-entry', entry, timestamp, offset: base + readInt32(file.buffer, at + 8) }
  }
  return dumpEntries(disk, path, TIME_ENTRY_BYTES, row, sink)
}

const dumpTxnIndex: Dumper = (disk, path, _options, sink) => {
  const row = (file: EntryFile, _at: number, i: number): DumpRow => {
    const entry = readTxnEntry(file, i)
    if (entry !== null) return { type: 'aborted', ...entry }
    return {
      type: 'damage',
      position: i * TXN_ENTRY_BYTES,
      sizeBytes: TXN_ENTRY_BYTES,
      what: 'not an entry of version 0',
    }
  }
  return dumpEntries(disk, path, TXN_ENTRY_BYTES, row, sink)
}

/** With our sidecar beside it, all the batches that are kept of a producer; else the last one. */
const dumpSnapshot: Dumper = (disk, path, _options, sink) => {
  const data = disk.readFileSync(path)
  const entries = decodeSnapshot(data, 0)
  if (entries === null) {
    return sink({ type: 'damage', position: 0, sizeBytes: data.length, what: 'the snapshot fails its CRC' })
  }
  const window = path.replace(/\.snapshot(\.\w+)?$/, names.WINDOW_SUFFIX)
  if (disk.existsSync(window)) applyWindow(entries, disk.readFileSync(window), baseOf(path))
  for (const { lastActiveMs: _, ...entry } of entries) if (!sink({ type: 'producer', ...entry })) return false
  return true
}

const dumpMark: Dumper = (disk, path, _options, sink) => {
  const mark = readMark(disk, path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '.')
  if (mark === null) {
    return sink({ type: 'damage', position: 0, sizeBytes: disk.sizeSync(path), what: 'the mark fails its CRC' })
  }
  const { endOffset: offset, segmentBaseOffset: segment, position } = mark
  return sink({ type: 'durable-end', offset, segment, position })
}

const dumpText: Dumper = (disk, path, _options, sink) => {
  const lines = disk.readFileSync(path).toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.every((text) => sink({ type: 'line', text }))
}

function baseOf(path: string): number {
  return Number(/(\d{20})\.\w+(\.\w+)?$/.exec(path)?.[1] ?? 0)
}
