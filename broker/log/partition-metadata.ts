import type { Disk } from '../ports/disk.ts'
import { LogCorruptError } from './errors.ts'
import { METADATA_FILE } from './file-names.ts'
import { refuseNewer } from './format-versions.ts'

/** The topic id that a partition directory belongs to; null when the file is missing. Throws `LogCorruptError` when damaged. */
export function readTopicId(disk: Disk, directory: string): string | null {
  const path = `${directory}/${METADATA_FILE}`
  if (!disk.existsSync(path)) return null
  const match = /^version: (\d+)\ntopic_id: ([\w-]{22})\n?$/.exec(disk.readFileSync(path).toString('latin1'))
  if (match === null) {
    const remedy = 'restore it from a copy, or remove it if the records here are those of the topic of that name'
    throw new LogCorruptError(path, -1, 'this is not the metadata of a partition', remedy)
  }
  refuseNewer(path, Number(match[1]), 0)
  return match[2]!
}

/**
 * Checks that the directory belongs to the topic; false: it does not say, and is to be taken for the topic by `writeTopicId`.
 * With `mayBeTorn`, nothing here was ever synced, and a damaged file is one that a power cut left half written.
 */
export function checkTopicId(disk: Disk, directory: string, topicId: string, mayBeTorn: boolean): boolean {
  const found = mayBeTorn ? tryTopicId(disk, directory) : readTopicId(disk, directory)
  if (found === null || found === topicId) return found !== null
  const remedy = "move the directory away, or write the right id into the file if the records are this topic's"
  const reason = `the directory belongs to topic id ${found}, not ${topicId}`
  throw new LogCorruptError(`${directory}/${METADATA_FILE}`, -1, reason, remedy)
}

/** Without `sync`, it is to be synced with the log's first commit. */
export function writeTopicId(disk: Disk, directory: string, topicId: string, sync: boolean): void {
  const data = Buffer.from(`version: 0\ntopic_id: ${topicId}`, 'latin1')
  disk.replaceSync(`${directory}/${METADATA_FILE}`, data, { sync })
}

/** Null also when the file is damaged. */
export function tryTopicId(disk: Disk, directory: string): string | null {
  try {
    return readTopicId(disk, directory)
  } catch (error) {
    if (error instanceof LogCorruptError) return null
    throw error
  }
}
