/** Reads one record in a process of its own: `read-one.main.ts BOOTSTRAP TOPIC`. Nothing else keeps the process alive. */
import { Client, json, topic } from '../../../client/index.ts'

const [bootstrap, name] = process.argv.slice(2)
const Numbers = topic(name ?? '', { value: json<number>() })
const client = new Client({ brokers: bootstrap ?? '' })
const consumer = client.consumer({ topics: [Numbers], assign: [{ topic: Numbers.name, partition: 0, offset: 0 }] })
for await (const record of consumer.records()) {
  console.log(record.value)
  break
}
await client.close()
