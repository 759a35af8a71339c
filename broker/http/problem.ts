import { type ErrorCode, errorInfo, Errors } from '../../proto/kafka/errors.ts'
import type { Problem } from './schema/admin.ts'
import type { Placed } from './schema/records.ts'

export const problemType = 'application/problem+json'

/** An answer that is an error: RFC 9457 problem details, with Kafka's error where there is one. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem
  /** Seconds for a Retry-After header; null = none. */
  readonly retryAfterS: number | null

  constructor(problem: Problem, retryAfterS: number | null = null) {
    super(problem.detail ?? problem.title)
    this.problem = problem
    this.retryAfterS = retryAfterS
  }
}

/** HTTP status of a Kafka error: what a client of either kind would do about it. */
const statusOf = new Map<ErrorCode, number>([
  [Errors.UNKNOWN_TOPIC_OR_PARTITION, 404],
  [Errors.UNKNOWN_TOPIC_ID, 404],
  [Errors.GROUP_ID_NOT_FOUND, 404],
  [Errors.OFFSET_OUT_OF_RANGE, 416],
  [Errors.MESSAGE_TOO_LARGE, 413],
  [Errors.RECORD_LIST_TOO_LARGE, 413],
  [Errors.INVALID_TOPIC_EXCEPTION, 400],
  [Errors.INVALID_RECORD, 400],
  [Errors.INVALID_TIMESTAMP, 400],
  [Errors.INVALID_REQUEST, 400],
  [Errors.INVALID_GROUP_ID, 400],
  [Errors.TOPIC_AUTHORIZATION_FAILED, 403],
  [Errors.GROUP_AUTHORIZATION_FAILED, 403],
  [Errors.CLUSTER_AUTHORIZATION_FAILED, 403],
  [Errors.REQUEST_TIMED_OUT, 504],
])

/** The problem that a Kafka error is; retriable ones without a status of their own are 503. */
export function kafkaProblem(code: ErrorCode, detail?: string | null): ProblemError {
  const info = errorInfo(code)
  const status = statusOf.get(code) ?? (info.retriable ? 503 : 500)
  const problem: Problem = {
    type: `urn:kafka-error:${info.name}`,
    title: info.name,
    status,
    detail: detail ?? info.message,
    code: info.name,
    errorCode: code,
  }
  return new ProblemError(problem, status === 503 ? 1 : null)
}

/** The same for a produce of which a part may be stored: says which. */
export function partialProblem(whole: ProblemError, offsets: Placed[]): ProblemError {
  return new ProblemError({ ...whole.problem, offsets }, whole.retryAfterS)
}

/** A problem that HTTP itself names: bad bodies, unknown routes, too many requests. */
export function httpProblem(
  status: number,
  title: string,
  detail?: string,
  retryAfterS: number | null = null,
): ProblemError {
  return new ProblemError(
    { type: 'about:blank', title, status, ...(detail === undefined ? {} : { detail }) },
    retryAfterS,
  )
}
