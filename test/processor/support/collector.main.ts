/** An app in a process of its own, to be killed: for each key, the numbers that were seen, in order and once each. */
import { json, msgpack, string, topic } from '../../../client/index.ts'
import { App } from '../../../processor/index.ts'

const [brokers, input, output] = process.argv.slice(2)
const app = new App({ id: 'collector', brokers, instanceId: 'only', commitInterval: '50ms' })
app
  .stream(topic(input, { key: string, value: json<number>() }), { watermark: { idle: 'never' } })
  .groupBy((value) => `k${value % 7}`, { as: 'by-rest', key: string })
  .aggregate({
    as: 'seen',
    state: msgpack<number[]>(),
    init: () => [],
    add: (seen, value) => (seen.includes(value) ? seen : [...seen, value].toSorted((a, b) => a - b)),
  })
  .to(topic(output, { key: string, value: json<number[]>() }))
await app.start()
process.stdout.write('ready\n')
await app.finished()
