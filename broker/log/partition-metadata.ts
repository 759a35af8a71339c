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
 * Checks that the directory belongs to the topic, or takes it for the topic: then the file is written, to be synced with
 * the log's first commit, and true returned. With `mayBeTorn`, nothing here was ever synced, and a damaged file is one that
 * a power cut left half written.
 */
export function checkTopicId(disk: Disk, directory: string, topicId: string, mayBeTorn: boolean): boolean {
  const path = `${directory}/${METADATA_FILE}`
  const found = mayBeTorn ? tryTopicId(disk, directory) : readTopicId(disk, directory)
  if (found === null) {
    disk.replaceSync(path, Buffer.from(`version: 0\ntopic_id: ${topicId}`, 'latin1'), { sync: false })
    return true
  }
  if (found !== topicId) {
    const remedy = "move the directory away, or write the right id into the file if the records are this topic's"
    throw new LogCorruptError(path, -1, `the directory belongs to topic id ${found}, not ${topicId}`, remedy)
  }
  return false
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
