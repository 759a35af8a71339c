/** DeleteGroups (key 42). Versions 0 to 2. Deletes empty groups with their offsets; each named group is answered once. */
import { DeleteGroups } from '../../proto/kafka/generated/apis.ts'
import type { DeleteGroupsRequest, DeleteGroupsResponse } from '../../proto/kafka/generated/42-delete-groups.ts'
import type { Handler } from './handler.ts'

export const deleteGroupsHandler: Handler<DeleteGroupsRequest, DeleteGroupsResponse> = {
  api: DeleteGroups,
  handle(request, context, services) {
    services.groups.deleteGroups([...new Set(request.groupsNames)], (groups) => {
      const results = groups.map(({ groupId, error }) => ({ groupId, errorCode: error }))
      context.reply({ throttleTimeMs: 0, results })
    })
  },
}
