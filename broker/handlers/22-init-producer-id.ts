/**
 * InitProducerId (key 22). Versions 0 to 5. Serves idempotent producers. Transactions need a coordinator that this broker
 * does not have yet: a transactional id hears UNSUPPORTED_VERSION, which clients report at once instead of retrying.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { InitProducerId } from '../../proto/kafka/generated/apis.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from '../../proto/kafka/generated/22-init-producer-id.ts'
import type { Handler } from './handler.ts'

export const initProducerIdHandler: Handler<InitProducerIdRequest, InitProducerIdResponse> = {
  api: InitProducerId,
  handle(request, context, services) {
    const refused = refusal(request)
    if (refused !== Errors.NONE) {
      context.reply(answer(refused, -1))
      return
    }
    services.producerIds.take((error, producerId) => context.reply(answer(error, producerId)))
  },
}

function refusal(request: InitProducerIdRequest): ErrorCode {
  if ((request.producerId === -1) !== (request.producerEpoch === -1)) return Errors.INVALID_REQUEST
  if (request.transactionalId === null) return Errors.NONE
  return request.transactionalId === '' ? Errors.INVALID_REQUEST : Errors.UNSUPPORTED_VERSION
}

function answer(errorCode: ErrorCode, producerId: number): InitProducerIdResponse {
  return {
    throttleTimeMs: 0,
    errorCode,
    producerId,
    producerEpoch: producerId === -1 ? -1 : 0,
    ongoingTxnProducerId: -1,
    ongoingTxnProducerEpoch: -1,
  }
}
