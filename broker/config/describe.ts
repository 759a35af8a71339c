/** Options as DescribeConfigs and CreateTopics tell them: value, source, synonyms, type, documentation. */
import type { BrokerConfig } from '../config.ts'
import type { ConfigDefinition, ConfigType } from './definition.ts'
import { brokerOption, brokerOptions, topicOption, topicOptions, topicSynonyms } from './definitions.ts'
import { brokerLayers, ConfigSource, type DynamicConfigs, type LayeredValue, topicDefault } from './effective.ts'

export interface DescribedOption {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  /** The strongest layer that has a value, as a `ConfigSource` code. */
  readonly source: number
  /** Every layer that has a value, strongest first. */
  readonly synonyms: readonly LayeredValue[]
  /** 0 = unknown, for an option that a plug-in would know. */
  readonly type: number
  readonly documentation: string | null
}

/** Kafka's ConfigType codes. */
const typeCodes: Readonly<Record<ConfigType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
}

/** Options in several units: describing one of them shows the weaker units too. */
const unitFamilies: readonly (readonly string[])[] = [...topicSynonyms.values()]
  .map((synonyms) => synonyms.map((synonym) => synonym.name))
  .filter((names) => names.length > 1)

/** The layers of an option and of its weaker units, from the option's own strongest value on (so Kafka lists them). */
function synonymLayers(name: string, config: BrokerConfig, dynamic: DynamicConfigs): LayeredValue[] {
  const family = unitFamilies.find((names) => names.includes(name)) ?? [name]
  const layers = family.flatMap((member) => brokerLayers(member, config, dynamic))
  // By source first, as each source is asked for all the names.
  const sorted = layers.toSorted((a, b) => a.source - b.source)
  const own = sorted.findIndex((layer) => layer.name === name)
  return own === -1 ? [] : sorted.slice(own)
}

function entry(
  name: string,
  value: string | null,
  synonyms: readonly LayeredValue[],
  definition: ConfigDefinition | undefined,
  readOnly: boolean,
): DescribedOption {
  return {
    name,
    value,
    readOnly,
    source: synonyms[0]?.source ?? ConfigSource.DEFAULT_CONFIG,
    synonyms,
    type: definition === undefined ? 0 : typeCodes[definition.type],
    documentation: definition?.documentation ?? null,
  }
}

/** All options of a topic with these overrides, in the order of the table. */
export function describeTopicOptions(
  overrides: ReadonlyMap<string, string>,
  config: BrokerConfig,
  dynamic: DynamicConfigs,
): DescribedOption[] {
  const shown = Object.keys(topicOptions).filter((name) => overrides.has(name) || topicOption(name)?.hidden !== true)
  return shown.map((name) => {
    const [primary] = topicSynonyms.get(name) ?? []
    const inherited = primary === undefined ? [] : synonymLayers(primary.name, config, dynamic)
    const override = overrides.get(name)
    const own =
      override === undefined ? [] : [{ name, text: override, source: ConfigSource.DYNAMIC_TOPIC_CONFIG } as const]
    const value = override ?? topicDefault(name, config, dynamic)
    return entry(name, value, [...own, ...inherited], topicOption(name), false)
  })
}

function describeBrokerOption(name: string, config: BrokerConfig, dynamic: DynamicConfigs): DescribedOption {
  const definition = brokerOption(name)
  const value = brokerLayers(name, config, dynamic)[0]?.text ?? null
  const readOnly = definition === undefined || definition.update === 'read-only'
  return entry(name, value, synonymLayers(name, config, dynamic), definition, readOnly)
}

/** All options of this broker, and what AlterConfigs set on it that is no option. */
export function describeBrokerOptions(config: BrokerConfig, dynamic: DynamicConfigs): DescribedOption[] {
  const set = [...dynamic.brokerConfig('').keys(), ...dynamic.brokerConfig(String(config.nodeId)).keys()]
  const isShown = (name: string) => brokerOption(name)?.hidden !== true || config.configured.has(name)
  const names = new Set([...Object.keys(brokerOptions).filter(isShown), ...set])
  return [...names].map((name) => describeBrokerOption(name, config, dynamic))
}

/** What AlterConfigs set for all brokers; nothing else. */
export function describeClusterDefaults(config: BrokerConfig, dynamic: DynamicConfigs): DescribedOption[] {
  return [...dynamic.brokerConfig('').entries()].map(([name, value]) => {
    const described = describeBrokerOption(name, config, dynamic)
    const layers = described.synonyms.filter((layer) => layer.source === ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG)
    return { ...described, value, synonyms: layers, source: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG }
  })
}
