/**
 * LeaveGroup (key 13). Versions 0 to 5. 3: several members at once, static ones by their instance alone (KIP-345); 5:
 * reason (KIP-800). Before 3 the one member's error is the answer's.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { LeaveGroup } from '../../proto/kafka/generated/apis.ts'
import type { LeaveGroupRequest, LeaveGroupResponse } from '../../proto/kafka/generated/13-leave-group.ts'
import type { Handler } from './handler.ts'

const MANY_MEMBERS_VERSION = 3

export const leaveGroupHandler: Handler<LeaveGroupRequest, LeaveGroupResponse> = {
  api: LeaveGroup,
  handle(request, context, services) {
    const many = context.apiVersion >= MANY_MEMBERS_VERSION
    const one = { memberId: request.memberId, groupInstanceId: null, reason: null }
    const leave = { groupId: request.groupId, members: many ? request.members : [one] }
    services.groups.leave(leave, ({ error, members }) => {
      if (!many) {
        const errorCode = error === Errors.NONE ? (members[0]?.error ?? Errors.NONE) : error
        context.reply({ throttleTimeMs: 0, errorCode, members: [] })
        return
      }
      const answers = members.map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        errorCode: member.error,
      }))
      context.reply({ throttleTimeMs: 0, errorCode: error, members: answers })
    })
  },
}
