/** Produce against the bare loop "read, native CRC, writev" and tail fetch against a bare socket, alternating in one run. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type PipelineResult, pipeline } from '../support/pipeline.ts'
import { portOf, scratchDirectory, startBrokerProcess, startNode } from '../support/process.ts'
import { heading, median, ratio, row } from '../support/report.ts'
import { batchOf, createTopic, endOffset, fetchFrame, produceFrame } from './wire.ts'

const rounds = 9
const megabyte = 1_000_000
const replyErrorOffset = 4 + 4 + 1
const tsx = ['--import', 'tsx']

const rate = (result: PipelineResult, bytes: number) => bytes / megabyte / result.seconds

/** The median over the rounds of ours divided by theirs. */
const paired = (ours: readonly number[], theirs: readonly number[]) =>
  median(ours.map((value, index) => value / (theirs[index] ?? value)))

/** The produce reply's error code stands right before the base offset; any error ends the benchmark. */
export function refuseErrors(topic: string): (head: Buffer) => void {
  // correlation id, tags, compact array, name, compact array, index, then the code.
  const at = replyErrorOffset + 1 + (1 + topic.length) + 1 + 4
  return (head) => {
    if (head.length >= at + 2 && head.readInt16BE(at) !== 0)
      throw new Error(`a produce was answered with error ${head.readInt16BE(at)}`)
  }
}

/** Page cache that was never touched is an order of magnitude slower on a virtual machine: touch it, and give it back. */
function warmPageCache(bytes: number): void {
  const directory = scratchDirectory('warm')
  const file = openSync(join(directory.path, 'warm'), 'w')
  const block = Buffer.alloc(megabyte, 1)
  for (let written = 0; written < bytes; written += block.length) writeSync(file, block)
  closeSync(file)
  rmSync(directory.path, { recursive: true })
}

interface ProduceCase {
  readonly recordBytes: number
  readonly recordsPerBatch: number
  readonly inFlight: number
  /** Sent in each round. */
  readonly roundBytes: number
  readonly aim: string
}

export async function benchProduces(): Promise<void> {
  const [kilobyte, roundBytes] = [1024, 200 * megabyte]
  await benchProduce({ recordBytes: kilobyte, recordsPerBatch: 62, inFlight: 16, roundBytes, aim: '>= 0.8' })
  await benchProduce({
    recordBytes: kilobyte,
    recordsPerBatch: 1,
    inFlight: 256,
    roundBytes: roundBytes / 2,
    aim: '>= 0.5',
  })
  // What a batching client of small records sends.
  await benchProduce({ recordBytes: 100, recordsPerBatch: 140, inFlight: 64, roundBytes, aim: '>= 0.5' })
}

async function benchProduce({ recordBytes, recordsPerBatch, inFlight, roundBytes, aim }: ProduceCase): Promise<void> {
  const batch = batchOf(recordsPerBatch, recordBytes)
  const topic = 'bench-produce'
  const frame = produceFrame(topic, 0, batch, 1)
  const kilobytes = Math.round(batch.length / 1024)
  heading(`Produce ${recordBytes} B records in ${kilobytes} KB batches, page-cache, acks=1, one connection`)
  const frames = Math.ceil(roundBytes / frame.length)
  warmPageCache(roundBytes * 2 * (rounds + 1))
  await using broker = await startBrokerProcess('page-cache')
  const directory = scratchDirectory('bare')
  await using bare = await startNode([...tsx, 'bench/broker/bare-append.main.ts', join(directory.path, 'log')])
  await createTopic(broker.kafkaPort, topic, 1)
  const parts = [frame]
  const ours: number[] = []
  const theirs: number[] = []
  const cpu: number[] = []
  let records = 0
  for (let round = 0; round <= rounds; round++) {
    const spent = [broker.cpuSeconds(), bare.cpuSeconds()] as const
    const check = refuseErrors(topic)
    const result = await pipeline({ port: broker.kafkaPort, frame: () => parts, frames, inFlight, check })
    const baseline = await pipeline({ port: portOf(bare.ready), frame: () => parts, frames, inFlight })
    records += frames * recordsPerBatch
    // The first round warms both up.
    if (round === 0) continue
    ours.push(rate(result, result.sentBytes))
    theirs.push(rate(baseline, baseline.sentBytes))
    cpu.push((broker.cpuSeconds() - spent[0]) / (bare.cpuSeconds() - spent[1]))
  }
  const kept = await endOffset(broker.kafkaPort, topic, 0)
  if (kept !== records) throw new Error(`${records} records were acknowledged, ${kept} are in the log`)
  row('millrace', { 'MB/s': median(ours), 'records/s': (median(ours) * megabyte) / (frame.length / recordsPerBatch) })
  row('bare loop: read, native CRC, writev', { 'MB/s': median(theirs) })
  ratio('produce / bare loop', paired(ours, theirs), aim)
  ratio('  CPU of it / of the bare loop', median(cpu), `<= ${(1 / Number(aim.slice(3))).toFixed(2)}`)
}

export async function benchTailFetch(totalBytes: number): Promise<void> {
  const topic = 'bench-fetch'
  const fetchBytes = 1024 * 1024
  const tailBatches = 128
  const batch = batchOf(62, 1024)
  heading('Fetch 1 MB answers from the tail, page-cache, one connection')
  await using broker = await startBrokerProcess('page-cache')
  await createTopic(broker.kafkaPort, topic, 1)
  const fill = [produceFrame(topic, 0, batch, 1)]
  const check = refuseErrors(topic)
  await pipeline({ port: broker.kafkaPort, frame: () => fill, frames: tailBatches, inFlight: 16, check })
  const perFetch = Math.floor(fetchBytes / batch.length)
  const starts = Array.from({ length: Math.floor(tailBatches / perFetch) }, (_, index) => index * perFetch * 62)
  const asks = starts.map((offset) => [fetchFrame(topic, 0, offset, fetchBytes)])
  const replyBytes = perFetch * batch.length
  await using bare = await startNode([...tsx, 'bench/broker/bare-send.main.ts', String(replyBytes)])
  const frames = Math.ceil(totalBytes / fetchBytes)
  const frame = (index: number) => asks[index % asks.length] ?? []
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const result = await pipeline({ port: broker.kafkaPort, frame, frames, inFlight: 4 })
    const baseline = await pipeline({ port: portOf(bare.ready), frame, frames, inFlight: 4 })
    if (result.receivedBytes < frames * replyBytes)
      throw new Error(`${result.receivedBytes} bytes came, ${frames * replyBytes} were asked for`)
    if (round === 0) continue
    ours.push(rate(result, result.receivedBytes))
    theirs.push(rate(baseline, baseline.receivedBytes))
  }
  row('millrace', { 'MB/s': median(ours) })
  row('bare socket from memory', { 'MB/s': median(theirs) })
  ratio('fetch / bare socket', paired(ours, theirs), '>= 0.8')
}
