/** Metadata records as batches of the metadata log, and the committed part of that log as records again. */
import { decodeMetadataRecord, encodeMetadataRecord, type MetadataRecord } from '../../proto/cluster.ts'
import { decodeBatches } from '../../proto/kafka/batch/decode.ts'
import { BatchBuilder } from '../../proto/kafka/batch/encode.ts'
import { METADATA_FETCH_BYTES_MAX } from '../limits.ts'
import { defaultLogConfig, type LogConfig } from '../log/config.ts'
import { LogCorruptError } from '../log/errors.ts'
import type { Log } from '../log/log.ts'

/** What the metadata log obeys: only snapshots make its records dispensable, and a command of any size is one batch. */
export const metadataLogConfig: LogConfig = {
  ...defaultLogConfig,
  // Files go whole: with Kafka's 1 GiB each they would long outlive the snapshots that replace them.
  segmentBytes: 64 * 1024 * 1024,
  retentionMs: -1,
  cleanupPolicy: { delete: false, compact: false },
  maxMessageBytes: 64 * 1024 * 1024,
}

export function encodeRecords(records: readonly MetadataRecord[], nowMs: number): Buffer {
  const builder = new BatchBuilder()
  for (const record of records) builder.append(null, encodeMetadataRecord(record), [], nowMs)
  return builder.build()
}

export interface RecordsAt {
  readonly baseOffset: number
  readonly records: readonly MetadataRecord[]
}

function decodeAll(buffers: readonly Buffer[]): RecordsAt[] {
  const found: RecordsAt[] = []
  for (const batch of decodeBatches(buffers)) {
    const records: MetadataRecord[] = []
    for (const { value } of batch.records()) records.push(decodeMetadataRecord(value ?? Buffer.alloc(0)))
    found.push({ baseOffset: batch.baseOffset, records })
  }
  return found
}

/**
 * Reads the batches from `offset` up to `limit` (exclusive), as many as one read gives. `done` is called at once when the
 * bytes are at hand, else in a later turn.
 */
export function readRecords(
  log: Log,
  offset: number,
  limit: number,
  done: (error: Error | null, batches: readonly RecordsAt[]) => void,
): void {
  const decoded = (buffers: readonly Buffer[]) => {
    let batches: readonly RecordsAt[]
    try {
      batches = decodeAll(buffers)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      return done(new LogCorruptError(log.directory, -1, `the records from offset ${offset} on: ${problem}`), [])
    }
    done(null, batches)
  }
  const warm = log.read(offset, limit, METADATA_FETCH_BYTES_MAX, true)
  if (warm !== null) return decoded(warm.buffers)
  log.readAsync(offset, limit, METADATA_FETCH_BYTES_MAX, true, (error, cold) => {
    if (error === null) decoded(cold.buffers)
    else done(error, [])
    cold.release?.()
  })
}
