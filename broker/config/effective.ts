/** Which value of an option counts, and where it came from: Kafka's layers and their order. */
import type { BrokerConfig } from '../config.ts'
import type { LogConfig } from '../log/config.ts'
import { brokerOption, type TopicProperties, topicOption, topicOptions, topicSynonyms } from './definitions.ts'
import type { Synonym } from './topic-options.ts'
import { parseAll, parseValue } from './values.ts'

/** Kafka's ConfigSource codes, as DescribeConfigs carries them. */
export const ConfigSource = {
  DYNAMIC_TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
} as const

/** The metadata view, as far as configs go: overrides set by AlterConfigs on a broker, or on all (`''`). */
export interface DynamicConfigs {
  brokerConfig(nodeId: string): ReadonlyMap<string, string>
}

export interface LayeredValue {
  readonly name: string
  readonly text: string
  readonly source: number
}

/** Every layer that has a value for the broker option, strongest first; the default last. */
export function brokerLayers(name: string, config: BrokerConfig, dynamic: DynamicConfigs): LayeredValue[] {
  const layers: readonly (readonly [ReadonlyMap<string, string>, number])[] = [
    [dynamic.brokerConfig(String(config.nodeId)), ConfigSource.DYNAMIC_BROKER_CONFIG],
    [dynamic.brokerConfig(''), ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG],
    [config.configured, ConfigSource.STATIC_BROKER_CONFIG],
  ]
  const found = layers.flatMap(([texts, source]) => {
    const text = texts.get(name)
    return text === undefined ? [] : [{ name, text, source }]
  })
  const fallback = config.defaults.get(name) ?? brokerOption(name)?.defaultText ?? null
  return fallback === null ? found : [...found, { name, text: fallback, source: ConfigSource.DEFAULT_CONFIG }]
}

/** The layer's value in the unit of the topic option: hours and minutes become milliseconds, -1 stays -1. */
function scaled(text: string, synonym: Synonym): string {
  const value = Number(text)
  return synonym.scaleMs === undefined || value < 0 ? text : String(value * synonym.scaleMs)
}

/** What a topic without an override gets: the strongest synonym that is set, else the definition's default; null = unset. */
export function topicDefault(name: string, config: BrokerConfig, dynamic: DynamicConfigs): string | null {
  for (const synonym of topicSynonyms.get(name) ?? []) {
    const text = brokerText(synonym.name, config, dynamic)
    if (text !== null) return scaled(text, synonym)
  }
  return topicOption(name)?.defaultText ?? null
}

/** All options of a topic, typed: its overrides over the broker's options over the defaults. */
export function topicProperties(
  overrides: ReadonlyMap<string, string>,
  config: BrokerConfig,
  dynamic: DynamicConfigs,
): TopicProperties {
  const texts = new Map<string, string>()
  for (const name of Object.keys(topicOptions)) {
    const text = overrides.get(name) ?? topicDefault(name, config, dynamic)
    if (text !== null) texts.set(name, text)
  }
  return parseAll(topicOptions, texts)
}

/** One broker option as it counts now, AlterConfigs included; typed as in `BrokerProperties`. */
export function brokerText(name: string, config: BrokerConfig, dynamic: DynamicConfigs): string | null {
  // The first of `brokerLayers`, without the list: every topic asks for each of its options at every change.
  return (
    dynamic.brokerConfig(String(config.nodeId)).get(name) ??
    dynamic.brokerConfig('').get(name) ??
    config.configured.get(name) ??
    config.defaults.get(name) ??
    brokerOption(name)?.defaultText ??
    null
  )
}

/** A numeric broker option as it counts now, AlterConfigs included. Throws RangeError for an unset or foreign one. */
export function brokerNumber(name: string, config: BrokerConfig, dynamic: DynamicConfigs): number {
  const definition = brokerOption(name)
  const text = brokerText(name, config, dynamic)
  const value = definition === undefined || text === null ? null : parseValue(name, definition, text).value
  if (typeof value !== 'number') throw new RangeError(`broker option ${name} is no number`)
  return value
}

/** What one partition's log obeys. */
export function topicConfig(
  overrides: ReadonlyMap<string, string>,
  config: BrokerConfig,
  dynamic: DynamicConfigs,
): LogConfig {
  return logConfig(topicProperties(overrides, config, dynamic))
}

/** The same from the options of its topic. */
export function logConfig(options: TopicProperties): LogConfig {
  const policies = options['cleanup.policy']
  const isCompacted = policies.includes('compact')
  return {
    segmentBytes: options['internal.segment.bytes'] ?? options['segment.bytes'],
    // A compacted topic's newest records come into reach of the cleaner in time.
    segmentMs: isCompacted ? Math.min(options['segment.ms'], options['max.compaction.lag.ms']) : options['segment.ms'],
    indexIntervalBytes: options['index.interval.bytes'],
    segmentIndexBytes: options['segment.index.bytes'],
    retentionMs: options['retention.ms'],
    retentionBytes: options['retention.bytes'],
    maxMessageBytes: options['max.message.bytes'],
    // The validators admit these words only.
    messageTimestampType: options['message.timestamp.type'] as LogConfig['messageTimestampType'],
    messageTimestampBeforeMaxMs: options['message.timestamp.before.max.ms'],
    messageTimestampAfterMaxMs: options['message.timestamp.after.max.ms'],
    cleanupPolicy: { delete: policies.includes('delete'), compact: isCompacted },
    fileDeleteDelayMs: options['file.delete.delay.ms'],
    deleteRetentionMs: options['delete.retention.ms'],
    minCleanableDirtyRatio: options['min.cleanable.dirty.ratio'],
    minCompactionLagMs: options['min.compaction.lag.ms'],
    maxCompactionLagMs: options['max.compaction.lag.ms'],
    compressionType: options['compression.type'] as LogConfig['compressionType'],
  }
}
