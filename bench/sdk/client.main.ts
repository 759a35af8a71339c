/**
 * One client in a process of its own: `client.main.ts NAME produce|consume WORKLOAD-JSON`. Runs the work once to warm up,
 * once to measure, and prints `{ seconds, cpuSeconds, residentBytes }`; prints `absent` if the client cannot be loaded.
 */
import { kafkajs } from './kafkajs.ts'
import { millrace } from './millrace.ts'
import { loadPlatformatic } from './platformatic.ts'
import type { Workload } from './workload.ts'

const WARM_UP_SHARE = 0.25

const [name, work, json] = process.argv.slice(2)
const client = name === 'millrace' ? millrace : name === 'kafkajs' ? kafkajs : await loadPlatformatic()
if (client === null) {
  console.log('absent')
  process.exit(0)
}
const workload = JSON.parse(json ?? '') as Workload
const run = work === 'produce' ? client.produce : client.consume
await run({ ...workload, records: Math.ceil(workload.records * WARM_UP_SHARE) })
const cpuBefore = process.cpuUsage()
const begun = await run(workload)
const seconds = (performance.now() - begun) / 1_000
const cpu = process.cpuUsage(cpuBefore)
console.log(
  JSON.stringify({ seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6, residentBytes: process.memoryUsage.rss() }),
)
process.exit(0)
