/**
 * `npm run bench -- replicated [--quick]`: three broker processes with replication factor 3 and acks=all beside one broker of
 * the same run, and beside three of Kafka's: throughput, latency, memory, what an idle cluster costs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startBrokerProcess } from '../support/process.ts'
import { heading, median, ratio, table } from '../support/report.ts'
import { fill, type Measured, type ProduceLoad } from '../vs-kafka/clients.ts'
import { createRig, missingForKafka, type Rig } from '../vs-kafka/rig.ts'
import type { Side } from '../vs-kafka/side.ts'
import { createReplicated, metadata } from './requests.ts'
import { type ClusterSide, startOurs, startTheirs } from './side.ts'

const megabyte = 1e6
/** How long an idle cluster is watched (ms). */
const IDLE_MS = 20_000

const usual = { recordBytes: 1024, acks: 'all', codec: 'none', partitions: 1 } as const

export async function benchReplicated(isQuick: boolean): Promise<void> {
  const missing = missingForKafka()
  if (missing.length > 0) {
    for (const what of missing) console.error(`bench: replicated needs what is missing here: ${what}`)
    process.exit(2)
  }
  const scale = isQuick ? 1 : 3
  const rounds = isQuick ? 1 : 3
  const fast: ProduceLoad[] = [
    { ...usual, batchKb: 16, records: 40_000 * scale },
    { ...usual, batchKb: 64, records: 80_000 * scale },
  ]
  const paced: ProduceLoad = { ...usual, batchKb: 16, records: 5_000 * scale, perSecond: 1_000 }
  const rig = createRig()
  const single = await measureSingle(rig, [...fast, paced], rounds)
  const ours = await measureCluster(rig, () => startOurs('page-cache'), [...fast, paced], rounds)
  const durable = await measureCluster(rig, () => startOurs('fsync'), [...fast, paced], rounds)
  const theirs = await measureCluster(rig, () => startTheirs(rig, ['min.insync.replicas=2']), [...fast, paced], rounds)
  heading('1 KB, acks=all: records/s of one broker, of three with replication factor 3, of Kafka with three')
  table(
    ['', 'one broker', 'three', 'three, fsync', 'kafka'],
    fast.map(({ batchKb }, index) => [
      `${batchKb} KB batches`,
      ...[single, ours.loads, durable.loads, theirs.loads].map((side) => side[index]?.recordsPerSecond ?? Number.NaN),
    ]),
  )
  for (const [index, { batchKb }] of fast.entries()) {
    const rate = (side: readonly Measured[]) => side[index]?.recordsPerSecond ?? Number.NaN
    ratio(`three / one broker, ${batchKb} KB`, rate(ours.loads) / rate(single), '>= 0.3')
    ratio(`three / three of Kafka, ${batchKb} KB`, rate(ours.loads) / rate(theirs.loads), '>= 1.0')
    ratio(`three in fsync mode / three of Kafka, ${batchKb} KB`, rate(durable.loads) / rate(theirs.loads), '-')
  }
  const p99 = (side: readonly Measured[]) => side[fast.length]?.p99Ms ?? Number.NaN
  heading('1,000 records/s: p99 in milliseconds')
  table(
    ['one broker', 'three', 'three, fsync', 'kafka'],
    [[p99(single), p99(ours.loads), p99(durable.loads), p99(theirs.loads)]],
  )
  ratio('p99, three / one broker', p99(ours.loads) / p99(single), '<= 3')
  printCosts(ours, theirs)
}

interface ClusterFigures {
  readonly loads: readonly Measured[]
  readonly startMs: number
  readonly idleBytes: number
  readonly loadedBytes: number
  /** Share of one core. */
  readonly idleCpu: number
}

function printCosts(ours: ClusterFigures, theirs: ClusterFigures): void {
  heading('What a cluster of three costs')
  table(
    ['', 'millrace', 'kafka', 'ratio'],
    [
      ['start, seconds', ours.startMs / 1000, theirs.startMs / 1000, ours.startMs / theirs.startMs],
      ['memory idle, MB', ours.idleBytes / megabyte, theirs.idleBytes / megabyte, ours.idleBytes / theirs.idleBytes],
      [
        'memory loaded, MB',
        ours.loadedBytes / megabyte,
        theirs.loadedBytes / megabyte,
        ours.loadedBytes / theirs.loadedBytes,
      ],
      ['idle, % of one core', ours.idleCpu * 100, theirs.idleCpu * 100, ours.idleCpu / theirs.idleCpu],
    ],
  )
  ratio('memory idle / Kafka', ours.idleBytes / theirs.idleBytes, '<= 0.25')
  ratio('memory loaded / Kafka', ours.loadedBytes / theirs.loadedBytes, '<= 0.25')
  ratio('idle CPU / Kafka', ours.idleCpu / theirs.idleCpu, '<= 0.33')
  ratio('idle CPU, share of one core', ours.idleCpu, '< 0.03')
}

async function measureSingle(rig: Rig, loads: readonly ProduceLoad[], rounds: number): Promise<readonly Measured[]> {
  await using broker = await startBrokerProcess('page-cache')
  const side: Side = { ...broker, name: 'millrace', port: broker.kafkaPort, startMs: 0 }
  // Awaited here: the broker goes with this block.
  return await medians(loads, rounds, (load, name) => fill(rig, side, name, load))
}

async function measureCluster(
  rig: Rig,
  start: () => Promise<ClusterSide>,
  loads: readonly ProduceLoad[],
  rounds: number,
): Promise<ClusterFigures> {
  await using cluster = await start()
  await createReplicated(cluster, 'idle', 3)
  await sleep(3_000)
  const idleBytes = cluster.residentBytes()
  const before = cluster.cpuSeconds()
  await sleep(IDLE_MS)
  const idleCpu = (cluster.cpuSeconds() - before) / (IDLE_MS / 1000)
  const measured = await medians(loads, rounds, async (load, name) => {
    await createReplicated(cluster, name, load.partitions)
    const port = await leaderPort(cluster, name)
    const side: Side = {
      name: cluster.name,
      port,
      startMs: 0,
      residentBytes: () => cluster.residentBytes(),
      cpuSeconds: () => cluster.cpuSeconds(),
      [Symbol.asyncDispose]: async () => undefined,
    }
    return fill(rig, side, name, load)
  })
  return { loads: measured, startMs: cluster.startMs, idleBytes, idleCpu, loadedBytes: cluster.residentBytes() }
}

/** ListOffsets, which checks the count, goes to the leader. */
async function leaderPort(cluster: ClusterSide, topic: string): Promise<number> {
  const answer = await metadata(cluster.brokers()[0]?.port ?? 0, [topic])
  const leader = answer.topics[0]?.partitions[0]?.leaderId
  return cluster.brokers().find(({ nodeId }) => nodeId === leader)?.port ?? 0
}

let topics = 0

/** Each load `rounds` times, after one run that counts for nothing. */
async function medians(
  loads: readonly ProduceLoad[],
  rounds: number,
  run: (load: ProduceLoad, name: string) => Promise<Measured>,
): Promise<Measured[]> {
  const [first] = loads
  if (first !== undefined) await run({ ...first, records: first.records >> 1 }, `replicated-${++topics}`)
  const results: Measured[][] = loads.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, load] of loads.entries()) results[index]?.push(await run(load, `replicated-${++topics}`))
  }
  return results.map((runs) => ({
    recordsPerSecond: median(runs.map(({ recordsPerSecond }) => recordsPerSecond)),
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    p50Ms: median(runs.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(runs.map(({ p99Ms }) => p99Ms)),
  }))
}
