/**
 * The one thing the coordinator reads inside a consumer's metadata: the topics it subscribes to, so that offsets in use
 * are neither deleted nor expired. All versions of the consumer protocol begin with version 0's fields.
 */
import { Reader } from '../../proto/kafka/reader.ts'
import { WireError } from '../../proto/kafka/wire-error.ts'
import type { Member } from './member.ts'

interface Subscribers {
  readonly usesConsumerProtocol: boolean
  readonly protocolName: string | null
  readonly members: ReadonlyMap<string, Member>
}

/** Null when the group is no consumer group, or when a member's subscription cannot be read. */
export function subscribedTopicsOf(group: Subscribers): ReadonlySet<string> | null {
  if (!group.usesConsumerProtocol) return null
  const topics = new Set<string>()
  if (group.members.size === 0) return topics
  if (group.protocolName === null) return null
  for (const member of group.members.values()) {
    const metadata = member.metadataFor(group.protocolName)
    if (metadata === null || !addTopics(metadata, topics)) return null
  }
  return topics
}

function addTopics(metadata: Buffer, topics: Set<string>): boolean {
  try {
    const reader = new Reader(metadata)
    if (reader.int16() < 0) return false
    const count = reader.arrayLength(2)
    for (let i = 0; i < count; i += 1) topics.add(reader.string())
    return true
  } catch (error) {
    if (error instanceof WireError) return false
    throw error
  }
}
