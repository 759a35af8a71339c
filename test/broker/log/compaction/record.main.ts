/**
 * Records what Apache Kafka makes of compacted logs: `tsx test/broker/log/compaction/record.main.ts HOST:PORT DATA_DIR`,
 * with a broker of one node and a small `log.cleaner.backoff.ms`, and its data directory. Writes the segments before and
 * after each cleaning to `test/fixtures/kafka/compaction`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as header from '../../../../proto/kafka/batch/header.ts'
import {
  CreateTopics,
  DeleteTopics,
  FindCoordinator,
  IncrementalAlterConfigs,
  InitProducerId,
} from '../../../../proto/kafka/generated/apis.ts'
import { RawClient } from '../../../support/raw-client.ts'
import { produce } from '../../../support/requests.ts'
import type { CompactionFixture, FixtureFiles, FixtureStage } from './fixtures.ts'
import { type Action, type Scenario, scenarios } from './scenarios.ts'

const TARGET = join(import.meta.dirname, '../../../fixtures/kafka/compaction')
const ADD_PARTITIONS_TO_TXN = 24
const END_TXN = 26
const NEVER = '1.0'
const AT_ONCE = '0.0001'

interface Transaction {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

class Recorder {
  readonly #client: RawClient
  readonly #dataDir: string
  readonly #transactions = new Map<string, Transaction>()

  constructor(client: RawClient, dataDir: string) {
    this.#client = client
    this.#dataDir = dataDir
  }

  async record(scenario: Scenario): Promise<CompactionFixture> {
    const topic = `compaction-${scenario.name}-${process.pid}`
    this.#transactions.clear()
    await this.#create(topic, scenario)
    const stages: FixtureStage[] = []
    let cleanedTo = -1
    for (const actions of scenario.stages) {
      for (const action of actions) await this.#act(topic, action)
      const before = this.#files(topic)
      const wallMs = Date.now()
      await this.#alter(topic, 'min.cleanable.dirty.ratio', AT_ONCE)
      const cleaned = await this.#untilCleaned(topic)
      await this.#alter(topic, 'min.cleanable.dirty.ratio', NEVER)
      const after = this.#files(topic)
      const nowMs = horizonClock(before, after, scenario.deleteRetentionMs) ?? wallMs
      stages.push({ cleanedTo, nowMs, before, after, cleanedToAfter: cleaned })
      cleanedTo = cleaned
    }
    await this.#client.request(DeleteTopics, 4, { topics: [], topicNames: [topic], timeoutMs: 10_000 })
    const { name, deleteRetentionMs } = scenario
    return { name, deleteRetentionMs, timestampType: scenario.timestampType ?? 'CreateTime', stages }
  }

  async #create(topic: string, scenario: Scenario): Promise<void> {
    const configs = {
      'cleanup.policy': 'compact',
      'segment.ms': '1000',
      'min.cleanable.dirty.ratio': NEVER,
      'delete.retention.ms': String(scenario.deleteRetentionMs),
      'message.timestamp.type': scenario.timestampType ?? 'CreateTime',
    }
    const response = await this.#client.request(CreateTopics, 5, {
      topics: [
        {
          name: topic,
          numPartitions: 1,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
        },
      ],
      timeoutMs: 10_000,
      validateOnly: false,
    })
    if (response.topics[0]?.errorCode !== 0) throw new Error(`create: ${response.topics[0]?.errorMessage}`)
    await sleep(300)
  }

  async #alter(topic: string, name: string, value: string): Promise<void> {
    const configs = [{ name, configOperation: 0, value }]
    const resources = [{ resourceType: 2, resourceName: topic, configs }]
    const response = await this.#client.request(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
    if (response.responses[0]?.errorCode !== 0) throw new Error(`alter: ${response.responses[0]?.errorMessage}`)
  }

  async #act(topic: string, action: Action): Promise<void> {
    if (action.kind === 'wait') {
      await sleep(action.ms)
      return
    }
    if (action.kind === 'end') return this.#end(action.transaction, action.commit)
    let batch = action.batch
    let transactionalId: string | null = null
    if (action.transaction !== undefined) {
      const transaction = await this.#begin(topic, action.transaction)
      transactionalId = transaction.transactionalId
      batch = stampProducer(batch, transaction)
    }
    const answer = await produce(this.#client, topic, 0, batch, { transactionalId })
    if (answer.errorCode !== 0) throw new Error(`produce: ${answer.errorCode} ${answer.errorMessage}`)
  }

  async #begin(topic: string, name: string): Promise<Transaction> {
    let transaction = this.#transactions.get(name)
    if (transaction === undefined) {
      transaction = await this.#init(`${topic}-${name}`)
      this.#transactions.set(name, transaction)
    }
    // Version 0: throttle time, topics of (name, partitions of (index, error)).
    const request = [producerFields(transaction), int32(1), string(topic), int32(1), int32(0)]
    const answer = await this.#raw(ADD_PARTITIONS_TO_TXN, request)
    const error = answer.readInt16BE(answer.length - 2)
    // CONCURRENT_TRANSACTIONS: the one before is still being ended.
    if (error === 51) {
      await sleep(100)
      return this.#begin(topic, name)
    }
    if (error !== 0) throw new Error(`add partitions: ${error}`)
    return transaction
  }

  async #init(transactionalId: string): Promise<Transaction> {
    for (;;) {
      await this.#client.request(FindCoordinator, 3, { key: transactionalId, keyType: 1, coordinatorKeys: [] })
      const response = await this.#client.request(InitProducerId, 4, {
        transactionalId,
        transactionTimeoutMs: 60_000,
        producerId: -1,
        producerEpoch: -1,
        enable2Pc: false,
        keepPreparedTxn: false,
      })
      if (response.errorCode === 0) return { transactionalId, ...response }
      await sleep(200)
    }
  }

  async #end(name: string, committed: boolean): Promise<void> {
    const transaction = this.#transactions.get(name)
    if (transaction === undefined) throw new Error(`no transaction ${name}`)
    const answer = await this.#raw(END_TXN, [producerFields(transaction), Buffer.from([committed ? 1 : 0])])
    const error = answer.readInt16BE(answer.length - 2)
    if (error !== 0) throw new Error(`end: ${error}`)
    await sleep(500)
  }

  /** A request of version 0 that this project has no codec for. */
  async #raw(apiKey: number, fields: readonly Buffer[]): Promise<Buffer> {
    const key = Buffer.alloc(4)
    key.writeInt16BE(apiKey)
    const message = Buffer.concat([key, int32(0), string('recorder'), ...fields])
    this.#client.sendRaw(Buffer.concat([int32(message.length), message]))
    return this.#client.nextFrame()
  }

  /** Until the checkpoint stands at the active segment. */
  async #untilCleaned(topic: string): Promise<number> {
    const path = join(this.#dataDir, 'cleaner-offset-checkpoint')
    for (let tries = 0; tries < 200; tries++) {
      await sleep(100)
      const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
      const offset = Number(new RegExp(`^${topic} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? -1)
      const active = Math.max(...this.#names(topic, '.log').map((name) => Number.parseInt(name, 10)))
      if (offset === active) return offset
    }
    throw new Error(`${topic} was not cleaned`)
  }

  #names(topic: string, suffix: string): string[] {
    return readdirSync(join(this.#dataDir, `${topic}-0`)).filter((name) => name.endsWith(suffix))
  }

  #files(topic: string): FixtureFiles {
    const files: Record<string, string> = {}
    for (const name of [...this.#names(topic, '.log'), ...this.#names(topic, '.txnindex')].sort()) {
      const data = readFileSync(join(this.#dataDir, `${topic}-0`, name))
      files[name] = data.toString('base64')
    }
    return files
  }
}

function producerFields({ transactionalId, producerId, producerEpoch }: Transaction): Buffer {
  const fields = Buffer.alloc(10)
  fields.writeBigInt64BE(BigInt(producerId))
  fields.writeInt16BE(producerEpoch, 8)
  return Buffer.concat([string(transactionalId), fields])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function string(text: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeInt16BE(text.length)
  return Buffer.concat([length, Buffer.from(text)])
}

function stampProducer(batch: Buffer, { producerId, producerEpoch }: Transaction): Buffer {
  const stamped = Buffer.from(batch)
  stamped.writeBigInt64BE(BigInt(producerId), 43)
  stamped.writeInt16BE(producerEpoch, 51)
  header.setCrc(stamped, 0)
  return stamped
}

/** What Kafka's clock said at the cleaning, from a delete horizon that it set. */
function horizonClock(before: FixtureFiles, after: FixtureFiles, retentionMs: number): number | null {
  const known = new Set(horizons(before))
  const found = horizons(after).find((horizon) => !known.has(horizon))
  return found === undefined ? null : found - retentionMs
}

function horizons(files: FixtureFiles): number[] {
  const found: number[] = []
  for (const [name, text] of Object.entries(files)) {
    if (!name.endsWith('.log')) continue
    const data = Buffer.from(text, 'base64')
    for (let at = 0; at < data.length; at += header.batchSize(data, at)) {
      if (header.hasDeleteHorizon(data, at)) found.push(header.baseTimestamp(data, at))
    }
  }
  return found
}

const [bootstrap = '', dataDir = '', only] = process.argv.slice(2)
await using client = await RawClient.connect(bootstrap)
mkdirSync(TARGET, { recursive: true })
for (const scenario of scenarios) {
  if (only !== undefined && scenario.name !== only) continue
  const fixture = await new Recorder(client, dataDir).record(scenario)
  writeFileSync(join(TARGET, `${scenario.name}.json`), `${JSON.stringify(fixture, null, 2)}\n`)
  console.error(scenario.name, fixture.stages.map((stage) => Object.keys(stage.after).join(' ')).join(' | '))
}
