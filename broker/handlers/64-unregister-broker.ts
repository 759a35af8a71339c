/** UnregisterBroker (key 64, KIP-631). Version 0. */
import { UnregisterBroker } from '../../proto/kafka/generated/apis.ts'
import type {
  UnregisterBrokerRequest,
  UnregisterBrokerResponse,
} from '../../proto/kafka/generated/64-unregister-broker.ts'
import type { Handler } from './handler.ts'

export const unregisterBrokerHandler: Handler<UnregisterBrokerRequest, UnregisterBrokerResponse> = {
  api: UnregisterBroker,
  handle({ brokerId }, context, { controller }) {
    controller.unregisterBroker(brokerId, ({ error, message }) => {
      context.reply({ throttleTimeMs: 0, errorCode: error, errorMessage: message })
    })
  },
}
