/** AlterConfigs and IncrementalAlterConfigs as commands, for topics and brokers. */
import type { ConfigRecord, MetadataRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { brokerOption, topicOption } from '../config/definitions.ts'
import { brokerText, topicDefault } from '../config/effective.ts'
import type { ConfigChange, ConfigOperation, ItemResult } from './api.ts'
import { brokerConfigProblem } from './broker-configs.ts'
import { type CommandContext, failure, type Outcome, success } from './core.ts'
import { ResourceType } from './image.ts'
import { minIsrChanges } from './min-isr-change.ts'
import { topicNameProblem } from './names.ts'
import { topicConfigProblem } from './topic-configs.ts'

type Overrides = ReadonlyMap<string, string>

function isList(resourceType: number, name: string): boolean {
  const definition = resourceType === ResourceType.TOPIC ? topicOption(name) : brokerOption(name)
  return definition?.type === 'LIST'
}

/** What APPEND and SUBTRACT start from when there is no override: the value that counts without one. */
function inherited(context: CommandContext, resourceType: number, name: string): string {
  const text =
    resourceType === ResourceType.TOPIC
      ? topicDefault(name, context.config, context.image)
      : brokerText(name, context.config, context.image)
  return text ?? ''
}

function notAList(resourceType: number, op: ConfigOperation, name: string): string {
  return resourceType === ResourceType.BROKER
    ? `Config value ${op} is not allowed for config key: ${name}`
    : `Can't ${op.toUpperCase()} to key ${name} because its type is not LIST.`
}

function words(text: string): string[] {
  return text.split(',').filter((word) => word !== '')
}

/** The overrides after the operations, or why one of them cannot be done. */
function operate(context: CommandContext, change: ConfigChange, current: Overrides): Map<string, string> | ItemResult {
  const next = new Map(change.replaceAll ? [] : current)
  for (const { name, op, value } of change.operations) {
    if (op === 'delete') next.delete(name)
    else if (op === 'set') next.set(name, value ?? '')
    else {
      if (!isList(change.resourceType, name)) {
        return failure(Errors.INVALID_CONFIG, notAList(change.resourceType, op, name))
      }
      const before = words(next.get(name) ?? inherited(context, change.resourceType, name))
      const operands = words(value ?? '')
      const after =
        op === 'append' ? [...new Set([...before, ...operands])] : before.filter((word) => !operands.includes(word))
      next.set(name, after.join(','))
    }
  }
  return next
}

/** Texts of the legal overrides, or why they are refused. */
function checked(
  context: CommandContext,
  change: ConfigChange,
  current: Overrides,
  next: Overrides,
): Overrides | ItemResult {
  const { resourceType, resourceName } = change
  if (resourceType === ResourceType.BROKER) return brokerConfigProblem(context, resourceName, current, next)
  if (resourceName === '') return failure(Errors.INVALID_REQUEST, 'Default topic resources are not allowed.')
  const name = topicNameProblem(resourceName)
  if (name !== null) return failure(Errors.INVALID_TOPIC_EXCEPTION, name)
  const configs = topicConfigProblem(
    context,
    [...next].map(([key, value]) => ({ name: key, value })),
  )
  if ('error' in configs) return configs
  if (context.image.topic(resourceName) === undefined) {
    return failure(Errors.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${resourceName}' does not exist.`)
  }
  return configs
}

function currentOverrides(context: CommandContext, change: ConfigChange): Overrides {
  if (change.resourceType === ResourceType.BROKER) return context.image.brokerConfig(change.resourceName)
  return context.image.topic(change.resourceName)?.configs ?? new Map()
}

function differences(change: ConfigChange, current: Overrides, next: Overrides): ConfigRecord[] {
  const { resourceType, resourceName } = change
  const record = (name: string, value: string | null): ConfigRecord => ({
    kind: 'config',
    resourceType,
    resourceName,
    name,
    value,
  })
  const removed = [...current.keys()].filter((name) => !next.has(name)).map((name) => record(name, null))
  const set = [...next]
    .filter(([name, value]) => current.get(name) !== value)
    .map(([name, value]) => record(name, value))
  return [...removed, ...set]
}

function alterOne(context: CommandContext, change: ConfigChange, records: MetadataRecord[]): ItemResult {
  if (change.resourceType !== ResourceType.TOPIC && change.resourceType !== ResourceType.BROKER) {
    return failure(Errors.INVALID_REQUEST, `Unknown resource type ${change.resourceType}`)
  }
  const current = currentOverrides(context, change)
  const next = operate(context, change, current)
  if ('error' in next) return next
  const legal = checked(context, change, current, next)
  if ('error' in legal) return legal
  records.push(...differences(change, current, legal))
  return success
}

/** Resources must differ within the request, and so must the names of one resource's operations. */
export function alterConfigs(
  context: CommandContext,
  changes: readonly ConfigChange[],
  validateOnly: boolean,
): Outcome<readonly ItemResult[]> {
  const records: MetadataRecord[] = []
  const result = changes.map((change) => alterOne(context, change, records))
  return { records: validateOnly ? [] : [...records, ...minIsrChanges(context, records)], result }
}
