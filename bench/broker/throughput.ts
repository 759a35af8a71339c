/** Produce against the bare loop "read, native CRC, write" and tail fetch against a bare socket, alternating in one run. */
import { pipeline, type PipelineResult } from '../support/pipeline.ts'
import { startBrokerProcess, startNode } from '../support/process.ts'
import { heading, median, ratio, row } from '../support/report.ts'
import { batchOf, createTopic, endOffset, fetchFrame, produceFrame } from './wire.ts'

const rounds = 5
const megabyte = 1_000_000
const replyErrorOffset = 4 + 4 + 1

const rate = (result: PipelineResult, bytes: number) => bytes / megabyte / result.seconds

/** The produce reply's error code stands right before the base offset; any error ends the benchmark. */
function refuseErrors(topic: string): (head: Buffer) => void {
  // correlation id, tags, compact array, name, compact array, index, then the code.
  const at = replyErrorOffset + 1 + (1 + topic.length) + 1 + 4
  return (head) => {
    if (head.length >= at + 2 && head.readInt16BE(at) !== 0)
      throw new Error(`a produce was answered with error ${head.readInt16BE(at)}`)
  }
}

const tsx = ['--import', 'tsx']

export async function benchProduce(
  recordBytes: number,
  recordsPerBatch: number,
  inFlight: number,
  totalBytes: number,
): Promise<void> {
  const batch = batchOf(recordsPerBatch, recordBytes)
  const topic = 'bench-produce'
  const frame = produceFrame(topic, 0, batch, 1)
  heading(
    `Produce ${recordBytes} B records in ${Math.round(batch.length / 1024)} KB batches, page-cache, acks=1, one connection`,
  )
  await using broker = await startBrokerProcess('page-cache')
  await using bare = await startNode([...tsx, 'bench/broker/bare-append.main.ts'])
  const barePort = Number(/port=(\d+)/.exec(bare.ready)?.[1])
  await createTopic(broker.kafkaPort, topic, 1)
  const frames = Math.ceil(totalBytes / frame.length)
  const parts = [frame]
  const ours: number[] = []
  const theirs: number[] = []
  let records = 0
  for (let round = 0; round <= rounds; round++) {
    const result = await pipeline({
      port: broker.kafkaPort,
      frame: () => parts,
      frames,
      inFlight,
      check: refuseErrors(topic),
    })
    const baseline = await pipeline({ port: barePort, frame: () => parts, frames, inFlight })
    records += frames * recordsPerBatch
    // The first round warms both up: fresh files write at a fraction of the speed.
    if (round === 0) continue
    ours.push(rate(result, result.sentBytes))
    theirs.push(rate(baseline, baseline.sentBytes))
  }
  const kept = await endOffset(broker.kafkaPort, topic, 0)
  if (kept !== records) throw new Error(`${records} records were acknowledged, ${kept} are in the log`)
  row('millrace', { 'MB/s': median(ours), 'records/s': (median(ours) * megabyte) / (frame.length / recordsPerBatch) })
  row('bare loop: read, native CRC, write', { 'MB/s': median(theirs) })
  ratio('produce / bare loop', median(ours) / median(theirs), '>= 0.5')
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
  await pipeline({
    port: broker.kafkaPort,
    frame: () => fill,
    frames: tailBatches,
    inFlight: 16,
    check: refuseErrors(topic),
  })
  const perFetch = Math.floor(fetchBytes / batch.length)
  const starts = Array.from({ length: Math.floor(tailBatches / perFetch) }, (_, index) => index * perFetch * 62)
  const asks = starts.map((offset) => [fetchFrame(topic, 0, offset, fetchBytes)])
  const replyBytes = perFetch * batch.length
  await using bare = await startNode([...tsx, 'bench/broker/bare-send.main.ts', String(replyBytes)])
  const barePort = Number(/port=(\d+)/.exec(bare.ready)?.[1])
  const frames = Math.ceil(totalBytes / fetchBytes)
  const frame = (index: number) => asks[index % asks.length] ?? []
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const result = await pipeline({ port: broker.kafkaPort, frame, frames, inFlight: 4 })
    const baseline = await pipeline({ port: barePort, frame, frames, inFlight: 4 })
    if (result.receivedBytes < frames * replyBytes)
      throw new Error(`${result.receivedBytes} bytes came, ${frames * replyBytes} were asked for`)
    if (round === 0) continue
    ours.push(rate(result, result.receivedBytes))
    theirs.push(rate(baseline, baseline.receivedBytes))
  }
  row('millrace', { 'MB/s': median(ours) })
  row('bare socket from memory', { 'MB/s': median(theirs) })
  ratio('fetch / bare socket', median(ours) / median(theirs), '>= 0.5')
}
