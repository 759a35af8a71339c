/** Who may have how many of the process's file descriptors. */
import { DescriptorLimitError } from './errors.ts'
import {
  FILE_DESCRIPTORS_MIN,
  LOG_OPEN_FILES_MAX,
  RESERVED_FILE_DESCRIPTORS_MAX,
  RESERVED_FILE_DESCRIPTORS_MIN,
} from './limits.ts'

export interface DescriptorShares {
  /** Files that logs may keep open. */
  readonly files: number
  /** Connections of Kafka clients. */
  readonly connections: number
}

/**
 * Shares out `limit` descriptors: what is reserved is nobody's, so that syncs, checkpoints and new logs always find one.
 * Throws DescriptorLimitError when they are too few to serve with.
 */
export function shareDescriptors(limit: number): DescriptorShares {
  if (limit < FILE_DESCRIPTORS_MIN) throw new DescriptorLimitError(limit, FILE_DESCRIPTORS_MIN)
  const quarter = Math.floor(limit / 4)
  const reserved = Math.min(Math.max(quarter, RESERVED_FILE_DESCRIPTORS_MIN), RESERVED_FILE_DESCRIPTORS_MAX)
  const files = Math.min(LOG_OPEN_FILES_MAX, Math.floor((limit - reserved) / 2))
  return { files, connections: limit - reserved - files }
}
