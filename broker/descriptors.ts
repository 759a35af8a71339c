/** Who may have how many of the process's file descriptors. */
import { DescriptorLimitError } from './errors.ts'
import {
  FILE_DESCRIPTORS_MIN,
  HTTP_CONNECTIONS_MAX,
  INTERNAL_FILE_DESCRIPTORS,
  LOG_OPEN_FILES_MAX,
  RESERVED_FILE_DESCRIPTORS_MIN,
} from './limits.ts'

export interface DescriptorShares {
  /** Files that logs may keep open. */
  readonly files: number
  /** Connections of Kafka clients. */
  readonly connections: number
  /** Connections of the HTTP door. */
  readonly httpConnections: number
}

/**
 * Shares out `limit` descriptors: some are nobody's, so that syncs, checkpoints and new logs always find one.
 * Throws DescriptorLimitError when they are too few to serve with.
 */
export function shareDescriptors(limit: number): DescriptorShares {
  if (limit < FILE_DESCRIPTORS_MIN) throw new DescriptorLimitError(limit, FILE_DESCRIPTORS_MIN)
  const quarter = Math.floor(limit / 4)
  const reservedMax = INTERNAL_FILE_DESCRIPTORS + HTTP_CONNECTIONS_MAX
  const reserved = Math.min(Math.max(quarter, RESERVED_FILE_DESCRIPTORS_MIN), reservedMax)
  const files = Math.min(LOG_OPEN_FILES_MAX, Math.floor((limit - reserved) / 2))
  const httpConnections = reserved - INTERNAL_FILE_DESCRIPTORS
  return { files, connections: limit - reserved - files, httpConnections }
}
