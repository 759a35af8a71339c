/**
 * JoinGroup (key 11). Versions 0 to 9. 0: the session timeout is the rebalance timeout too; 4: MEMBER_ID_REQUIRED
 * (KIP-394); 5: instance id (KIP-345); 7: protocol type in the answer (KIP-559); 8: reason (KIP-800); 9: SkipAssignment
 * (KIP-814). Versions 0 and 1 stay for kafka-go (W6).
 */
import { JoinGroup } from '../../proto/kafka/generated/apis.ts'
import type { JoinGroupRequest, JoinGroupResponse } from '../../proto/kafka/generated/11-join-group.ts'
import type { JoinRequest, JoinResult } from '../groups/api.ts'
import type { Handler } from './handler.ts'

const REBALANCE_TIMEOUT_VERSION = 1
const MEMBER_ID_REQUIRED_VERSION = 4
const NULLABLE_PROTOCOL_VERSION = 7
const SKIP_ASSIGNMENT_VERSION = 9

export const joinGroupHandler: Handler<JoinGroupRequest, JoinGroupResponse> = {
  api: JoinGroup,
  handle(request, context, services) {
    const { apiVersion, clientId, clientHost } = context
    const hasRebalanceTimeout = apiVersion >= REBALANCE_TIMEOUT_VERSION
    const join: JoinRequest = {
      groupId: request.groupId,
      memberId: request.memberId,
      groupInstanceId: request.groupInstanceId,
      clientId: clientId ?? '',
      // As Java prints an address, and tools expect it.
      clientHost: `/${clientHost}`,
      requireKnownMemberId: apiVersion >= MEMBER_ID_REQUIRED_VERSION,
      supportsSkippingAssignment: apiVersion >= SKIP_ASSIGNMENT_VERSION,
      sessionTimeoutMs: request.sessionTimeoutMs,
      rebalanceTimeoutMs: hasRebalanceTimeout ? request.rebalanceTimeoutMs : request.sessionTimeoutMs,
      protocolType: request.protocolType,
      protocols: request.protocols,
      reason: request.reason,
    }
    services.groups.join(join, (result) => context.reply(response(result, apiVersion)))
  },
}

function response(result: JoinResult, version: number): JoinGroupResponse {
  const { error, generationId, protocolType, protocolName, leader, skipAssignment, memberId, members } = result
  return {
    throttleTimeMs: 0,
    errorCode: error,
    generationId,
    protocolType,
    protocolName: version < NULLABLE_PROTOCOL_VERSION ? (protocolName ?? '') : protocolName,
    leader,
    skipAssignment,
    memberId,
    members: [...members],
  }
}
