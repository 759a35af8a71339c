/** What a produce waits while another log is being compacted as fast as the cleaner may go, and while none is. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { CreateTopics, IncrementalAlterConfigs } from '../../proto/kafka/generated/apis.ts'
import { ask, batchOf, createTopic, produceFrame } from '../broker/wire.ts'
import { paced, quantile } from '../support/paced.ts'
import { pipeline } from '../support/pipeline.ts'
import { scratchDirectory, startBrokerProcess } from '../support/process.ts'
import { heading, median, ratio, row } from '../support/report.ts'

const megabyte = 1024 * 1024
const foreground = 'bench-foreground'
const recordBytes = 1024
const perSecond = 500
const quietMs = 4000
/** Longest that a cleaning may take (milliseconds). */
const cleaningMsMax = 60_000
/** Longest pause between two groups of it (milliseconds). */
const pauseMsMax = 200
const topicResource = 2
const set = 0

/** Bytes of each log that is compacted: most of it is older records of the same keys. */
const dirtyBytes = 256 * megabyte

async function fill(port: number, topic: string): Promise<void> {
  const settings = {
    'segment.bytes': String(32 * megabyte),
    'min.cleanable.dirty.ratio': '0.01',
    'retention.ms': '-1',
    'cleanup.policy': 'delete',
  }
  const configs = Object.entries(settings).map(([name, value]) => ({ name, value }))
  const wanted = { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs }
  const reply = await ask(port, CreateTopics, 5, { topics: [wanted], timeoutMs: 10_000, validateOnly: false })
  if (reply.topics[0]?.errorCode !== 0) throw new Error(`CreateTopics was answered with ${reply.topics[0]?.errorCode}`)
  const value = Buffer.alloc(recordBytes, 'x')
  const records = Array.from({ length: 60 }, (_, key) => ({ key: `key-${key}`, value, timestamp: Date.now() }))
  const frame = [produceFrame(topic, 0, encodeBatch(records), 1)]
  await pipeline({ port, frame: () => frame, frames: Math.floor(dirtyBytes / (60 * recordBytes)), inFlight: 16 })
}

async function compact(port: number, topic: string): Promise<void> {
  const configs = [{ name: 'cleanup.policy', configOperation: set, value: 'compact' }]
  const resources = [{ resourceType: topicResource, resourceName: topic, configs }]
  await ask(port, IncrementalAlterConfigs, 1, { resources, validateOnly: false })
}

/**
 * True until a cleaning of the log that is about to begin has ended: first it reads what is dirty, then it recopies group after
 * group of segments, each into files with names of their own.
 */
function duringCleaning(directory: string): () => boolean {
  const begun = performance.now()
  let seen = 0
  return () => {
    const now = performance.now()
    if (readdirSync(directory).some((name) => /\.(cleaned|swap)$/.test(name))) seen = now
    if (now - begun > cleaningMsMax) throw new Error(`the cleaning did not end within ${cleaningMsMax / 1000} s`)
    return seen === 0 || now - seen < pauseMsMax
  }
}

export async function benchCleaning(isQuick: boolean): Promise<void> {
  heading(`Produce ${recordBytes} B, ${perSecond}/s, fsync, acks=all, while ${dirtyBytes / megabyte} MB are compacted`)
  const directory = scratchDirectory('cleaning')
  const fast = ['--override', 'log.cleaner.backoff.ms=100']
  await using broker = await startBrokerProcess('fsync', ['--data-dir', directory.path, ...fast])
  const port = broker.kafkaPort
  await createTopic(port, foreground, 1)
  const frame = produceFrame(foreground, 0, batchOf(1, recordBytes), -1)
  const produce = (goOn: () => boolean) => paced({ port, frame, perSecond, goOn })
  const quiet: (readonly number[])[] = []
  const busy: (readonly number[])[] = []
  for (let round = 0; round < (isQuick ? 2 : 4); round++) {
    const topic = `bench-dirty-${round}`
    await fill(port, topic)
    const begun = performance.now()
    quiet.push(await produce(() => performance.now() - begun < quietMs))
    await compact(port, topic)
    busy.push(await produce(duringCleaning(join(directory.path, `${topic}-0`))))
  }
  const figures = (runs: readonly (readonly number[])[]) => {
    const of = (share: number) => median(runs.map((took) => quantile(took, share)))
    return { 'p50 ms': of(0.5), 'p99 ms': of(0.99), produces: runs.reduce((sum, { length }) => sum + length, 0) }
  }
  const [without, during] = [figures(quiet), figures(busy)]
  row('no cleaning', without)
  row('while a log is compacted', during)
  ratio('p50 while cleaning / without', during['p50 ms'] / without['p50 ms'], '<= 1.5')
  ratio('p99 while cleaning / without', during['p99 ms'] / without['p99 ms'], '<= 2')
}
