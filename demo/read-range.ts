import type { Admin, OffsetSpec } from '../client/admin/types.ts'
import type { Client } from '../client/client.ts'
import type { BatchOf } from '../client/consumer/types.ts'
import type { Topic } from '../client/topic.ts'
import { pause } from './pause.ts'

/** Offsets [from, to) of a partition. */
export interface Range {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** An offset of each partition of a topic, in the order of partitions. */
export async function offsetsOf(admin: Admin, topic: string, spec: OffsetSpec, signal: AbortSignal): Promise<number[]> {
  const [description] = await admin.describeTopics([topic], { signal })
  const partitions = (description?.partitions ?? []).map(({ partition }) => ({ topic, partition }))
  const listed = await admin.listOffsets(partitions, spec, { signal })
  const offsets = new Array<number>(partitions.length).fill(0)
  for (const { partition, offset } of listed) offsets[partition] = Math.max(0, offset)
  return offsets
}

/** What a topic holds now, at most `maxRecords` of it: the newest, as many of each partition. Empty partitions are left out. */
export async function newestRanges(
  admin: Admin,
  topic: string,
  maxRecords: number,
  signal: AbortSignal,
): Promise<Range[]> {
  const first = await offsetsOf(admin, topic, 'earliest', signal)
  const end = await offsetsOf(admin, topic, 'latest', signal)
  const each = Math.ceil(maxRecords / Math.max(1, end.length))
  return end
    .map((to, partition) => ({ partition, from: Math.max(first[partition]!, to - each), to }))
    .filter(({ from, to }) => from < to)
}

/** Small bites with a breath after each: who scores beside it must not wait for a history to be read. */
const BITE = { maxBytes: 512 * 1024, maxPartitionBytes: 128 * 1024, prefetchBytes: 1024 * 1024 }
const BREATH_MS = 2

/** Reads ranges of a topic batch by batch, each partition in order. A batch may go on past the end of its range. */
export async function readRanges<T extends Topic>(
  client: Client,
  topic: T,
  ranges: readonly Range[],
  signal: AbortSignal,
  onBatch: (batch: BatchOf<T>, to: number) => void,
): Promise<void> {
  const open = new Map(ranges.map(({ partition, to }) => [partition, to]))
  if (open.size === 0) return
  const assign = ranges.map(({ partition, from }) => ({ topic: topic.name, partition, offset: from }))
  const consumer = client.consumer({ topics: [topic], assign, maxWaitMs: 100, ...BITE })
  try {
    for await (const batch of consumer.batches({ signal })) {
      const to = open.get(batch.partition)
      if (to === undefined) continue
      onBatch(batch, to)
      await pause(BREATH_MS, signal)
      if (batch.nextOffset < to) continue
      open.delete(batch.partition)
      consumer.pause([{ topic: topic.name, partition: batch.partition }])
      if (open.size === 0) break
    }
  } finally {
    await consumer.close()
  }
}
