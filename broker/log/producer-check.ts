import * as header from '../../proto/kafka/batch/header.ts'
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { ProducerBatch, ProducerState } from './producer-state.ts'
import { readMarker } from './txn-marker.ts'

/** Why an idempotent producer's batch is not appended (W16). */
export type ProducerVerdict =
  | { readonly kind: 'duplicate'; readonly first: ProducerBatch }
  | { readonly kind: 'refused'; readonly error: ErrorCode; readonly message: string }

/**
 * Checks the epoch and sequence in a batch header; of a transaction's marker, its epochs. Null = append it.
 */
export function checkProducer(producers: ProducerState, batch: Buffer): ProducerVerdict | null {
  const producerId = header.producerId(batch, 0)
  if (producerId < 0) return null
  const epoch = header.producerEpoch(batch, 0)
  if (header.isControl(batch, 0)) return checkMarker(producers, batch, producerId, epoch)
  const baseSequence = header.baseSequence(batch, 0)
  const lastSequence = header.lastSequence(batch, 0)
  const check = producers.check({ producerId, epoch, baseSequence, lastSequence }, header.isTransactional(batch, 0))
  switch (check.kind) {
    case 'ok':
      return null
    case 'duplicate':
      return { kind: 'duplicate', first: check.batch }
    case 'stale-epoch':
      return refuse(Errors.INVALID_PRODUCER_EPOCH, staleEpoch(producerId, check.lastEpoch, epoch))
    case 'in-transaction':
      return refuse(
        Errors.INVALID_TXN_STATE,
        `producer ${producerId} has a transaction open here, and this is no part of it`,
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

function checkMarker(
  producers: ProducerState,
  batch: Buffer,
  producerId: number,
  epoch: number,
): ProducerVerdict | null {
  const marker = readMarker(batch, 0)
  if (marker === null) return null
  const check = producers.checkMarker(producerId, epoch, marker)
  if (check.kind === 'ok') return null
  if (check.kind === 'stale-epoch') {
    return refuse(Errors.INVALID_PRODUCER_EPOCH, staleEpoch(producerId, check.lastEpoch, epoch))
  }
  const message = `the coordinator of producer ${producerId} is at epoch ${check.lastEpoch}, not ${marker.coordinatorEpoch}`
  return refuse(Errors.TRANSACTION_COORDINATOR_FENCED, message)
}

function staleEpoch(producerId: number, lastEpoch: number, epoch: number): string {
  return `producer ${producerId} is at epoch ${lastEpoch}, not ${epoch}`
}

function refuse(error: ErrorCode, message: string): ProducerVerdict {
  return { kind: 'refused', error, message }
}
