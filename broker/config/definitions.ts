/** The tables of all options: `topicOptions` of topics, `brokerOptions` of brokers, with Kafka's names as keys. */
import type { ConfigDefinition, ValuesOf } from './definition.ts'
import { groupOptions } from './group-options.ts'
import { logOptions } from './log-options.ts'
import { serverOptions } from './server-options.ts'
import { topicOptions } from './topic-options.ts'

export { type TopicOption, type TopicProperties, topicOptions, topicSynonyms } from './topic-options.ts'

export const brokerOptions = { ...serverOptions, ...logOptions, ...groupOptions } as const

export type BrokerOption = keyof typeof brokerOptions
/** Typed values of all broker options, by Kafka's names. LONG "never" (2^63-1) comes as Number.MAX_SAFE_INTEGER. */
export type BrokerProperties = ValuesOf<typeof brokerOptions>

const topicTable: ReadonlyMap<string, ConfigDefinition> = new Map(Object.entries(topicOptions))
const brokerTable: ReadonlyMap<string, ConfigDefinition> = new Map(Object.entries(brokerOptions))

/** The definition of a topic option named by a client; undefined when there is none. */
export function topicOption(name: string): ConfigDefinition | undefined {
  return topicTable.get(name)
}

export function brokerOption(name: string): ConfigDefinition | undefined {
  return brokerTable.get(name)
}
