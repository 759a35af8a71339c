/**
 * The processor against a broker in a process of its own, as Kafka Streams is measured: one topic of one partition, full
 * of JSON records of about 110 bytes, read from the beginning, at least once. Time runs from start() until everything is
 * processed and committed; CPU is this process's, the broker has the other core.
 */
import { performance } from 'node:perf_hooks'
import { Client, json, string, topic } from '../../client/index.ts'
import { App, tumbling } from '../../processor/index.ts'
import { startBrokerProcess } from '../support/process.ts'
import { heading, row } from '../support/report.ts'
import { benchOperators } from './operators.ts'

interface Reading {
  readonly device: string
  readonly at: number
  readonly value: number
}

const Readings = topic('readings', { key: string, value: json<Reading>() })
const Out = topic('out', { key: string, value: json<unknown>() })

const topologies: Readonly<Record<string, (app: App) => void>> = {
  filter: (app) => {
    app
      .stream(Readings)
      .filter((reading) => reading.value >= 500)
      .to(Out)
  },
  'windowed count': (app) => {
    app
      .stream(Readings, { time: (reading) => reading.at })
      .groupByKey()
      .window(tumbling({ size: '10s' }))
      .count({ as: 'counts' })
      .map((count, ctx) => ({ from: ctx.window.start, count }))
      .to(Out)
  },
}

/** Prints operators in memory, then the same topologies through a broker. */
export async function benchProcessor(records = 500_000): Promise<void> {
  heading('processor: fused operators of one task, JSON in and out, no broker')
  for (const { topology, recordsPerSecond, cpuMsPerMillion } of benchOperators()) {
    row(topology, { 'records/s': recordsPerSecond, 'CPU s per million': cpuMsPerMillion / 1_000 })
  }
  heading(`processor: ${records} records through a broker (durability memory), at least once`)
  await using broker = await startBrokerProcess('memory')
  await using client = new Client({ brokers: `127.0.0.1:${broker.kafkaPort}` })
  await using admin = client.admin()
  // The records are years old: retention by time would take them away under the bench.
  const configs = { 'retention.ms': '-1' }
  await admin.createTopics([Readings, Out].map(({ name }) => ({ name, partitions: 1, configs })))
  await fill(client, records)
  for (const [name, build] of Object.entries(topologies)) {
    for (let round = 0; round < 3; round++) {
      const app = new App({ id: `${name.replace(' ', '-')}-${round}`, client })
      build(app)
      const cpu = process.cpuUsage()
      const from = performance.now()
      await app.start()
      while (app.metrics().tasks[0]?.recordsIn !== records) await new Promise((resolve) => setTimeout(resolve, 2))
      await app.close()
      const seconds = (performance.now() - from) / 1_000
      const { user, system } = process.cpuUsage(cpu)
      row(`${name}, run ${round + 1}`, {
        'records/s': Math.round(records / seconds),
        'CPU s per million': (user + system) / records,
        'resident MB': process.memoryUsage().rss / 2 ** 20,
      })
    }
  }
}

async function fill(client: Client, records: number): Promise<void> {
  await using producer = client.producer()
  for (let i = 0; i < records; i++) {
    const device = `device-${i % 1_000}`
    const value = {
      device,
      at: 1_700_000_000_000 + i,
      value: (i * 7919) % 1_000,
      site: 'north-hall-2',
      unit: 'celsius',
      ok: true,
    }
    const full = producer.write(Readings, { key: device, value, timestamp: value.at })
    if (full !== undefined) await full
  }
  await producer.flush()
}
