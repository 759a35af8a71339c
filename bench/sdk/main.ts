/** The SDK beside other Node clients: same broker, same run, alternating, each client in a process of its own. */
import { randomUUID } from 'node:crypto'
import { Client } from '../../client/index.ts'
import { startBrokerProcess, startNode } from '../support/process.ts'
import { heading, median, ratio, row } from '../support/report.ts'
import type { Workload } from './workload.ts'

const ROUNDS = 3
const CLIENTS = ['millrace', 'kafkajs', '@platformatic/kafka'] as const
const SIZES = [
  { recordBytes: 1_024, records: { produce: 100_000, consume: 300_000 } },
  { recordBytes: 100, records: { produce: 200_000, consume: 1_000_000 } },
]

interface Figures {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly residentBytes: number
}

interface Result {
  readonly name: string
  readonly rate: number
  readonly cpuPerMillion: number
  readonly megabytes: number
}

/** Measures against the given brokers, or against a Millrace (page-cache) that it starts. */
export async function benchSdk(bootstrap?: string): Promise<void> {
  if (bootstrap !== undefined) return compare(bootstrap, 'the given brokers')
  await using broker = await startBrokerProcess('page-cache')
  await compare(`127.0.0.1:${broker.kafkaPort}`, 'Millrace, page-cache')
}

async function compare(bootstrap: string, place: string): Promise<void> {
  for (const { recordBytes, records } of SIZES) {
    await using client = new Client({ brokers: bootstrap })
    const read = await newTopic(client)
    await fill({ bootstrap, topic: read, recordBytes, records: records.consume })
    for (const work of ['produce', 'consume'] as const) {
      heading(`SDK: ${work} ${recordBytes} B, one partition, acks=all, ${place}`)
      const workload = {
        bootstrap,
        topic: work === 'produce' ? await newTopic(client) : read,
        recordBytes,
        records: records[work],
      }
      report(await measure(work, workload))
    }
  }
}

async function newTopic(client: Client): Promise<string> {
  const name = `bench-${randomUUID()}`
  await client.admin().createTopics([{ name, partitions: 1 }])
  return name
}

async function fill(workload: Workload): Promise<void> {
  const { millrace } = await import('./millrace.ts')
  await millrace.produce(workload)
}

/** Medians over the rounds, clients taking turns; those that cannot be loaded are left out. */
async function measure(work: 'produce' | 'consume', workload: Workload): Promise<Result[]> {
  const figures = new Map<string, Figures[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of CLIENTS) {
      const args = ['--import', 'tsx', 'bench/sdk/client.main.ts', name, work, JSON.stringify(workload)]
      await using process = await startNode(args)
      if (process.ready === 'absent') continue
      figures.set(name, [...(figures.get(name) ?? []), JSON.parse(process.ready) as Figures])
    }
  }
  return [...figures].map(([name, runs]) => ({
    name,
    rate: workload.records / median(runs.map(({ seconds }) => seconds)),
    cpuPerMillion: (median(runs.map(({ cpuSeconds }) => cpuSeconds)) / workload.records) * 1e6,
    megabytes: median(runs.map(({ residentBytes }) => residentBytes)) / 1e6,
  }))
}

function report(results: readonly Result[]): void {
  for (const { name, rate, cpuPerMillion, megabytes } of results) {
    row(name, { 'records/s': rate, 'CPU s per million': cpuPerMillion, MB: megabytes })
  }
  const [ours, ...others] = results
  for (const other of others) {
    const aim = other.name === 'kafkajs' ? '>= 2' : '>= 1'
    ratio(`records/s, millrace / ${other.name}`, (ours?.rate ?? 0) / other.rate, aim)
    ratio(`CPU per record, ${other.name} / millrace`, other.cpuPerMillion / (ours?.cpuPerMillion ?? 0), aim)
  }
}
