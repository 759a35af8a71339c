import type { Topic } from '../../client/topic.ts'
import { durationMs } from '../duration.ts'
import type { TopologyBuilder } from './builder.ts'
import type { StreamOptions } from './options.ts'

const DEFAULT_IDLE = '30s'

/** Adds the node that reads a topic. */
export function addSource<K, V>(builder: TopologyBuilder, topic: Topic<K, V>, options: StreamOptions<K, V>): number {
  const idle = options.watermark?.idle ?? DEFAULT_IDLE
  return builder.add({
    kind: 'source',
    name: options.as ?? topic.name,
    inputs: [],
    topic: topic as Topic,
    time: options.time,
    delayMs: durationMs(options.watermark?.delay ?? 0, 'watermark.delay'),
    idleMs: idle === 'never' ? Number.POSITIVE_INFINITY : durationMs(idle, 'watermark.idle'),
    keepTombstones: options.tombstones === 'keep',
  })
}
