/** One of the two brokers in a comparison, started alike and asked alike. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cost, costOf, scratchDirectory, startBrokerProcess } from '../support/process.ts'
import { type Rig, freePort, freePortPair } from './rig.ts'
import { firstAcknowledged } from './start.ts'

export type Durability = 'page-cache' | 'sync'

export interface Side extends Cost, AsyncDisposable {
  readonly name: 'millrace' | 'kafka'
  readonly port: number
  /** Milliseconds from the start of the process to the first acknowledged record, on a topic made for it. */
  readonly startMs: number
}

/** The same on both sides. */
const properties = {
  // What one row has written is gone before the next needs the memory.
  'log.segment.delete.delay.ms': 100,
  // A new group begins at once, or most of a consuming run would be waiting.
  'group.initial.rebalance.delay.ms': 0,
}

export async function startMillrace(durability: Durability): Promise<Side> {
  const config = scratchDirectory('config')
  const file = join(config.path, 'config.json')
  writeFileSync(file, JSON.stringify(properties))
  const port = await freePort(0)
  const launched = performance.now()
  const starting = startBrokerProcess(durability === 'sync' ? 'fsync' : 'page-cache', [
    '--config',
    file,
    '--port',
    String(port),
  ])
  const acknowledged = firstAcknowledged(port)
  const [broker, at] = await Promise.all([starting, acknowledged])
  return {
    name: 'millrace',
    port,
    startMs: at - launched,
    ...costOf(broker.pid),
    [Symbol.asyncDispose]: async () => {
      await broker[Symbol.asyncDispose]()
      config.remove()
    },
  }
}

export async function startKafka(rig: Rig, durability: Durability): Promise<Side> {
  const sync = durability === 'sync' ? ['log.flush.interval.messages=1'] : []
  const port = await freePortPair()
  const shared = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
  const starting = rig.start(port, [...shared, ...sync])
  const [{ pid, launched }, at] = await Promise.all([starting, firstAcknowledged(port)])
  return {
    name: 'kafka',
    port,
    startMs: at - launched,
    ...costOf(pid),
    [Symbol.asyncDispose]: async () => rig.stop(),
  }
}
