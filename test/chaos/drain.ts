/** The whole of a topic, read once everything is well again. */
import { Client } from '../../client/index.ts'
import { idOf, type ReadRecord } from './history.ts'
import type { Reading } from './judge.ts'
import { Ledger } from './load.ts'

/** Reads every partition from offset 0 to its end. Rejects when that takes longer than `timeoutMs`. */
export async function drain(bootstrap: string, partitions: number, timeoutMs: number): Promise<Reading> {
  const signal = AbortSignal.timeout(timeoutMs)
  await using client = new Client({ brokers: bootstrap })
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic: Ledger.name, partition }))
  const ends = await client.admin().listOffsets(places, 'latest', { signal })
  const read = new Map(places.map(({ partition }) => [partition, [] as ReadRecord[]]))
  const missing = new Map(ends.filter(({ offset }) => offset > 0).map(({ partition, offset }) => [partition, offset]))
  if (missing.size === 0) return read
  const assign = [...missing.keys()].map((partition) => ({ topic: Ledger.name, partition, offset: 0 }))
  const consumer = client.consumer({ topics: [Ledger], assign, offsetReset: 'none' })
  for await (const batch of consumer.batches({ signal })) {
    for (const { offset, valueBytes } of batch) read.get(batch.partition)?.push({ offset, id: idOf(valueBytes) })
    if (batch.nextOffset >= (missing.get(batch.partition) ?? 0)) missing.delete(batch.partition)
    if (missing.size === 0) break
  }
  return read
}
