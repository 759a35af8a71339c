/**
 * What a log does for a clean stop. Of its small files nothing is synced then: `SettledLogs` notes their checksums, and a start
 * that finds another one reads the log instead. With thousands of logs, syncs are what a stop takes its time for.
 */
import { EPOCH_FILE } from './file-names.ts'
import {
  type LogParts,
  markNamesDirty,
  noteChain,
  writeIndexFiles,
  writeOtherEpochs,
  writeProducers,
} from './log-parts.ts'

/** Writes what is only in memory: the active segment's indexes and the producers. Returns why that failed, or null. */
export function writeForStop(parts: LogParts): Error | null {
  if (!parts.changed) return null
  return parts.health.attempt(() => {
    if (parts.epochsPending) writeOtherEpochs(parts)
    parts.segments.active.closeTimeIndex()
    writeIndexFiles(parts, parts.segments.active)
    const producers = writeProducers(parts)
    // Recovery begins with those of where the active segment begins, and takes them for one batch each where one file is lost.
    if (parts.segments.active.sizeBytes === 0 && producers.length > 1) {
      for (const path of producers) parts.commit.markPathDirty(path)
      markNamesDirty(parts)
    }
    noteChain(parts)
    parts.changed = false
    parts.isUnchanged = false
  })
}

/**
 * Leaves to be synced what a start cannot do without: records, the names of segments, and whose they are. An epoch that began
 * in a segment before the active one has to be durable, as only that is read to find the epochs again.
 */
export function leaveRestToSummary({ commit, segments, options: { directory } }: LogParts): void {
  commit.prepareForStop(segments.count === 1 ? `${directory}/${EPOCH_FILE}` : null)
}
