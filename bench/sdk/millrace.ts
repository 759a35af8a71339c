import { bytes, Client, topic } from '../../client/index.ts'
import { inFlight, KEY, RECORDS_PER_SEND, type SdkClient, Touched, type Workload } from './workload.ts'

export const millrace: SdkClient = {
  async produce({ bootstrap, topic: name, recordBytes, records }: Workload) {
    await using client = new Client({ brokers: bootstrap })
    const producer = client.producer()
    const Bench = topic(name, { key: bytes, value: bytes })
    const value = Buffer.alloc(recordBytes, 'x')
    const batch = Array.from({ length: RECORDS_PER_SEND }, () => ({ key: KEY, value }))
    return await inFlight(records, () => producer.send(Bench, batch))
  },

  async consume(workload: Workload) {
    await using client = new Client({ brokers: workload.bootstrap })
    const Bench = topic(workload.topic, { key: bytes, value: bytes })
    const assign = [{ topic: workload.topic, partition: 0, offset: 0 }]
    const touched = new Touched()
    for await (const batch of client.consumer({ topics: [Bench], assign }).batches()) {
      for (const { key, value, timestamp } of batch) touched.add(key?.length ?? 0, value?.length ?? 0, timestamp)
      batch.release()
      if (touched.records >= workload.records) break
    }
    return touched.check(workload)
  },
}
