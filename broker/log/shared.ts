import {
  LOG_INDEX_BYTES_MAX,
  LOG_READ_AHEAD_BYTES_MAX,
  LOG_READ_BUFFER_BYTES_MAX,
  LOG_READS_AHEAD_IN_FLIGHT_MAX,
} from '../limits.ts'
import { FilePool } from './file-pool.ts'
import { LoadedIndexes } from './loaded-indexes.ts'
import { ReadAheads } from './read-ahead.ts'
import { ReadBuffers } from './read-buffers.ts'
import { SyncScheduler } from './sync-scheduler.ts'
import { TailCache } from './tail-cache.ts'

/** What all the logs of one broker share: every ceiling on memory, file handles and fdatasyncs is here. */
export interface LogShared {
  readonly tailCache: TailCache
  readonly files: FilePool
  readonly indexes: LoadedIndexes
  readonly readBuffers: ReadBuffers
  readonly readAheads: ReadAheads
  readonly syncs: SyncScheduler
}

export interface LogSharedOptions {
  /** fdatasyncs in flight over all logs: thread-pool size - 2, so that reads always find a thread. */
  readonly maxSyncsInFlight: number
  /** Bytes of newest batches kept in memory over all logs. */
  readonly tailCacheBytes: number
  /** Files that logs keep open. Beside them a sync in flight has one more open, and small files are now and then. */
  readonly maxOpenFiles: number
}

export function createLogShared(options: LogSharedOptions): LogShared {
  const readBuffers = new ReadBuffers(LOG_READ_BUFFER_BYTES_MAX)
  return {
    tailCache: new TailCache(options.tailCacheBytes),
    files: new FilePool(options.maxOpenFiles),
    indexes: new LoadedIndexes(LOG_INDEX_BYTES_MAX),
    readBuffers,
    readAheads: new ReadAheads(LOG_READ_AHEAD_BYTES_MAX, LOG_READS_AHEAD_IN_FLIGHT_MAX, readBuffers),
    syncs: new SyncScheduler(options.maxSyncsInFlight),
  }
}
