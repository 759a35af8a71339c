/**
 * SyncGroup (key 14). Versions 0 to 5. 3: instance id (KIP-345); 5: protocol type and name, which must be there and agree
 * with the group's (KIP-559). Answered once the leader's assignment is durable.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { SyncGroup } from '../../proto/kafka/generated/apis.ts'
import type { SyncGroupRequest, SyncGroupResponse } from '../../proto/kafka/generated/14-sync-group.ts'
import type { SyncResult } from '../groups/api.ts'
import type { Handler } from './handler.ts'

const PROTOCOL_VERSION = 5

export const syncGroupHandler: Handler<SyncGroupRequest, SyncGroupResponse> = {
  api: SyncGroup,
  handle(request, context, services) {
    const lacksProtocol = request.protocolType === null || request.protocolName === null
    if (context.apiVersion >= PROTOCOL_VERSION && lacksProtocol) {
      const nothing = { protocolType: null, protocolName: null, assignment: Buffer.alloc(0) }
      context.reply(response({ error: Errors.INCONSISTENT_GROUP_PROTOCOL, ...nothing }))
      return
    }
    services.groups.sync(request, (result) => context.reply(response(result)))
  },
}

function response({ error, protocolType, protocolName, assignment }: SyncResult): SyncGroupResponse {
  return { throttleTimeMs: 0, errorCode: error, protocolType, protocolName, assignment }
}
