/** AlterConfigs (key 33). Versions 0 to 2. Replaces all overrides of each resource; IncrementalAlterConfigs does not. */
import { AlterConfigs } from '../../proto/kafka/generated/apis.ts'
import type { AlterConfigsRequest, AlterConfigsResponse } from '../../proto/kafka/generated/33-alter-configs.ts'
import type { Handler } from './handler.ts'
import { alterResources } from './topics/config-resource.ts'

export const alterConfigsHandler: Handler<AlterConfigsRequest, AlterConfigsResponse> = {
  api: AlterConfigs,
  handle(request, context, services) {
    const resources = request.resources.map(({ resourceType, resourceName, configs }) => ({
      names: configs.map(({ name }) => name),
      nullNames: configs.filter(({ value }) => value === null).map(({ name }) => name),
      problem: null,
      change: {
        resourceType,
        resourceName,
        operations: configs.map(({ name, value }) => ({ name, op: 'set' as const, value })),
        replaceAll: true,
      },
    }))
    alterResources(resources, request.validateOnly, services, (responses) => {
      context.reply({ throttleTimeMs: 0, responses })
    })
  },
}
