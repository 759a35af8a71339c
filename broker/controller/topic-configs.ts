/** Whether a set of topic overrides is legal, as Kafka's LogConfig decides it. */
import { Errors } from '../../proto/kafka/errors.ts'
import { topicOption, topicOptions } from '../config/definitions.ts'
import { topicProperties } from '../config/effective.ts'
import { ConfigError } from '../config/error.ts'
import { parseValue } from '../config/values.ts'
import type { ItemResult } from './api.ts'
import { type CommandContext, failure } from './core.ts'

/** Canonical texts of the overrides, or why they are refused (INVALID_CONFIG). */
export function topicConfigProblem(
  context: CommandContext,
  configs: Iterable<{ readonly name: string; readonly value: string | null }>,
): ReadonlyMap<string, string> | ItemResult {
  const invalid = (message: string) => failure(Errors.INVALID_CONFIG, message)
  const given = new Map<string, string | null>()
  for (const { name, value } of configs) given.set(name, value)
  const nulls = [...given].filter(([, value]) => value === null).map(([name]) => name)
  if (nulls.length > 0) return invalid(`Null value not supported for topic configs: ${nulls.join(',')}`)
  const unknown = [...given.keys()].find((name) => topicOption(name) === undefined)
  if (unknown !== undefined) return invalid(`Unknown topic config name: ${unknown}`)
  try {
    return checked(context, given)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return invalid(error.message)
  }
}

/** Throws ConfigError. */
function checked(context: CommandContext, given: ReadonlyMap<string, string | null>): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  // In the order of the table, so that of several mistakes always the same one is named.
  for (const [name, definition] of Object.entries(topicOptions)) {
    const text = given.get(name)
    if (text !== undefined && text !== null) texts.set(name, parseValue(name, definition, text).text)
  }
  const effective = topicProperties(texts, context.config, context.image)
  const [minLag, maxLag] = [effective['min.compaction.lag.ms'], effective['max.compaction.lag.ms']]
  if (minLag > maxLag) {
    const message = `conflict topic config setting min.compaction.lag.ms (${minLag}) > max.compaction.lag.ms (${maxLag})`
    throw new ConfigError('min.compaction.lag.ms', message)
  }
  if (effective['remote.storage.enable']) {
    throw new ConfigError(
      'remote.storage.enable',
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    )
  }
  return texts
}
