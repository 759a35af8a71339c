/**
 * DescribeConfigs (key 32). Versions 1 to 4. 1: source and synonyms; 3: type and documentation (KIP-569). Topics, this
 * broker, and (empty name) what is set for all brokers.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { DescribeConfigs } from '../../proto/kafka/generated/apis.ts'
import type {
  DescribeConfigsRequest,
  DescribeConfigsResource,
  DescribeConfigsResourceResult,
  DescribeConfigsResponse,
  DescribeConfigsResult,
} from '../../proto/kafka/generated/32-describe-configs.ts'
import {
  type DescribedOption,
  describeBrokerOptions,
  describeClusterDefaults,
  describeTopicOptions,
} from '../config/describe.ts'
import { ResourceType } from '../controller/image.ts'
import { topicNameProblem } from '../controller/names.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'

export const describeConfigsHandler: Handler<DescribeConfigsRequest, DescribeConfigsResponse> = {
  api: DescribeConfigs,
  handle(request, context, services) {
    const stranger = request.resources.find(({ resourceType }) => !kafkaTypes.has(resourceType))
    const results = request.resources.map((resource) =>
      stranger === undefined ? describe(resource, request, services) : refusal(resource, stranger.resourceType),
    )
    context.reply({ throttleTimeMs: 0, results })
  },
}

/** Topic, broker, broker logger, client metrics, group: one resource of another type spoils the whole request. */
const kafkaTypes: ReadonlySet<number> = new Set([2, 4, 8, 16, 32])

function refusal({ resourceType, resourceName }: DescribeConfigsResource, strange: number): DescribeConfigsResult {
  const errorMessage = `Unexpected resource type ${strange}`
  return { errorCode: Errors.INVALID_REQUEST, errorMessage, resourceType, resourceName, configs: [] }
}

interface Failure {
  readonly errorCode: number
  readonly errorMessage: string | null
}

function describe(
  resource: DescribeConfigsResource,
  request: DescribeConfigsRequest,
  services: Services,
): DescribeConfigsResult {
  const { resourceType, resourceName, configurationKeys } = resource
  const options = optionsOf(resource, services)
  if ('errorCode' in options) return { ...options, resourceType, resourceName, configs: [] }
  const all = configurationKeys === null || configurationKeys.length === 0
  const wanted = all ? options : options.filter(({ name }) => configurationKeys.includes(name))
  const configs = wanted.map((option) => entry(option, request))
  return { errorCode: Errors.NONE, errorMessage: '', resourceType, resourceName, configs }
}

function optionsOf(resource: DescribeConfigsResource, services: Services): readonly DescribedOption[] | Failure {
  const { resourceType, resourceName } = resource
  const { config, metadata } = services
  if (resourceType === ResourceType.TOPIC) {
    const problem = topicNameProblem(resourceName)
    if (problem !== null) return { errorCode: Errors.INVALID_TOPIC_EXCEPTION, errorMessage: problem }
    const topic = metadata.topic(resourceName)
    if (topic === undefined) return { errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: '' }
    return describeTopicOptions(topic.configs, config, metadata)
  }
  const invalid = (errorMessage: string) => ({ errorCode: Errors.INVALID_REQUEST, errorMessage })
  if (resourceType !== ResourceType.BROKER) return invalid(`Unsupported resource type: ${resourceType}`)
  if (resourceName === '') return describeClusterDefaults(config, metadata)
  if (!/^[+-]?\d+$/.test(resourceName)) return invalid(`Broker id must be an integer, but it is: ${resourceName}`)
  if (Number(resourceName) === config.nodeId) return describeBrokerOptions(config, metadata)
  return invalid(`Unexpected broker id, expected ${config.nodeId} or empty string, but received ${resourceName}`)
}

function entry(option: DescribedOption, request: DescribeConfigsRequest): DescribeConfigsResourceResult {
  const { name, value, readOnly, source, synonyms, type, documentation } = option
  return {
    name,
    value,
    readOnly,
    configSource: source,
    isSensitive: false,
    synonyms: request.includeSynonyms
      ? synonyms.map((layer) => ({ name: layer.name, value: layer.text, source: layer.source }))
      : [],
    configType: type,
    documentation: request.includeDocumentation ? documentation : null,
  }
}
