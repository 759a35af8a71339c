/** What a Produce request is answered for one partition. */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import type { PartitionProduceResponse, ProduceResponse } from '../../../proto/kafka/generated/00-produce.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import type { AppendResult } from '../../replication/api.ts'
import type { LeaderHints } from '../leader-hint.ts'

/** What answers begin with, and nearly all keep: never written to. */
const NO_RECORD_ERRORS: PartitionProduceResponse['recordErrors'] = []
const NO_LEADER = Object.freeze({ leaderId: -1, leaderEpoch: -1 })

/** Errors whose text is for the client; Kafka sends none with the others. */
const EXPLAINED: ReadonlySet<ErrorCode> = new Set([Errors.INVALID_RECORD, Errors.INVALID_TIMESTAMP])

export const CODEC_ZSTD = 4
export const ZSTD_VERSION = 7

/** Topics have ids instead of names from here on (KIP-516). */
export const TOPIC_ID_VERSION = 13

/** To be filled. */
export function emptyAnswer(index: number): PartitionProduceResponse {
  return {
    index,
    errorCode: Errors.NONE,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: NO_RECORD_ERRORS,
    errorMessage: null,
    currentLeader: NO_LEADER,
  }
}

/** Fills in an error, and who leads the partition where that is the matter (KIP-951). */
export function refuse(answer: PartitionProduceResponse, topic: string, error: ErrorCode, hints: LeaderHints): void {
  answer.errorCode = error
  answer.currentLeader = hints.for(topic, answer.index, error)
}

/** Fills in why an append was refused. */
export function explain(
  answer: PartitionProduceResponse,
  topic: string,
  result: AppendResult,
  hints: LeaderHints,
): void {
  answer.logStartOffset = result.logStartOffset
  refuse(answer, topic, result.error, hints)
  if (EXPLAINED.has(result.error)) answer.errorMessage = result.message
  if (result.recordErrors.length === 0) return
  answer.recordErrors = result.recordErrors.map(({ batchIndex, message }) => ({
    batchIndex,
    batchIndexErrorMessage: message,
  }))
}

/** Fills in where the batch lies. */
export function accept(answer: PartitionProduceResponse, result: AppendResult): void {
  answer.logStartOffset = result.logStartOffset
  answer.baseOffset = result.baseOffset
  answer.logAppendTimeMs = result.logAppendTimeMs
}

/** The answer to a request for one partition; `topic` as the request has it, a name or an id. */
export function produceResponse(
  version: number,
  topic: string,
  answer: PartitionProduceResponse,
  nodeEndpoints: ProduceResponse['nodeEndpoints'],
): ProduceResponse {
  const isById = version >= TOPIC_ID_VERSION
  const [name, topicId] = isById ? ['', topic] : [topic, ZERO_UUID]
  return { responses: [{ name, topicId, partitionResponses: [answer] }], throttleTimeMs: 0, nodeEndpoints }
}
