/** What many partitions cost: the same load over more and more of them, start after a clean stop and after kill -9, an idle one. */
import { CreateTopics } from '../../proto/kafka/generated/apis.ts'
import { ask, batchOf, produceFrame } from '../broker/wire.ts'
import { pipeline } from '../support/pipeline.ts'
import { type BrokerProcess, scratchDirectory, startBrokerProcess, startNode } from '../support/process.ts'
import { heading, ratio, row, table } from '../support/report.ts'

const topic = 'spread'
const recordsPerBatch = 15
const batch = batchOf(recordsPerBatch, 1024)

async function create(port: number, partitions: number): Promise<number> {
  const begun = performance.now()
  const wanted = { name: topic, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
  const reply = await ask(port, CreateTopics, 5, { topics: [wanted], timeoutMs: 300_000, validateOnly: false })
  const code = reply.topics[0]?.errorCode
  if (code !== 0) throw new Error(`CreateTopics was answered with error ${code}`)
  return performance.now() - begun
}

async function killed(broker: BrokerProcess): Promise<void> {
  process.kill(broker.pid, 'SIGKILL')
  await broker[Symbol.asyncDispose]()
}

/** One row of the table. */
async function spread(partitions: number, frames: number): Promise<(string | number)[]> {
  const directory = scratchDirectory('spread')
  const start = () => startBrokerProcess('page-cache', ['--data-dir', directory.path])
  const first = await start()
  const createMs = await create(first.kafkaPort, partitions)
  const parts = Array.from({ length: partitions }, (_, index) => [produceFrame(topic, index, batch, 1)])
  const produce = () =>
    pipeline({ port: first.kafkaPort, frame: (n) => parts[n % partitions] ?? [], frames, inFlight: 64 })
  // The first round opens every file once.
  const opening = await produce()
  const result = await produce()
  const resident = first.residentBytes()
  await first[Symbol.asyncDispose]()
  const second = await start()
  await killed(second)
  const third = await start()
  await third[Symbol.asyncDispose]()
  directory.remove()
  const rate = (seconds: number) => (frames * recordsPerBatch) / seconds
  const figures = [createMs, rate(opening.seconds), rate(result.seconds), resident / 1e6, second.startMs, third.startMs]
  return [String(partitions), ...figures]
}

export async function benchPartitions(isQuick: boolean): Promise<void> {
  const counts = isQuick ? [1, 100, 1000] : [1, 10, 100, 1000, 10_000]
  const frames = isQuick ? 4_000 : 20_000
  heading(`${frames} batches of 15 KB over N partitions, page-cache, acks=1, one connection`)
  const rows: (string | number)[][] = []
  for (const count of counts) rows.push(await spread(count, frames))
  const head = [
    'partitions',
    'create ms',
    'records/s, new',
    'records/s',
    'MB resident',
    'ms clean start',
    'ms after kill -9',
  ]
  table(head, rows)
  const last = rows.at(-1) ?? []
  ratio('  clean start of the last row / 5 s', Number(last[5]) / 5000, '<= 1')
  ratio('  start after kill -9 of the last row / 5 s', Number(last[6]) / 5000, '<= 1')
  await idle(isQuick ? 1000 : 10_000)
}

async function idle(count: number): Promise<void> {
  heading(`${count} idle partitions, fsync`)
  await using measured = await startNode(['--expose-gc', '--import', 'tsx', 'bench/log/idle.main.ts', String(count)])
  const found: { createMs: number; heapBytes: number; residentBytes: number; idleCpuShare: number } = JSON.parse(
    measured.ready,
  )
  row('an idle partition', { 'heap and external B': found.heapBytes, 'resident B': found.residentBytes })
  ratio('  heap and external / 4 KB', found.heapBytes / 4096, '<= 1')
  row('all of them', { 'create ms': found.createMs, '% of a core': found.idleCpuShare * 100 })
}
