import * as header from '../../proto/kafka/batch/header.ts'
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { ProducerBatch, ProducerState } from './producer-state.ts'

/** Why an idempotent producer's batch is not appended (W16). */
export type ProducerVerdict =
  | { readonly kind: 'duplicate'; readonly first: ProducerBatch }
  | { readonly kind: 'refused'; readonly error: ErrorCode; readonly message: string }

/** Checks the epoch and sequence in a batch header. Null = append it. Markers come from the coordinator, not checked here. */
export function checkProducer(producers: ProducerState, batch: Buffer): ProducerVerdict | null {
  const producerId = header.producerId(batch, 0)
  if (producerId < 0 || header.isControl(batch, 0)) return null
  const epoch = header.producerEpoch(batch, 0)
  const baseSequence = header.baseSequence(batch, 0)
  const lastSequence = header.lastSequence(batch, 0)
  const check = producers.check({ producerId, epoch, baseSequence, lastSequence })
  switch (check.kind) {
    case 'ok':
      return null
    case 'duplicate':
      return { kind: 'duplicate', first: check.batch }
    case 'stale-epoch':
      return refuse(
        Errors.INVALID_PRODUCER_EPOCH,
        `producer ${producerId} is at epoch ${check.lastEpoch}, not ${epoch}`,
      )
    case 'new-epoch-not-at-zero': {
      const message = `producer ${producerId} begins epoch ${epoch} at sequence ${baseSequence}, not 0`
      return refuse(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, message)
    }
    case 'gap': {
      const message = `producer ${producerId} sent sequence ${baseSequence} after ${check.lastSequence}`
      return refuse(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, message)
    }
  }
}

function refuse(error: ErrorCode, message: string): ProducerVerdict {
  return { kind: 'refused', error, message }
}
