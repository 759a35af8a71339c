/** What an idle partition costs: makes `argv[2]` of them in a broker of its own (run with --expose-gc) and prints JSON. */
import { join } from 'node:path'
import type * as BrokerModule from '../../broker/index.ts'
import { CreateTopics } from '../../proto/kafka/generated/apis.ts'
import { root, scratchDirectory } from '../support/process.ts'

const count = Number(process.argv[2])
/** The built broker: what a loader does to functions would be measured too. */
const { startBroker }: typeof BrokerModule = await import(join(root, 'dist', 'broker', 'index.js'))
const directory = scratchDirectory('idle')

function used(): { heap: number; resident: number } {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

const broker = await startBroker({ dataDir: directory.path, port: 0 })
const before = used()
const begun = performance.now()
const topic = { name: 'idle', numPartitions: count, replicationFactor: 1, assignments: [], configs: [] }
const reply = await broker.dispatch(CreateTopics, { topics: [topic], timeoutMs: 300_000, validateOnly: false }, 5)
const createMs = performance.now() - begun
if (reply?.topics[0]?.errorCode !== 0) throw new Error(`CreateTopics was answered with ${reply?.topics[0]?.errorCode}`)
const after = used()
// The first checkpoints have been written by then: what follows is what being idle costs.
await new Promise((resolve) => setTimeout(resolve, 12_000))
const { user, system } = process.cpuUsage()
await new Promise((resolve) => setTimeout(resolve, 10_000))
const cpu = process.cpuUsage({ user, system })
const heapBytes = (after.heap - before.heap) / count
const residentBytes = (after.resident - before.resident) / count
console.log(JSON.stringify({ createMs, heapBytes, residentBytes, idleCpuShare: (cpu.user + cpu.system) / 10_000_000 }))
await broker.close()
directory.remove()
process.exit(0)
