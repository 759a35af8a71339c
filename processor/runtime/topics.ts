import type { Admin } from '../../client/admin/types.ts'
import { MillraceError } from '../../client/errors.ts'
import { ProcessorError } from '../errors.ts'
import { resolveWidths, type Widths } from '../topology/partitions.ts'
import { changelogTopic, type Topology } from '../topology/plan.ts'

/** Times of internal records are event times, which may be any: what a broker refuses as too far in the future is not. */
const ANY_TIME = { 'message.timestamp.after.max.ms': '9223372036854775807' }

/** Repartition records go when they are committed (DeleteRecords), not by age. */
const REPARTITION_CONFIGS = { 'cleanup.policy': 'delete', 'retention.ms': '-1', ...ANY_TIME }
const CHANGELOG_CONFIGS = { 'cleanup.policy': 'compact', ...ANY_TIME }

export interface PreparedTopics {
  readonly widths: Widths
  /** Partitions of the topics that models are read from. */
  readonly models: ReadonlyMap<string, number>
}

/** Learns how wide topics are, and makes the internal ones. */
export async function prepareTopics(admin: Admin, topology: Topology, signal: AbortSignal): Promise<PreparedTopics> {
  const read = topology.nodes.flatMap((node) =>
    node.kind === 'source' || node.kind === 'model' ? [node.topic.name] : [],
  )
  const counts = new Map<string, number>()
  for (const name of new Set(read)) counts.set(name, await partitionsOf(admin, name, signal))
  const widths = resolveWidths(topology, counts)
  for (const node of topology.nodes) {
    if (node.kind !== 'repartition-source') continue
    await ensure(admin, node.topic.name, widths.topics.get(node.topic.name)!, REPARTITION_CONFIGS, signal)
  }
  for (const part of topology.subtopologies) {
    for (const store of part.stores) {
      const name = changelogTopic(topology.appId, store.name)
      await ensure(admin, name, widths.tasks[part.index]!, CHANGELOG_CONFIGS, signal)
    }
  }
  return { widths, models: counts }
}

async function partitionsOf(admin: Admin, name: string, signal: AbortSignal): Promise<number> {
  try {
    const [topic] = await admin.describeTopics([name], { signal })
    return topic!.partitions.length
  } catch (thrown) {
    if (!hasCode(thrown, 'UNKNOWN_TOPIC_OR_PARTITION')) throw thrown
    throw new ProcessorError('PROCESSOR_MISSING_TOPIC', `topic '${name}' does not exist`, { cause: thrown })
  }
}

async function ensure(
  admin: Admin,
  name: string,
  partitions: number,
  configs: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await admin.createTopics([{ name, partitions, configs }], { signal })
  } catch (thrown) {
    if (!hasCode(thrown, 'TOPIC_ALREADY_EXISTS')) throw thrown
    const found = await partitionsOf(admin, name, signal)
    if (found === partitions) return
    throw new ProcessorError(
      'PROCESSOR_INTERNAL_TOPIC_MISMATCH',
      `'${name}' has ${found} partitions where ${partitions} are needed: the topics it depends on have grown. Its state ` +
        'cannot be divided anew: choose another name (as, or the id of the app), or delete it and begin again',
    )
  }
}

export function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof MillraceError && thrown.code === code
}
