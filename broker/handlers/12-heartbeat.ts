/** Heartbeat (key 12). Versions 0 to 4. 3: instance id (KIP-345). REBALANCE_IN_PROGRESS asks the member to join again. */
import { Heartbeat } from '../../proto/kafka/generated/apis.ts'
import type { HeartbeatRequest, HeartbeatResponse } from '../../proto/kafka/generated/12-heartbeat.ts'
import type { Handler } from './handler.ts'

export const heartbeatHandler: Handler<HeartbeatRequest, HeartbeatResponse> = {
  api: Heartbeat,
  handle(request, context, services) {
    services.groups.heartbeat(request, (errorCode) => context.reply({ throttleTimeMs: 0, errorCode }))
  },
}
