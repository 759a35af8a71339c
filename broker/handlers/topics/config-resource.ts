/** What AlterConfigs and IncrementalAlterConfigs check before the controller is asked. */
import { Errors } from '../../../proto/kafka/errors.ts'
import type { ConfigChange, ItemResult } from '../../controller/api.ts'
import { ResourceType } from '../../controller/image.ts'
import type { Services } from '../../services.ts'
import { duplicatesOf } from './duplicates.ts'

export interface AlterRequest {
  readonly change: ConfigChange
  /** All names in the request, and those that lack the value they need. */
  readonly names: readonly string[]
  readonly nullNames: readonly string[]
  /** What else is wrong with the request. */
  readonly problem: string | null
}

export interface AlterResponse {
  errorCode: number
  errorMessage: string | null
  resourceType: number
  resourceName: string
}

function resourceKey({ change }: AlterRequest): string {
  return `${change.resourceType}:${change.resourceName}`
}

function invalid(message: string): ItemResult {
  return { error: Errors.INVALID_REQUEST, message }
}

/** Kafka lets a broker's options be changed through that broker only (or any, for all brokers: the empty name). */
function brokerProblem(name: string, nodeId: number): string | null {
  if (name === '') return null
  if (!/^[+-]?\d+$/.test(name)) return `Node id must be an integer, but it is: ${name}`
  return Number(name) === nodeId ? null : `Unexpected broker id, expected ${nodeId}, but received ${name}`
}

function problemOf(resource: AlterRequest, twice: ReadonlySet<string>, nodeId: number): ItemResult | null {
  const { resourceType, resourceName } = resource.change
  if (twice.has(resourceKey(resource))) return invalid('Each resource must appear at most once.')
  if (duplicatesOf(resource.names).size > 0) return invalid('Error due to duplicate config keys')
  if (resource.nullNames.length > 0) return invalid(`Null value not supported for : ${resource.nullNames.join(', ')}`)
  if (resourceType === ResourceType.BROKER) {
    const problem = brokerProblem(resourceName, nodeId)
    if (problem !== null) return invalid(problem)
  } else if (resourceType !== ResourceType.TOPIC) {
    return invalid(`Unknown resource type ${resourceType}`)
  }
  return resource.problem === null ? null : invalid(resource.problem)
}

/** Asks the controller for what is well formed; `done` gets an answer for each resource, in order. */
export function alterResources(
  resources: readonly AlterRequest[],
  validateOnly: boolean,
  services: Services,
  done: (responses: AlterResponse[]) => void,
): void {
  const twice = duplicatesOf(resources.map(resourceKey))
  const problems = resources.map((resource) => problemOf(resource, twice, services.nodeId))
  const changes = resources.filter((_, i) => problems[i] === null).map(({ change }) => change)
  services.controller.alterConfigs(changes, { validateOnly }, (results) => {
    let decided = 0
    done(
      resources.map(({ change: { resourceType, resourceName } }, i) => {
        const { error, message } = problems[i] ?? results[decided++] ?? invalid('no answer')
        return { errorCode: error, errorMessage: message, resourceType, resourceName }
      }),
    )
  })
}
