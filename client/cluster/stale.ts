import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'

const STALE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
  Errors.LEADER_NOT_AVAILABLE,
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.REPLICA_NOT_AVAILABLE,
  Errors.KAFKA_STORAGE_ERROR,
  Errors.FENCED_LEADER_EPOCH,
  Errors.UNKNOWN_LEADER_EPOCH,
  Errors.UNKNOWN_TOPIC_ID,
  Errors.INCONSISTENT_TOPIC_ID,
])

/** Whether an error says that the client's metadata is out of date. */
export function isStaleMetadata(code: ErrorCode): boolean {
  return STALE.has(code)
}
