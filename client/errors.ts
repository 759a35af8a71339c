import { errorInfo } from '../proto/kafka/errors.ts'

/** Marks every error of this library, whichever copy of it threw: `instanceof MillraceError` works across copies. */
const MARKER = Symbol.for('millrace.error')

/**
 * Errors that arise in the client itself, by code: may the same call succeed if it is made again, and what to say.
 * Errors that a broker answered carry Kafka's own name as their code instead.
 */
const clientErrors = {
  CLIENT_ABORTED: { retriable: false, message: 'the operation was aborted' },
  CLIENT_BUFFER_FULL: { retriable: true, message: 'more than twice bufferMemory is waiting to be sent' },
  CLIENT_CLOSED: { retriable: false, message: 'it has been closed' },
  CLIENT_CONFIG: { retriable: false, message: 'an option is not valid' },
  CLIENT_CONNECTION: { retriable: true, message: 'the connection to the broker failed' },
  CLIENT_CORRUPT_BATCH: { retriable: false, message: 'a fetched batch is corrupt' },
  CLIENT_DELIVERY_TIMEOUT: {
    retriable: false,
    message: 'not acknowledged within deliveryTimeoutMs: the outcome is unknown',
  },
  CLIENT_INVALID_OFFSET: { retriable: false, message: 'an offset is not a safe integer' },
  CLIENT_INVALID_PARTITION: { retriable: false, message: 'the topic has no such partition' },
  CLIENT_NO_BROKER: { retriable: true, message: 'no broker could be reached' },
  CLIENT_NO_GROUP: { retriable: false, message: 'the consumer has no group to commit to' },
  CLIENT_NO_OFFSET: { retriable: false, message: 'the partition has no committed offset and offsetReset is none' },
  CLIENT_NOT_ASSIGNED: { retriable: false, message: 'the partition is not assigned to this consumer' },
  CLIENT_PROTOCOL: { retriable: false, message: 'the broker answered with bytes that do not fit the protocol' },
  CLIENT_RECORD_TOO_LARGE: { retriable: false, message: 'the record is larger than maxRequestBytes' },
  CLIENT_REQUEST_TIMEOUT: { retriable: true, message: 'no answer within requestTimeoutMs: the outcome is unknown' },
  CLIENT_SERDE: { retriable: false, message: 'a key or value could not be encoded or decoded' },
  CLIENT_STATE: { retriable: false, message: 'the call is not possible in this state' },
  CLIENT_UNSUPPORTED: { retriable: false, message: 'the broker does not support this request' },
} as const

/** Codes of the errors that arise in the client itself. */
export type ClientErrorCode = keyof typeof clientErrors

export interface MillraceErrorOptions {
  readonly cause?: unknown
  readonly retriable?: boolean
}

/**
 * Base of every error this library throws. `code` is stable: Kafka's error name (`NOT_LEADER_OR_FOLLOWER`) when a broker
 * answered it, else one of `CLIENT_*`. `retriable`: the same call may succeed later.
 */
export class MillraceError extends Error {
  readonly code: string
  readonly retriable: boolean

  constructor(code: string, message: string, options: MillraceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MillraceError'
    this.code = code
    this.retriable = options.retriable ?? false
    Object.defineProperty(this, MARKER, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== MillraceError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && MARKER in value
  }
}

/** An error code in a broker's answer. `errno` is its number, `code` its Kafka name. */
export class KafkaError extends MillraceError {
  readonly errno: number

  constructor(errno: number, context: string, detail?: string | null) {
    const info = errorInfo(errno)
    super(
      info.name,
      `${context}: ${detail === undefined || detail === null || detail === '' ? info.message : detail} (${info.name})`,
      { retriable: info.retriable },
    )
    this.name = 'KafkaError'
    this.errno = errno
  }
}

/** The caller's signal fired. `cause` is the signal's reason. */
export class AbortError extends MillraceError {
  constructor(reason?: unknown) {
    super('CLIENT_ABORTED', clientErrors.CLIENT_ABORTED.message, { cause: reason })
    this.name = 'AbortError'
  }
}

/** Where a key or value failed to encode or decode. `partition` and `offset` are known when decoding only. */
export interface SerdePlace {
  readonly side: 'encode' | 'decode'
  readonly part: 'key' | 'value'
  readonly topic: string
  readonly partition?: number
  readonly offset?: number
}

/** A key or value could not be encoded or decoded; `cause` is what the serde threw. */
export class SerdeError extends MillraceError {
  readonly place: SerdePlace

  constructor(place: SerdePlace, cause: unknown) {
    const where = place.partition === undefined ? place.topic : `${place.topic}[${place.partition}]@${place.offset}`
    const why = cause instanceof Error ? cause.message : String(cause)
    super('CLIENT_SERDE', `cannot ${place.side} the ${place.part} of ${where}: ${why}`, { cause })
    this.name = 'SerdeError'
    this.place = place
  }
}

/** Makes an error of the table above; `detail` says which thing it was about. */
export function clientError(code: ClientErrorCode, detail?: string, cause?: unknown): MillraceError {
  const { message, retriable } = clientErrors[code]
  return new MillraceError(code, detail === undefined ? message : `${detail}: ${message}`, { cause, retriable })
}

/** The error as a MillraceError: unchanged when it is one, else wrapped as `CLIENT_CONNECTION` with its cause. */
export function asMillraceError(error: unknown, detail: string): MillraceError {
  return error instanceof MillraceError ? error : clientError('CLIENT_CONNECTION', detail, error)
}
