/** ListGroups (key 16). Versions 0 to 5. 4: state, and a filter by it (KIP-518); 5: type, and a filter by it (KIP-848). */
import { ListGroups } from '../../proto/kafka/generated/apis.ts'
import type { ListGroupsRequest, ListGroupsResponse } from '../../proto/kafka/generated/16-list-groups.ts'
import type { Handler } from './handler.ts'

export const listGroupsHandler: Handler<ListGroupsRequest, ListGroupsResponse> = {
  api: ListGroups,
  handle(request, context, services) {
    const filter = { states: request.statesFilter, types: request.typesFilter }
    services.groups.list(filter, ({ error, groups }) => {
      const answers = groups.map(({ groupId, protocolType, state, type }) => ({
        groupId,
        protocolType,
        groupState: state,
        groupType: type,
      }))
      context.reply({ throttleTimeMs: 0, errorCode: error, groups: answers })
    })
  },
}
