/** Fetches from the log's files (cold: older than the tail cache) and from memory, beside bare loops, alternating in one run. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { batchOf, createTopic, fetchFrame, produceFrame } from '../broker/wire.ts'
import { pipeline, type PipelineResult } from '../support/pipeline.ts'
import { type BrokerProcess, portOf, scratchDirectory, startBrokerProcess, startNode } from '../support/process.ts'
import { heading, median, ratio, row } from '../support/report.ts'

const megabyte = 1024 * 1024
const rounds = 7
const topic = 'bench-reads'
const recordsPerBatch = 62
const batch = batchOf(recordsPerBatch, 1024)
const perFetch = Math.floor(megabyte / batch.length)
const replyBytes = perFetch * batch.length
const slowReaders = 64
const tsx = ['--import', 'tsx']

const rate = (result: PipelineResult) => result.receivedBytes / 1e6 / result.seconds

/** Ours and the baseline in turn; the first round warms both up. */
async function compare(
  name: string,
  port: number,
  frame: (index: number) => readonly Buffer[],
  bare: readonly string[],
  inFlight = 4,
) {
  const fetches = 192
  await using baseline = await startNode([...tsx, ...bare])
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const result = await pipeline({ port, frame, frames: fetches, inFlight })
    const other = await pipeline({ port: portOf(baseline.ready), frame, frames: fetches, inFlight })
    if (result.receivedBytes < fetches * replyBytes)
      throw new Error(`${result.receivedBytes} bytes came, ${fetches * replyBytes} were asked for`)
    if (round === 0) continue
    ours.push(rate(result))
    theirs.push(rate(other))
  }
  row(`${name}, millrace`, { 'MB/s': median(ours) })
  row(`${name}, bare loop`, { 'MB/s': median(theirs) })
  return median(ours) / median(theirs)
}

/** What readers of old data cost who all go through the log, each waiting a while before it asks for more. */
async function manyReaders(broker: BrokerProcess, fetchAt: (first: number) => (index: number) => readonly Buffer[]) {
  const before = broker.residentBytes()
  const readers = Array.from({ length: slowReaders }, (_, reader) => fetchAt(reader * 2))
  const begun = performance.now()
  let received = 0
  let most = before
  for (let round = 0; round < 12; round++) {
    const runs = readers.map((frame) =>
      pipeline({ port: broker.kafkaPort, frame: () => frame(round), frames: 1, inFlight: 1 }),
    )
    for (const result of await Promise.all(runs)) received += result.receivedBytes
    most = Math.max(most, broker.residentBytes())
  }
  const seconds = (performance.now() - begun) / 1000
  row(`${slowReaders} cold readers`, {
    'MB/s': received / 1e6 / seconds,
    'memory MB': most / 1e6,
    before: before / 1e6,
  })
}

/** 320 MB in one partition: the newest 64 are in the tail cache, the first 192 are what the cold fetches read. */
export async function benchReads(): Promise<void> {
  heading('Fetch 1 MB answers, page-cache, one connection, 4 in flight')
  const directory = scratchDirectory('reads')
  await using broker = await startBrokerProcess('page-cache', ['--data-dir', directory.path])
  const port = broker.kafkaPort
  await createTopic(port, topic, 1)
  const fill = [produceFrame(topic, 0, batch, 1)]
  const batches = 320 * perFetch
  await pipeline({ port, frame: () => fill, frames: batches, inFlight: 16 })
  const fetchAt = (first: number) => (index: number) => [
    fetchFrame(topic, 0, (first + (index % 192)) * perFetch * recordsPerBatch, megabyte),
  ]
  const log = readdirSync(join(directory.path, `${topic}-0`)).find((name) => name.endsWith('.log')) ?? ''
  const path = join(directory.path, `${topic}-0`, log)
  const bare = ['bench/log/bare-read.main.ts', path, String(replyBytes)]
  const cold = await compare('cold', port, fetchAt(0), bare)
  ratio('  cold fetch / read and write', cold, '>= 0.7')
  const waiting = await compare('cold, one in flight', port, fetchAt(0), bare, 1)
  ratio('  cold fetch, one in flight / read and write', waiting, '>= 0.7')
  await manyReaders(broker, fetchAt)
  const newest = (index: number) => fetchAt(batches / perFetch - 48)(index % 48)
  const tail = await compare('tail', port, newest, ['bench/broker/bare-send.main.ts', String(replyBytes)])
  ratio('  tail fetch / socket from memory', tail, '>= 0.8')
}
