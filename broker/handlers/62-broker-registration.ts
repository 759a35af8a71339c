/** BrokerRegistration (key 62, KIP-631). Versions 0 to 4. 2: log directories; 3: previous epoch. For brokers only. */
import { BrokerRegistration } from '../../proto/kafka/generated/apis.ts'
import type {
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../../proto/kafka/generated/62-broker-registration.ts'
import type { Handler } from './handler.ts'

export const brokerRegistrationHandler: Handler<BrokerRegistrationRequest, BrokerRegistrationResponse> = {
  api: BrokerRegistration,
  handle(request, context, { cluster }) {
    cluster.brokerRequests.register(request, (response) => context.reply(response))
  },
}
