/**
 * What the controller's commands share. A command is a pure function: it looks at the newest image (records that are not
 * committed yet included) and returns the records that make the change, or an error and none.
 */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type { BrokerConfig } from '../config.ts'
import { topicProperties } from '../config/effective.ts'
import type { Random } from '../ports/random.ts'
import type { ItemResult } from './api.ts'
import type { MetadataImage } from './image.ts'
import type { TopicView } from './view.ts'

export interface CommandContext {
  readonly image: MetadataImage
  readonly config: BrokerConfig
  readonly random: Random
}

export interface Outcome<Result> {
  /** Committed together or not at all. */
  readonly records: readonly MetadataRecord[]
  readonly result: Result
}

export const success: ItemResult = { error: Errors.NONE, message: null }

export function failure(error: number, message: string | null = null): ItemResult {
  return { error, message }
}

/** `min.insync.replicas` of a topic, as it counts now. */
export function minInsyncReplicas(context: CommandContext, topic: TopicView): number {
  return topicProperties(topic.configs, context.config, context.image)['min.insync.replicas']
}

/** Sorted replicas that may be in an ISR: registered and not fenced. */
export function activeReplicas(context: CommandContext, replicas: readonly number[]): number[] {
  return replicas.filter((id) => context.image.isActive(id))
}

/** The same with these records applied to its image. */
export function afterwards(context: CommandContext, records: readonly MetadataRecord[]): CommandContext {
  if (records.length === 0) return context
  const image = context.image.clone()
  image.apply(records, 0)
  return { ...context, image }
}
