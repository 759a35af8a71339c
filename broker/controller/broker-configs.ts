/** Which broker options may be changed while brokers run, and to what. */
import { Errors } from '../../proto/kafka/errors.ts'
import { brokerOption, brokerOptions } from '../config/definitions.ts'
import { ConfigError } from '../config/error.ts'
import { checkRelations } from '../config/relations.ts'
import { parseAll, parseValue } from '../config/values.ts'
import type { ItemResult } from './api.ts'
import { type CommandContext, failure } from './core.ts'

/** Eligible leader replicas are only right while every broker uses the same minimum (KIP-966). */
const MIN_ISR = 'min.insync.replicas'

type Overrides = ReadonlyMap<string, string>

function resourceProblem(context: CommandContext, name: string): ItemResult | null {
  if (name === '') return null
  if (!/^-?\d+$/.test(name)) {
    return failure(Errors.INVALID_REQUEST, 'Unable to parse broker name as a base 10 number.')
  }
  if (Number(name) < 0) return failure(Errors.INVALID_REQUEST, 'Invalid negative broker ID.')
  if (context.image.broker(Number(name)) !== undefined) return null
  return failure(Errors.BROKER_ID_NOT_REGISTERED, `No broker with id ${name} found.`)
}

function minIsrProblem(name: string, current: Overrides, next: Overrides): ItemResult | null {
  if (name !== '' && next.has(MIN_ISR)) {
    return failure(Errors.INVALID_CONFIG, `Broker-level ${MIN_ISR} cannot be altered while ELR is enabled.`)
  }
  if (name === '' && current.has(MIN_ISR) && !next.has(MIN_ISR)) {
    return failure(Errors.INVALID_CONFIG, `Cluster-level ${MIN_ISR} cannot be removed while ELR is enabled.`)
  }
  return null
}

/** Java prints a set of names in brackets. */
function listed(names: readonly string[]): string {
  return `[${names.join(', ')}]`
}

/** The options as they would count on this broker must go together. Throws ConfigError. */
function checkTogether(context: CommandContext, resourceName: string, texts: Overrides): void {
  const { config, image } = context
  const ofAll = resourceName === '' ? texts : image.brokerConfig('')
  const ofThis = resourceName === '' ? image.brokerConfig(String(config.nodeId)) : texts
  try {
    checkRelations(parseAll(brokerOptions, new Map([...config.configured, ...ofAll, ...ofThis])))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(error.option, `requirement failed: ${error.message}`)
  }
}

/**
 * Canonical texts of the overrides of a broker (`''` = of all), or why they are refused. Names that are no broker option
 * are kept as they are, as Kafka keeps them for plug-ins.
 */
export function brokerConfigProblem(
  context: CommandContext,
  resourceName: string,
  current: Overrides,
  next: Overrides,
): Overrides | ItemResult {
  const names = [...next.keys()].sort()
  const refused = (mode: string) => names.filter((name) => brokerOption(name)?.update === mode)
  const readOnly = refused('read-only')
  if (readOnly.length > 0) {
    return failure(Errors.INVALID_REQUEST, `Cannot update these configs dynamically: ${listed(readOnly)}`)
  }
  const texts = new Map(next)
  try {
    for (const [name, text] of next) {
      const definition = brokerOption(name)
      if (definition !== undefined) texts.set(name, parseValue(name, definition, text).text)
    }
    checkTogether(context, resourceName, texts)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return failure(Errors.INVALID_REQUEST, error.message)
  }
  const perBroker = refused('per-broker')
  if (resourceName === '' && perBroker.length > 0) {
    return failure(
      Errors.INVALID_REQUEST,
      `Cannot update these configs at default cluster level, broker id must be specified: ${listed(perBroker)}`,
    )
  }
  return resourceProblem(context, resourceName) ?? minIsrProblem(resourceName, current, texts) ?? texts
}
