/** What an idle partition costs: makes `argv[2]` of them in a broker of its own (run with --expose-gc) and prints JSON. */
import { join } from 'node:path'
import type * as BrokerModule from '../../broker/index.ts'
import { CreateTopics } from '../../proto/kafka/generated/apis.ts'
import { root, scratchDirectory } from '../support/process.ts'

const count = Number(process.argv[2])
/** The built broker: what a loader does to functions would be measured too. */
const { startBroker }: typeof BrokerModule = await import(join(root, 'dist', 'broker', 'index.js'))
const directory = scratchDirectory('idle')

/** Waits until the first checkpoints have been written, and then measures for as long as two more take. */
const settleMs = 6_000
const measureMs = 10_000

function used(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const broker = await startBroker({ dataDir: directory.path, port: 0 })
const before = used()
const topic = { name: 'idle', numPartitions: count, replicationFactor: 1, assignments: [], configs: [] }
const reply = await broker.dispatch(CreateTopics, { topics: [topic], timeoutMs: 300_000, validateOnly: false }, 5)
if (reply?.topics[0]?.errorCode !== 0) throw new Error(`CreateTopics was answered with ${reply?.topics[0]?.errorCode}`)
const heapBytes = (used() - before) / count
await new Promise((resolve) => setTimeout(resolve, settleMs))
const begun = process.cpuUsage()
await new Promise((resolve) => setTimeout(resolve, measureMs))
const { user, system } = process.cpuUsage(begun)
console.log(JSON.stringify({ heapBytes, cpuShare: (user + system) / 1000 / measureMs }))
await broker.close()
directory.remove()
process.exit(0)
