import type { Client } from '../../client/client.ts'
import type { ConsumerBatch } from '../../client/consumer/types.ts'
import type { Topic, TopicPartition } from '../../client/topic.ts'
import { TICK_MS } from '../limits.ts'

/** Reads partitions from their first record to where they end now, without a group, and gives every batch. */
export async function readToEnd(
  client: Client,
  topics: readonly Topic[],
  partitions: readonly TopicPartition[],
  take: (batch: ConsumerBatch) => void,
  signal: AbortSignal,
): Promise<void> {
  const ends = await endsOf(client, partitions, signal)
  if (ends.size === 0) return
  const assign = [...ends.values()].map(({ topic, partition, first }) => ({ topic, partition, offset: first }))
  const consumer = client.consumer({ topics, assign })
  const isDone = (): boolean =>
    [...ends.values()].every((end) => end.isDone || (consumer.position(end) ?? end.first) >= end.last)
  // What lies at the end may be no record (a marker): then no batch comes, only the position moves.
  const ticker = setInterval(() => {
    if (isDone()) void consumer.close().catch(() => undefined)
  }, TICK_MS)
  try {
    for await (const batch of consumer.batches({ signal })) {
      take(batch)
      const end = ends.get(keyOf(batch))
      if (end !== undefined && batch.nextOffset >= end.last) end.isDone = true
      if (isDone()) break
    }
  } finally {
    clearInterval(ticker)
    await consumer.close()
  }
  signal.throwIfAborted()
}

interface End extends TopicPartition {
  readonly first: number
  readonly last: number
  isDone: boolean
}

/** First and last offsets of the partitions that have something between them. */
async function endsOf(
  client: Client,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<Map<string, End>> {
  const ends = new Map<string, End>()
  if (partitions.length === 0) return ends
  const admin = client.admin()
  try {
    const firsts = await admin.listOffsets(partitions, 'earliest', { signal })
    const lasts = await admin.listOffsets(partitions, 'latest', { signal })
    const firstOf = new Map(firsts.map((each) => [keyOf(each), each.offset]))
    for (const { topic, partition, offset: last } of lasts) {
      const first = firstOf.get(keyOf({ topic, partition })) ?? 0
      if (first < last) ends.set(keyOf({ topic, partition }), { topic, partition, first, last, isDone: false })
    }
  } finally {
    await admin.close()
  }
  return ends
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
