import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { inFlight, KEY, RECORDS_PER_SEND, type SdkClient, Touched, type Workload } from './workload.ts'

function connectTo(bootstrap: string): Kafka {
  return new Kafka({ clientId: 'bench', brokers: bootstrap.split(','), logLevel: logLevel.NOTHING })
}

export const kafkajs: SdkClient = {
  async produce({ bootstrap, topic, recordBytes, records }: Workload) {
    const producer = connectTo(bootstrap).producer()
    await producer.connect()
    const value = Buffer.alloc(recordBytes, 'x')
    const messages = Array.from({ length: RECORDS_PER_SEND }, () => ({ key: KEY, value }))
    const begun = await inFlight(records, () => producer.send({ topic, messages, acks: -1 }))
    await producer.disconnect()
    return begun
  },

  async consume(workload: Workload) {
    const consumer = connectTo(workload.bootstrap).consumer({ groupId: randomUUID(), maxBytes: 16 * 1024 * 1024 })
    await consumer.connect()
    await consumer.subscribe({ topics: [workload.topic], fromBeginning: true })
    const touched = new Touched()
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch: { messages } }) => {
            for (const { key, value, timestamp } of messages) {
              touched.add(key?.length ?? 0, value?.length ?? 0, Number(timestamp))
            }
            if (touched.records >= workload.records) resolve()
          },
        })
        .catch(reject)
    })
    await consumer.disconnect()
    return touched.check(workload)
  },
}
