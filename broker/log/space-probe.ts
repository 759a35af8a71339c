import { TEMPORARY_SUFFIX } from './file-names.ts'
import { type LogParts, writeEpochs } from './log-parts.ts'

/** About what a batch takes. Written, not synced, and removed: what a write can have is known without a sync. */
const PROBE_BYTES = 64 * 1024

/**
 * Finds out whether a full log's directory has room again, and the pool for its file. Throws what the disk throws, or
 * FilesPinnedError, with nothing left behind.
 */
export function probeSpace(parts: LogParts): void {
  const { disk, directory } = parts.options
  parts.commit.expectRoomFor(parts.segments.active.handle)
  if (parts.epochsPending) writeEpochs(parts)
  const path = `${directory}/probe${TEMPORARY_SUFFIX}`
  const file = disk.openSync(path, { create: true })
  try {
    file.appendSync([Buffer.alloc(PROBE_BYTES)])
  } finally {
    file.closeSync()
    disk.unlinkSync(path)
  }
}
