import { randomUUID } from 'node:crypto'
import { inFlight, KEY, RECORDS_PER_SEND, type SdkClient, Touched, type Workload } from './workload.ts'

/** The part of @platformatic/kafka used here: it is not a dependency, only measured where someone has it. */
interface PlatformaticKafka {
  readonly Producer: new (
    options: object,
  ) => {
    send(options: { messages: readonly object[]; acks: number }): Promise<unknown>
    close(): Promise<void>
  }
  readonly Consumer: new (
    options: object,
  ) => {
    consume(options: object): Promise<AsyncIterable<{ key?: Buffer; value?: Buffer; timestamp: bigint }>>
    close(force: boolean): Promise<void>
  }
}

/** Null when the package cannot be imported. */
export async function loadPlatformatic(): Promise<SdkClient | null> {
  const name: string = '@platformatic/kafka'
  const kafka = (await import(name).catch(() => null)) as PlatformaticKafka | null
  if (kafka === null) return null
  return {
    async produce({ bootstrap, topic, recordBytes, records }: Workload) {
      const producer = new kafka.Producer({ clientId: 'bench', bootstrapBrokers: bootstrap.split(',') })
      const value = Buffer.alloc(recordBytes, 'x')
      const messages = Array.from({ length: RECORDS_PER_SEND }, () => ({ topic, key: KEY, value }))
      const begun = await inFlight(records, () => producer.send({ messages, acks: -1 }))
      await producer.close()
      return begun
    },

    async consume(workload: Workload) {
      const consumer = new kafka.Consumer({
        clientId: 'bench',
        groupId: randomUUID(),
        bootstrapBrokers: workload.bootstrap.split(','),
        maxBytes: 16 * 1024 * 1024,
      })
      const stream = await consumer.consume({ topics: [workload.topic], mode: 'earliest', autocommit: false })
      const touched = new Touched()
      for await (const { key, value, timestamp } of stream) {
        touched.add(key?.length ?? 0, value?.length ?? 0, Number(timestamp))
        if (touched.records >= workload.records) break
      }
      await consumer.close(true)
      return touched.check(workload)
    },
  }
}
