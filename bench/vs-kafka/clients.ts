/** Kafka's own ProducerPerformance and ConsumerPerformance against either broker; every run checks that all records are there. */
import { createTopic, deleteTopic, endOffset } from '../broker/wire.ts'
import type { Rig } from './rig.ts'
import type { Side } from './side.ts'

/** What ProducerPerformance is to send. */
export interface ProduceLoad {
  readonly recordBytes: number
  readonly batchKb: number
  readonly acks: '1' | 'all'
  readonly codec: 'none' | 'lz4'
  readonly partitions: number
  /** Records that are measured; a quarter as many go before them, unmeasured, to warm up the tool. */
  readonly records: number
  /** Records a second; as many as it can when left out. */
  readonly perSecond?: number
}

export interface Measured {
  readonly recordsPerSecond: number
  /** Of the broker, for a million records. */
  readonly cpuSeconds: number
  /** Milliseconds from send to acknowledgement; 0 where the tool tells none. */
  readonly p50Ms: number
  readonly p99Ms: number
}

const WARM_SHARE = 4
let topics = 0

/** One run on a topic of its own, which is deleted after it. */
export async function produce(rig: Rig, side: Side, load: ProduceLoad): Promise<Measured> {
  const topic = `produce-${++topics}`
  const measured = await fill(rig, side, topic, load)
  await deleteTopic(side.port, topic)
  return measured
}

/** The same, and the topic stays. */
export async function fill(rig: Rig, side: Side, topic: string, load: ProduceLoad): Promise<Measured> {
  const warm = Math.floor(load.records / WARM_SHARE)
  const total = load.records + warm
  await createTopic(side.port, topic, load.partitions)
  const before = side.cpuSeconds()
  const printed = await rig.tool('tools.ProducerPerformance', [
    ...['--bootstrap-server', `127.0.0.1:${side.port}`, '--topic', topic],
    ...['--num-records', String(total), '--warmup-records', String(warm)],
    ...['--record-size', String(load.recordBytes), '--throughput', String(load.perSecond ?? -1)],
    '--command-property',
    `acks=${load.acks}`,
    `batch.size=${load.batchKb * 1024}`,
    `compression.type=${load.codec}`,
  ])
  const cpuSeconds = ((side.cpuSeconds() - before) / total) * 1e6
  await checkAll(side, topic, load.partitions, total)
  const line = / steady state records sent, ([\d.]+) records\/sec.*?(\d+) ms 50th, .*?(\d+) ms 99th/.exec(printed)
  if (line === null) throw new Error(`ProducerPerformance printed no result: ${printed.slice(-500)}`)
  return { recordsPerSecond: Number(line[1]), cpuSeconds, p50Ms: Number(line[2]), p99Ms: Number(line[3]) }
}

/** Reads `records` from the beginning of a topic as a new group. The rate is while fetching, without joining the group. */
export async function consume(rig: Rig, side: Side, topic: string, records: number): Promise<Measured> {
  const before = side.cpuSeconds()
  const printed = await rig.tool('tools.ConsumerPerformance', [
    ...['--bootstrap-server', `127.0.0.1:${side.port}`, '--topic', topic, '--hide-header'],
    ...['--num-records', String(records), '--timeout', '20000', '--group', `perf-${++topics}`],
  ])
  const cpuSeconds = ((side.cpuSeconds() - before) / records) * 1e6
  const fields = printed.trim().split('\n').at(-1)?.split(', ') ?? []
  const [, , , , read = '', , , , , perSecond = ''] = fields
  if (!(Number(read) >= records)) throw new Error(`${side.name}: ${read} of ${records} records were read from ${topic}`)
  return { recordsPerSecond: Number(perSecond), cpuSeconds, p50Ms: 0, p99Ms: 0 }
}

/** A benchmark of a broker that loses or doubles records would be worth nothing. */
async function checkAll(side: Side, topic: string, partitions: number, records: number): Promise<void> {
  let kept = 0
  for (let partition = 0; partition < partitions; partition++) kept += await endOffset(side.port, topic, partition)
  if (kept !== records) throw new Error(`${side.name}: ${records} records were acknowledged, ${kept} are in ${topic}`)
}
