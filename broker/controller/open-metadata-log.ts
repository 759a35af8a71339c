/** Opens the metadata log where its snapshots say that it begins. */
import { refuseOtherCluster } from '../consensus/quorum-state.ts'
import { SnapshotStore } from '../consensus/snapshot-store.ts'
import { LOG_SUFFIX, offsetOfName } from '../log/file-names.ts'
import type { Log } from '../log/log.ts'
import type { LogManager } from '../log/log-manager.ts'
import type { Disk } from '../ports/disk.ts'
import { metadataLogConfig } from './metadata-log.ts'
import { METADATA_TOPIC, METADATA_TOPIC_ID } from './names.ts'

export interface MetadataLog {
  readonly log: Log
  readonly snapshots: SnapshotStore
}

/**
 * Throws DataDirError when the directory is another cluster's, SnapshotError when a snapshot is damaged that the log cannot do without: an older one takes its place only where
 * the log still has what came after it. Else throws as `LogManager.openLog` does.
 */
export function openMetadataLog(logs: LogManager, disk: Disk, nowMs: number): MetadataLog {
  const directory = `${logs.path}/${METADATA_TOPIC}-0`
  refuseOtherCluster(disk, directory, logs.clusterId)
  const snapshots = new SnapshotStore(disk, directory)
  const baseOffset = firstOffsetIn(disk.listSync(directory))
  const { newest, damaged } = snapshots
  const start = newest === null ? 0 : snapshots.startFor(baseOffset ?? newest.endOffset)
  const [problem] = damaged
  if (problem !== undefined && start < (baseOffset ?? 0)) throw problem
  const known = newest === null && problem === undefined ? undefined : start
  const log = logs.openLog(METADATA_TOPIC, 0, METADATA_TOPIC_ID, metadataLogConfig, nowMs, true, known)
  return { log, snapshots }
}

/** Of the first file of the log; null when there is none. */
function firstOffsetIn(names: readonly string[]): number | null {
  const offsets = names.map((name) => offsetOfName(name, LOG_SUFFIX)).filter((offset) => offset >= 0)
  return offsets.length === 0 ? null : Math.min(...offsets)
}
