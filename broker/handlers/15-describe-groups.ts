/**
 * DescribeGroups (key 15). Versions 0 to 6. 3: authorized operations (KIP-430); 4: instance id (KIP-345); 6: a group that
 * is not there is GROUP_ID_NOT_FOUND (KIP-1043), before it is Dead without an error.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { DescribeGroups } from '../../proto/kafka/generated/apis.ts'
import type {
  DescribedGroup as DescribedGroupAnswer,
  DescribeGroupsRequest,
  DescribeGroupsResponse,
} from '../../proto/kafka/generated/15-describe-groups.ts'
import type { DescribedGroup } from '../groups/api.ts'
import type { Handler, RequestContext } from './handler.ts'

const NOT_FOUND_VERSION = 6

/** "Not asked for, or not known". */
const NO_OPERATIONS = -2_147_483_648

/** READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS: what everybody may do with a group while there are no ACLs. */
const ALL_GROUP_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11)

export const describeGroupsHandler: Handler<DescribeGroupsRequest, DescribeGroupsResponse> = {
  api: DescribeGroups,
  handle(request, context, services) {
    services.groups.describe(request.groups, (groups) => {
      const answers = groups.map((group) => describe(group, request, context))
      context.reply({ throttleTimeMs: 0, groups: answers })
    })
  },
}

function describe(
  group: DescribedGroup,
  request: DescribeGroupsRequest,
  context: RequestContext<DescribeGroupsResponse>,
): DescribedGroupAnswer {
  const hidesAbsence = group.error === Errors.GROUP_ID_NOT_FOUND && context.apiVersion < NOT_FOUND_VERSION
  const showsOperations = request.includeAuthorizedOperations && (group.error === Errors.NONE || hidesAbsence)
  return {
    errorCode: hidesAbsence ? Errors.NONE : group.error,
    errorMessage: hidesAbsence ? null : group.message,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType,
    protocolData: group.protocolName,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: member.metadata,
      memberAssignment: member.assignment,
    })),
    authorizedOperations: showsOperations ? ALL_GROUP_OPERATIONS : NO_OPERATIONS,
  }
}
