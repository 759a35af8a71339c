import { MillraceError } from '../client/errors.ts'

/** What can go wrong in a processor; the text beside each is what the code means. */
export const PROCESSOR_ERRORS = {
  PROCESSOR_INVALID_TOPOLOGY: 'the topology cannot be built or compiled as it is written',
  PROCESSOR_NOT_CO_PARTITIONED: 'topics that share state have different numbers of partitions',
  PROCESSOR_MISSING_TOPIC: 'a topic that is read does not exist',
  PROCESSOR_INTERNAL_TOPIC_MISMATCH: 'an internal topic exists with another number of partitions',
  PROCESSOR_DECODE_FAILED: 'a record could not be read with its serde',
  PROCESSOR_PROCESSING_FAILED: 'a function of the topology threw',
  PROCESSOR_ENCODE_FAILED: 'a result could not be written with its serde',
  PROCESSOR_MODEL_FAILED: 'a model could not be read or loaded',
  PROCESSOR_INVALID_STATE: 'a changelog holds what its store cannot read',
  PROCESSOR_CLIENT_FAILED: 'the Kafka client failed beyond its retries',
  PROCESSOR_CLOSED: 'the app was closed',
} as const

export type ProcessorErrorCode = keyof typeof PROCESSOR_ERRORS

/** Where an error happened, when it happened at a record. */
export interface ErrorPlace {
  readonly topic: string
  readonly partition: number
  /** -1 when no input record was at hand: a timer, a closing window. */
  readonly offset: number
  /** The operator, as in `app.describe()`. */
  readonly operator: string
}

/** Every error the processor throws; `code` is one of `PROCESSOR_ERRORS`. Never retriable: what a retry cures was retried. */
export class ProcessorError extends MillraceError {
  override readonly code: ProcessorErrorCode
  readonly place: ErrorPlace | undefined

  constructor(code: ProcessorErrorCode, message: string, options: { cause?: unknown; place?: ErrorPlace } = {}) {
    super(code, message, { cause: options.cause })
    this.name = 'ProcessorError'
    this.code = code
    this.place = options.place
  }
}

/** The text of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
