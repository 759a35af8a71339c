/** IncrementalAlterConfigs (key 44, KIP-339). Versions 0 and 1. Sets, deletes, appends to lists, subtracts from lists. */
import { IncrementalAlterConfigs } from '../../proto/kafka/generated/apis.ts'
import type {
  AlterConfigsResource,
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../proto/kafka/generated/44-incremental-alter-configs.ts'
import type { ConfigChange, ConfigOperation } from '../controller/api.ts'
import type { Handler } from './handler.ts'
import { alterResources } from './topics/config-resource.ts'

/** By Kafka's AlterConfigOp code. */
const operations: readonly ConfigOperation[] = ['set', 'delete', 'append', 'subtract']

export const incrementalAlterConfigsHandler: Handler<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse> =
  {
    api: IncrementalAlterConfigs,
    handle(request, context, services) {
      const resources = request.resources.map((resource) => {
        const { configs } = resource
        const unknown = configs.find(({ configOperation }) => operations[configOperation] === undefined)
        return {
          names: configs.map(({ name }) => name),
          nullNames: configs
            .filter(({ configOperation, value }) => operations[configOperation] !== 'delete' && value === null)
            .map(({ name }) => name),
          problem: unknown === undefined ? null : `Unknown operation ${unknown.configOperation} for ${unknown.name}`,
          change: changeOf(resource),
        }
      })
      alterResources(resources, request.validateOnly, services, (responses) => {
        context.reply({ throttleTimeMs: 0, responses })
      })
    },
  }

function changeOf({ resourceType, resourceName, configs }: AlterConfigsResource): ConfigChange {
  return {
    resourceType,
    resourceName,
    operations: configs.flatMap(({ name, configOperation, value }) => {
      const op = operations[configOperation]
      return op === undefined ? [] : [{ name, op, value }]
    }),
    replaceAll: false,
  }
}
