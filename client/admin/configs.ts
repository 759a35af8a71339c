import { Errors } from '../../proto/kafka/errors.ts'
import { DescribeConfigs, IncrementalAlterConfigs } from '../../proto/kafka/generated/apis.ts'
import { clientError, KafkaError } from '../errors.ts'
import type { AdminContext } from './context.ts'
import type { ConfigChange, ConfigEntry, ConfigResource, ConfigSource } from './types.ts'

const RESOURCE_TYPES = { topic: 2, broker: 4 } as const

const SOURCES: Readonly<Record<number, ConfigSource>> = {
  1: 'topic',
  2: 'dynamic-broker',
  3: 'dynamic-default',
  4: 'static',
  5: 'default',
}

const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

export async function describeConfigs(
  context: AdminContext,
  { type, name }: ConfigResource,
  signal: AbortSignal | undefined,
): Promise<ConfigEntry[]> {
  const message = {
    resources: [{ resourceType: RESOURCE_TYPES[type], resourceName: name, configurationKeys: null }],
    includeSynonyms: false,
    includeDocumentation: false,
  }
  const { results } =
    type === 'broker'
      ? await context.broker(Number(name), DescribeConfigs, message, signal)
      : await context.any(DescribeConfigs, message, signal)
  const result = results[0]
  if (result === undefined) throw clientError('CLIENT_PROTOCOL', `no answer for ${type} ${name}`)
  if (result.errorCode !== Errors.NONE) {
    throw new KafkaError(result.errorCode, `configs of ${type} ${name}`, result.errorMessage)
  }
  return result.configs.map((entry) => ({
    name: entry.name,
    value: entry.value,
    source: SOURCES[entry.configSource] ?? 'other',
    readOnly: entry.readOnly,
    sensitive: entry.isSensitive,
  }))
}

export async function alterConfigs(
  context: AdminContext,
  { type, name }: ConfigResource,
  changes: readonly ConfigChange[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const configs = changes.map(operation)
  const message = {
    resources: [{ resourceType: RESOURCE_TYPES[type], resourceName: name, configs }],
    validateOnly: false,
  }
  const { responses } =
    type === 'broker'
      ? await context.broker(Number(name), IncrementalAlterConfigs, message, signal)
      : await context.controller(IncrementalAlterConfigs, message, signal, (answer) => answer.responses)
  for (const { errorCode, errorMessage } of responses) {
    if (errorCode !== Errors.NONE) throw new KafkaError(errorCode, `configs of ${type} ${name}`, errorMessage)
  }
}

function operation(change: ConfigChange): { name: string; configOperation: number; value: string | null } {
  if ('set' in change) return { name: change.set, configOperation: SET, value: change.to }
  if ('append' in change) return { name: change.append, configOperation: APPEND, value: change.to }
  if ('subtract' in change) return { name: change.subtract, configOperation: SUBTRACT, value: change.from }
  return { name: change.delete, configOperation: DELETE, value: null }
}
