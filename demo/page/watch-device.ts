import type { Client } from '../../client/client.ts'
import { partitionForKey } from '../../proto/kafka/murmur2.ts'
import { offsetsOf } from '../read-range.ts'
import { Telemetry, TelemetryBytes } from '../topics.ts'

/** One reading as the page gets it. */
export interface ReadingSample {
  readonly atMs: number
  readonly values: readonly number[]
}

/** Readings a second that the page gets at most. */
const MAX_PER_SECOND = 25

/**
 * Follows the telemetry of one device until the signal fires: reads its partition, decodes its readings alone, and of those
 * no more than an eye can follow.
 */
export async function watchDevice(
  client: Client,
  device: string,
  signal: AbortSignal,
  tell: (reading: ReadingSample) => void,
): Promise<void> {
  try {
    await using admin = client.admin()
    const end = await offsetsOf(admin, Telemetry.name, 'latest', signal)
    const partition = partitionForKey(Buffer.from(device), end.length)
    const assign = [{ topic: Telemetry.name, partition, offset: end[partition]! }]
    await using consumer = client.consumer({ topics: [TelemetryBytes], assign, maxWaitMs: 100 })
    let nextMs = 0
    for await (const batch of consumer.batches({ signal })) {
      for (const { key, valueBytes, timestamp } of batch) {
        if (key !== device || valueBytes === null || performance.now() < nextMs) continue
        nextMs = performance.now() + 1_000 / MAX_PER_SECOND
        const values = decoded(valueBytes)
        if (values !== undefined) tell({ atMs: timestamp, values })
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Five digits are more than a pixel can show; a broken reading is none. */
function decoded(bytes: Buffer): number[] | undefined {
  try {
    return Array.from(Telemetry.value.decode(bytes).values, (x) => Number(x.toPrecision(5)))
  } catch {
    return undefined
  }
}
