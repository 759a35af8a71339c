/** What many partitions cost: the same load over more and more of them, start after a clean stop and after kill -9, an idle one. */
import { CreateTopics } from '../../proto/kafka/generated/apis.ts'
import { ask, batchOf, produceFrame } from '../broker/wire.ts'
import { pipeline } from '../support/pipeline.ts'
import { type BrokerProcess, scratchDirectory, startBrokerProcess, startNode } from '../support/process.ts'
import { heading, ratio, row } from '../support/report.ts'

const topic = 'spread'
const frames = 10_000
const batch = batchOf(15, 1024)
/** Fewer than this tell nothing about the memory of one: what else the broker does then is more. */
const measurablePartitions = 100
/** Longest one step may take; what it takes is bounded by the disk's syncs when a broker with 10,000 partitions is stopped. */
const stepMsMax = 180_000

interface Spread {
  readonly createSeconds: number
  readonly produceMegabytes: number
  readonly stopSeconds: number
  readonly cleanStartSeconds: number
  readonly killedStartSeconds: number
}

interface Idle {
  readonly heapBytes: number
  readonly cpuShare: number
}

async function create(port: number, partitions: number): Promise<void> {
  const wanted = { name: topic, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
  const reply = await ask(port, CreateTopics, 5, { topics: [wanted], timeoutMs: stepMsMax, validateOnly: false })
  const code = reply.topics[0]?.errorCode
  if (code !== 0) throw new Error(`CreateTopics was answered with error ${code}`)
}

/** Runs one step, and says which it was when it does not end. */
async function inTime<T>(name: string, step: PromiseLike<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const begun = performance.now()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} took more than ${stepMsMax / 1000} s`)), stepMsMax)
  })
  try {
    return { value: await Promise.race([step, late]), seconds: (performance.now() - begun) / 1000 }
  } finally {
    clearTimeout(timer)
  }
}

/** Ended as `kill -9` ends it. */
async function kill(broker: BrokerProcess): Promise<void> {
  process.kill(broker.pid, 'SIGKILL')
  await broker[Symbol.asyncDispose]()
}

async function spread(partitions: number): Promise<Spread> {
  const directory = scratchDirectory('spread')
  const start = () => inTime('the start', startBrokerProcess('page-cache', ['--data-dir', directory.path]))
  const { value: first } = await start()
  const created = await inTime('the creation', create(first.kafkaPort, partitions))
  const parts = Array.from({ length: partitions }, (_, index) => [produceFrame(topic, index, batch, 1)])
  const frame = (n: number) => parts[n % partitions] ?? []
  const produce = () => inTime('the load', pipeline({ port: first.kafkaPort, frame, frames, inFlight: 64 }))
  // The first round opens every file once.
  await produce()
  const { value: result } = await produce()
  const stopped = await inTime('the clean stop', first[Symbol.asyncDispose]())
  const { value: second } = await start()
  await kill(second)
  const { value: third } = await start()
  await kill(third)
  directory.remove()
  return {
    createSeconds: created.seconds,
    produceMegabytes: result.sentBytes / 1e6 / result.seconds,
    stopSeconds: stopped.seconds,
    cleanStartSeconds: second.startMs / 1000,
    killedStartSeconds: third.startMs / 1000,
  }
}

async function idle(partitions: number): Promise<Idle> {
  const args = ['--expose-gc', '--import', 'tsx', 'bench/log/idle.main.ts', String(partitions)]
  const { value: started } = await inTime('the measuring of idle partitions', startNode(args))
  await using measured = started
  return JSON.parse(measured.ready) as Idle
}

export async function benchPartitions(isQuick: boolean): Promise<void> {
  const counts = isQuick ? [1, 10, 100, 1000] : [1, 10, 100, 1000, 10_000]
  heading(`${frames} batches of 15 KB over N partitions, page-cache, acks=1, one connection; then N idle ones, fsync`)
  for (const count of counts) {
    const { createSeconds, produceMegabytes, stopSeconds, cleanStartSeconds, killedStartSeconds } = await spread(count)
    const { heapBytes, cpuShare } = await idle(count)
    const isMeasurable = count >= measurablePartitions
    row(`${count}`.padStart(6), {
      'create s': createSeconds,
      'MB/s': produceMegabytes,
      'stop s': stopSeconds,
      'start s, clean': cleanStartSeconds,
      killed: killedStartSeconds,
      'idle CPU %': cpuShare * 100,
      'heap+external B': isMeasurable ? heapBytes : '-',
    })
    if (count !== counts.at(-1)) continue
    ratio('  clean start / 5 s', cleanStartSeconds / 5, '<= 1')
    ratio('  start after kill -9 / 5 s', killedStartSeconds / 5, '<= 1')
    ratio('  heap and external of an idle partition / 4 KB', heapBytes / 4096, '<= 1')
  }
}
