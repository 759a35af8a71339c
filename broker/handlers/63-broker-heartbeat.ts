/** BrokerHeartbeat (key 63, KIP-631). Versions 0 to 2. For brokers only. */
import { BrokerHeartbeat } from '../../proto/kafka/generated/apis.ts'
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
} from '../../proto/kafka/generated/63-broker-heartbeat.ts'
import type { Handler } from './handler.ts'

export const brokerHeartbeatHandler: Handler<BrokerHeartbeatRequest, BrokerHeartbeatResponse> = {
  api: BrokerHeartbeat,
  handle(request, context, { cluster }) {
    cluster.brokerRequests.heartbeat(request, (response) => context.reply(response))
  },
}
