/** Reading a partition's log, with the errors a client hears. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { Log, LogRead, TimestampLookup } from '../log/log.ts'
import type { AbortedTransaction } from '../log/txn-index.ts'
import type { OffsetResult, ReadResult } from './api.ts'

/** See `Partition.readNow`. */
export function readHot(
  log: Log,
  offset: number,
  limitOffset: number,
  maxBytes: number,
  minOneBatch: boolean,
): ReadResult | null {
  if (log.offline !== null) return emptyRead(Errors.KAFKA_STORAGE_ERROR, offset)
  if (offset < log.logStartOffset || offset > log.logEndOffset) return emptyRead(Errors.OFFSET_OUT_OF_RANGE, offset)
  const limit = Math.min(limitOffset, log.flushedEndOffset)
  if (offset >= limit || (maxBytes <= 0 && !minOneBatch)) return emptyRead(Errors.NONE, offset)
  try {
    const read = log.read(offset, limit, maxBytes, minOneBatch)
    return read === null ? null : readResult(read)
  } catch (error) {
    // A file that cannot be opened or read: this partition's fault alone, and perhaps a passing one.
    log.noteUnreadable(error as Error)
    return emptyRead(Errors.KAFKA_STORAGE_ERROR, offset)
  }
}

/** See `Partition.read`: after `readHot` said null. */
export function readCold(
  log: Log,
  offset: number,
  limitOffset: number,
  maxBytes: number,
  minOneBatch: boolean,
  done: (result: ReadResult) => void,
): void {
  const fail = (error: Error): void => {
    log.noteUnreadable(error)
    done(emptyRead(Errors.KAFKA_STORAGE_ERROR, offset))
  }
  try {
    log.readAsync(offset, limitOffset, maxBytes, minOneBatch, (error, read) => {
      if (error === null) done(readResult(read))
      else fail(error)
    })
  } catch (error) {
    fail(error as Error)
  }
}

/** See `Partition.abortedTransactions`. */
export function abortedWithin(log: Log, fromOffset: number, endOffset: number): readonly AbortedTransaction[] | null {
  try {
    return log.abortedTransactions(fromOffset, endOffset)
  } catch (error) {
    log.noteUnreadable(error as Error)
    return null
  }
}

/** Runs a look-up by time; what it finds must be below `limitOffset`, what cannot be read is KAFKA_STORAGE_ERROR. */
export function lookUpOffset(find: () => TimestampLookup | null, limitOffset: number): OffsetResult {
  try {
    const found = find()
    if (found === null || found.offset >= limitOffset)
      return { error: Errors.NONE, offset: -1, timestampMs: -1, leaderEpoch: -1 }
    return { error: Errors.NONE, offset: found.offset, timestampMs: found.timestamp, leaderEpoch: found.leaderEpoch }
  } catch {
    return { error: Errors.KAFKA_STORAGE_ERROR, offset: -1, timestampMs: -1, leaderEpoch: -1 }
  }
}

function readResult(read: LogRead): ReadResult {
  const { buffers, bytes, nextOffset, release } = read
  return { error: Errors.NONE, buffers, bytes, nextOffset, release }
}

function emptyRead(error: ErrorCode, offset: number): ReadResult {
  return { error, buffers: [], bytes: 0, nextOffset: offset, release: null }
}
