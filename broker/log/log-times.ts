import { recordsOf } from '../../proto/kafka/batch/decode.ts'
import * as header from '../../proto/kafka/batch/header.ts'
import { LOG_DECOMPRESSED_BATCH_BYTES_MAX } from '../limits.ts'
import type { Disk } from '../ports/disk.ts'
import type { LogReader } from './log-reader.ts'
import { walkHeaders } from './scan.ts'
import type { Segment } from './segment.ts'
import type { SegmentList } from './segment-list.ts'
import type { LogShared } from './shared.ts'

export interface TimestampLookup {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

export interface TimeSearch {
  readonly disk: Disk
  readonly shared: LogShared
  readonly segments: SegmentList
  readonly reader: LogReader
  readonly logStartOffset: number
}

/** The newest timestamp of a segment; -1 when its records carry none. */
export function newestTimestamp(segment: Segment, reader: LogReader): number {
  if (segment.maxTimestamp < -1) segment.loadMaxTimestamp(reader.indexesOf(segment))
  return segment.maxTimestamp
}

/** The first record at or after the log start whose timestamp is at or after the one given; null when there is none. */
export function findByTimestamp(search: TimeSearch, timestamp: number): TimestampLookup | null {
  const { segments, reader, logStartOffset } = search
  for (const segment of segments.all()) {
    if (newestTimestamp(segment, reader) < timestamp) continue
    const indexes = reader.indexesOf(segment)
    const from = Math.max(indexes.times.lookup(timestamp), logStartOffset - segment.baseOffset)
    const wanted = (batchMax: number): boolean => batchMax >= timestamp
    const found = searchBatches(search, segment, indexes.offsets.lookup(from), wanted, (at, offset) => {
      return at >= timestamp && offset >= logStartOffset
    })
    if (found !== null) return found
  }
  return null
}

/** The first record that carries the newest timestamp of the log; null when no record carries one. */
export function findNewest(search: TimeSearch): TimestampLookup | null {
  const { segments, reader } = search
  let newest = segments.first
  for (const segment of segments.all()) {
    if (newestTimestamp(segment, reader) > newestTimestamp(newest, reader)) newest = segment
  }
  const timestamp = newestTimestamp(newest, reader)
  if (timestamp < 0) return null
  const position = reader.indexesOf(newest).offsets.lookup(newest.maxTimestampOffset - newest.baseOffset)
  const is = (at: number): boolean => at === timestamp
  return searchBatches(search, newest, position, is, is)
}

/** The first record that `isRecord` accepts, in a batch whose newest timestamp `isBatch` accepts, from `position` on. */
function searchBatches(
  search: TimeSearch,
  segment: Segment,
  position: number,
  isBatch: (maxTimestamp: number) => boolean,
  isRecord: (timestamp: number, offset: number) => boolean,
): TimestampLookup | null {
  const { disk, shared } = search
  const file = segment.open(disk, shared)
  let found: TimestampLookup | null = null
  walkHeaders(file, position, segment.sizeBytes, shared.readBuffers, (headers, at, start, size) => {
    if (!isBatch(header.maxTimestamp(headers, at))) return true
    const batch = shared.readBuffers.acquire(size)
    file.readSync(batch, 0, size, start)
    const records = recordsOf(batch, 0, LOG_DECOMPRESSED_BATCH_BYTES_MAX)
    while (found === null && records.advance()) {
      if (!isRecord(records.timestamp, records.offset)) continue
      found = { offset: records.offset, timestamp: records.timestamp, leaderEpoch: header.leaderEpoch(batch, 0) }
    }
    shared.readBuffers.release(batch)
    return found === null
  })
  return found
}
