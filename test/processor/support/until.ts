import type { Client, ConsumerBatch, RecordHeader, Topic } from '../../../client/index.ts'
import type { App } from '../../../processor/index.ts'
import { readToEnd } from '../../../processor/runtime/read-to-end.ts'

/** All records that a topic holds now. */
export async function readAll<K, V>(client: Client, topic: Topic<K, V>, partitions = 1) {
  const records: { key: K | null; value: V | null; headers: readonly RecordHeader[] }[] = []
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic: topic.name, partition }))
  const take = (batch: ConsumerBatch): void => {
    for (const { key, value, headers } of batch as ConsumerBatch<K, V>) records.push({ key, value, headers })
  }
  await readToEnd(client, [topic as Topic], all, take, new AbortController().signal)
  return records
}

/** Resolves when the condition holds, looking every few milliseconds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

/** Resolves when an app has worked off and committed all that its topics hold. */
export async function idle(client: Client, app: App, group: string, topics: readonly string[]): Promise<void> {
  await using admin = client.admin()
  for (;;) {
    const described = await admin.describeTopics(topics)
    const partitions = described.flatMap(({ name, partitions: all }) =>
      all.map(({ partition }) => ({ topic: name, partition })),
    )
    const ends = await admin.listOffsets(partitions, 'latest')
    const committed = await admin.listGroupOffsets(group)
    const offsetOf = new Map(committed.map((each) => [`${each.topic}-${each.partition}`, each.offset]))
    if (app.metrics().state === 'failed') return
    if (ends.every((end) => end.offset === 0 || offsetOf.get(`${end.topic}-${end.partition}`) === end.offset)) return
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
}
