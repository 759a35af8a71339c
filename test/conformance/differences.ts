/**
 * Where Millrace answers otherwise than Kafka 4.3 on purpose. Each entry names one field of one reply; the suite fails
 * when an entry no longer differs, so that this list stays true.
 */
export interface Difference {
  readonly scenario: string
  /** Index of the reply, then the path in it. */
  readonly path: string
  readonly reason: string
}

const message = 'a sentence that says what is wrong, where Kafka says nothing'

function produceMessage(scenario: string, reply: number): Difference {
  return { scenario, path: `${reply}.reply.responses.0.partitionResponses.0.errorMessage`, reason: message }
}

function logStart(scenario: string): Difference {
  const path = '0.reply.responses.0.partitionResponses.0.logStartOffset'
  return {
    scenario,
    path,
    reason: 'the log start is known when a malformed batch is refused; Kafka refuses before it looks',
  }
}

export const differences: readonly Difference[] = [
  logStart('produce-cut-batch'),
  logStart('produce-old-magic'),
  logStart('produce-two-batches'),
  produceMessage('idempotent-negative-sequence', 1),
  produceMessage('produce-control-batch', 0),
  produceMessage('produce-cut-batch', 0),
  produceMessage('produce-old-magic', 0),
  produceMessage('produce-two-batches', 0),
  produceMessage('produce-unknown-codec', 0),
  produceMessage('produce-wrong-offset-delta', 0),
  {
    scenario: 'produce-unknown-codec',
    path: '0.reply.responses.0.partitionResponses.0.errorCode',
    reason: 'INVALID_RECORD names the fault; Kafka answers UNKNOWN_SERVER_ERROR, which clients retry',
  },
  {
    scenario: 'incremental-alter-configs',
    path: '12.reply.responses.0.errorCode',
    reason: 'INVALID_REQUEST names the fault; Kafka answers UNKNOWN_SERVER_ERROR for an operation that does not exist',
  },
  { scenario: 'incremental-alter-configs', path: '12.reply.responses.0.errorMessage', reason: message },
]
