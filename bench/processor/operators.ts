/**
 * Records per second through the fused operators of one task, on one core: JSON decoding and encoding included, no broker
 * and no network. Batches are as large as a fetch brings them.
 */
import { performance } from 'node:perf_hooks'
import { json, string, topic } from '../../client/index.ts'
import { App, tumbling } from '../../processor/index.ts'
import { Task } from '../../processor/task/task.ts'
import { MemoryTopic } from '../../processor/testing/log.ts'
import { resolveWidths } from '../../processor/topology/partitions.ts'

interface Reading {
  readonly device: string
  readonly at: number
  readonly value: number
}

export interface OperatorResult {
  readonly topology: string
  readonly records: number
  readonly recordsPerSecond: number
  readonly cpuMsPerMillion: number
}

const Readings = topic('readings', { key: string, value: json<Reading>() })
const Out = topic('out', { key: string, value: json<unknown>() })
const BATCH = 1_000

/** About 110 bytes of JSON each, from 1,000 devices in turn, 1 ms apart: a window of 10 s closes every 10,000 records. */
function input(records: number): MemoryTopic {
  const log = new MemoryTopic(Readings, 1)
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
    log.append(0, {
      key: Readings.key.encode(device),
      value: Readings.value.encode(value),
      timestamp: value.at,
      headers: [],
    })
  }
  return log
}

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

/** Runs each topology once to warm up, then gives the median of three; state is flushed as often as a commit would. */
export function benchOperators(records = 200_000): OperatorResult[] {
  const log = input(records)
  return Object.entries(topologies).map(([topologyName, build]) => {
    run(build, log)
    const results = [1, 2, 3].map(() => measure(topologyName, records, () => run(build, log)))
    return results.toSorted((a, b) => a.recordsPerSecond - b.recordsPerSecond)[1]
  })
}

function measure(name: string, records: number, work: () => void): OperatorResult {
  const cpu = process.cpuUsage()
  const from = performance.now()
  work()
  const seconds = (performance.now() - from) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  return {
    topology: name,
    records,
    recordsPerSecond: Math.round(records / seconds),
    cpuMsPerMillion: Math.round(((user + system) / records) * 1_000),
  }
}

function run(build: (app: App) => void, log: MemoryTopic): void {
  const app = new App({ id: 'bench' })
  build(app)
  const topology = app.topology()
  const widths = resolveWidths(topology, new Map([['readings', 1]]))
  const part = topology.subtopologies[0]
  const task = new Task({
    topology,
    part,
    partition: 0,
    widths,
    tables: new Map(),
    onError: 'fail',
    deadLetters: undefined,
  })
  task.resume(new Map(), 0)
  const [records] = log.partitions
  for (let at = 0; at < records.length; at += BATCH) {
    task.process('readings', records.slice(at, at + BATCH), at + BATCH, at)
    task.takeOutputs()
    if (at % (100 * BATCH) === 0) task.flush()
  }
}
