/** Records on their way out over HTTP: fetched as a Kafka client fetches. */
import { Errors } from '../../proto/kafka/errors.ts'
import { defaultReplicaState, type FetchRequest, type PartitionData } from '../../proto/kafka/generated/01-fetch.ts'
import { Fetch } from '../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { HTTP_READ_BYTES_MAX, HTTP_REPLY_TEXT_MAX } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dispatch } from './dispatch.ts'
import { kafkaProblem } from './problem.ts'
import { type RecordTexts, recordTexts } from './record-text.ts'

const fetchVersion = 12
const readCommitted = 1

export interface ReadPosition {
  readonly partition: number
  readonly offset: number
}

function fetchRequest(topic: string, positions: readonly ReadPosition[], waitMs: number): FetchRequest {
  const partitions = positions.map(({ partition, offset }) => ({
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: offset,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: HTTP_READ_BYTES_MAX,
    replicaDirectoryId: ZERO_UUID,
    highWatermark: -1,
  }))
  return {
    clusterId: null,
    replicaId: -1,
    replicaState: defaultReplicaState,
    maxWaitMs: waitMs,
    minBytes: waitMs > 0 ? 1 : 0,
    maxBytes: HTTP_READ_BYTES_MAX,
    isolationLevel: readCommitted,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic, topicId: ZERO_UUID, partitions }],
    forgottenTopicsData: [],
    rackId: '',
  }
}

/**
 * Reads once, waiting up to `waitMs` for anything to come; the answers are in the order of `positions`, each with an error
 * of its own. Their records are valid until the loop turn ends. Rejects with a ProblemError, or with the signal's reason.
 */
export async function fetchPartitions(
  dispatch: Dispatch,
  topic: string,
  positions: readonly ReadPosition[],
  waitMs: number,
  signal?: AbortSignal,
): Promise<readonly PartitionData[]> {
  const reply = await dispatch(Fetch, fetchRequest(topic, positions, waitMs), fetchVersion, signal)
  if (reply === null || reply.errorCode !== Errors.NONE)
    throw kafkaProblem(reply?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR)
  return reply.responses.flatMap(({ partitions }) => partitions)
}

export interface ReadOne extends ReadPosition {
  readonly topic: string
  readonly maxRecords: number
  /** Milliseconds to wait for a first record. */
  readonly waitMs: number
  /** Needed when there is a wait. */
  readonly signal?: AbortSignal
}

export interface ReadResult extends RecordTexts {
  readonly highWatermark: number
}

/** Reads records of one partition. Rejects with a ProblemError, or with the signal's reason. */
export async function readRecords(dispatch: Dispatch, clock: Clock, from: ReadOne): Promise<ReadResult> {
  const deadlineMs = clock.monotonic() + from.waitMs
  const bounds = { records: from.maxRecords, length: HTTP_REPLY_TEXT_MAX }
  let { offset } = from
  for (;;) {
    const leftMs = Math.max(0, Math.ceil(deadlineMs - clock.monotonic()))
    const position = { partition: from.partition, offset }
    const [data] = await fetchPartitions(dispatch, from.topic, [position], leftMs, from.signal)
    const error = data?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR
    if (data === undefined || error !== Errors.NONE) {
      throw kafkaProblem(error, `${from.topic}-${from.partition} at offset ${offset}`)
    }
    const read = recordTexts(data, offset, bounds)
    // Nothing but control batches, or what compaction left empty: the wait goes on behind it.
    if (read.records.length > 0 || read.nextOffset === offset) return { ...read, highWatermark: data.highWatermark }
    offset = read.nextOffset
  }
}
