/**
 * A broker on partition directories that Apache Kafka 4.3 wrote, over the wire: topics are made here, the broker is stopped,
 * Kafka's files are put in the place of ours but for `partition.metadata`, and what clients read is what they read of Kafka.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startBroker } from '../../../broker/index.ts'
import { encodeOffsets, parseOffsets } from '../../../broker/log/offset-checkpoint.ts'
import { decodeBatches, type RecordBatch } from '../../../proto/kafka/batch/decode.ts'
import { ListOffsets } from '../../../proto/kafka/generated/apis.ts'
import { RawClient } from '../../support/raw-client.ts'
import { fetchOne } from '../../support/requests.ts'
import { readTarGz } from './tar.ts'
import { committedBatches } from './transactions.ts'

type ExpectedRecord = [number, [number, number], string | null, [number, string] | null, [string, string][]]
interface Expected {
  readonly low: number
  readonly high: number
  readonly records: ExpectedRecord[]
}

const fixture = join(import.meta.dirname, '../../fixtures/kafka/log-dirs.tar.gz')
const whole = join(import.meta.dirname, '../../../../shared/data/kafka/log-dirs.tar.gz')
const WAIT = 60_000
const CHECKPOINTS = ['log-start-offset-checkpoint', 'recovery-point-offset-checkpoint', 'replication-offset-checkpoint']
const READ_COMMITTED = 1

const CONFIGS: Record<string, { name: string; value: string }[]> = {
  compacted: [{ name: 'cleanup.policy', value: 'compact' }],
  appendtime: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
}

type Broker = Awaited<ReturnType<typeof startBroker>>

class Directories {
  readonly files: Map<string, Buffer>
  readonly expected: Record<string, Expected>
  /** Partition directories that clients have read. */
  readonly names: string[]

  constructor(archive: string) {
    this.files = readTarGz(archive)
    this.expected = JSON.parse(String(this.files.get('expected.json'))) as Record<string, Expected>
    this.names = Object.keys(this.expected).flatMap((key) => key.match(/^(\S+) read_uncommitted$/)?.[1] ?? [])
  }

  /** Puts Kafka's partitions into the data directory of a stopped broker that has topics of these names. */
  swapInto(dataDir: string, kind: string): void {
    for (const name of this.names) {
      const directory = join(dataDir, name)
      for (const file of readdirSync(directory)) if (file !== 'partition.metadata') rmSync(join(directory, file))
      for (const [path, data] of this.files) {
        const file = path.startsWith(`${kind}/${name}/`) ? path.slice(kind.length + name.length + 2) : ''
        if (file !== '' && file !== 'partition.metadata') writeFileSync(join(directory, file), data)
      }
    }
    for (const file of CHECKPOINTS) {
      const ours = parseOffsets(readFileSync(join(dataDir, file)))!
      const theirs = parseOffsets(this.files.get(`${kind}/${file}`)!)!
      for (const name of this.names) ours.delete(name)
      for (const name of this.names) if (theirs.has(name)) ours.set(name, theirs.get(name)!)
      writeFileSync(join(dataDir, file), encodeOffsets(ours))
    }
    // What Kafka copied while it was running is no clean stop.
    if (kind === 'crashed') rmSync(join(dataDir, '.kafka_cleanshutdown'))
  }
}

async function createTopics(broker: Broker, names: readonly string[]): Promise<void> {
  const partitions = new Map<string, number>()
  for (const name of names) {
    const topic = name.slice(0, name.lastIndexOf('-'))
    partitions.set(topic, (partitions.get(topic) ?? 0) + 1)
  }
  const topics = [...partitions].map(([name, count]) => {
    return { name, partitions: count, replicationFactor: 1, assignments: [], configs: CONFIGS[name] ?? [] }
  })
  await new Promise<void>((resolve, reject) => {
    broker.services.controller.createTopics(topics, { validateOnly: false }, (results) => {
      if (results.every(({ error }) => error === 0)) resolve()
      else reject(new Error(JSON.stringify(results)))
    })
  })
}

/** Runs a broker on a copy of Kafka's directories. */
async function serve(
  directories: Directories,
  kind: string,
  work: (client: RawClient) => Promise<void>,
): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
  try {
    {
      await using broker = await startBroker({ dataDir, port: 0 })
      await createTopics(broker, directories.names)
    }
    directories.swapInto(dataDir, kind)
    await using broker = await startBroker({ dataDir, port: 0 })
    await using client = await RawClient.connect(broker.bootstrap)
    await work(client)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function split(name: string): { topic: string; partition: number } {
  const cut = name.lastIndexOf('-')
  return { topic: name.slice(0, cut), partition: Number(name.slice(cut + 1)) }
}

async function offsetFor(client: RawClient, name: string, isolationLevel: number, timestamp: number): Promise<number> {
  const { topic, partition } = split(name)
  const response = await client.request(ListOffsets, 7, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }] }],
    timeoutMs: 0,
  })
  const answer = response.topics[0].partitions[0]
  expect(answer.errorCode).toBe(0)
  return answer.offset
}

/** Everything that a consumer of the isolation level sees, in fetches of at most `maxBytes`. */
async function consume(client: RawClient, name: string, isolationLevel: number, maxBytes: number) {
  const records: ExpectedRecord[] = []
  const low = await offsetFor(client, name, isolationLevel, -2)
  const high = await offsetFor(client, name, isolationLevel, -1)
  for (let offset = low; offset < high; ) {
    const answer = await fetchOne(client, { ...split(name), offset, maxBytes }, { isolationLevel })
    expect([answer.errorCode, answer.logStartOffset]).toEqual([0, low])
    if (isolationLevel === READ_COMMITTED) expect(answer.lastStableOffset).toBe(high)
    else expect([answer.highWatermark, answer.abortedTransactions]).toEqual([high, null])
    const bytes = answer.records ?? []
    const batches =
      isolationLevel === READ_COMMITTED
        ? committedBatches(bytes, answer.abortedTransactions ?? [])
        : [...decodeBatches(bytes)].filter((batch) => !batch.isControl)
    for (const batch of batches) records.push(...recordsOf(batch).filter(([at]) => at >= offset))
    const last = [...decodeBatches(bytes)].at(-1)
    if (last === undefined) throw new Error(`nothing to read at ${offset} of ${high}`)
    offset = last.lastOffset + 1
  }
  return { low, high, records }
}

function recordsOf(batch: RecordBatch): ExpectedRecord[] {
  return [...batch.records()].map(({ offset, timestamp, key, value, headers }) => [
    offset,
    [batch.isLogAppendTime ? 2 : 1, timestamp],
    key && String(key),
    value && [value.length, createHash('sha256').update(value).digest('hex').slice(0, 16)],
    headers.map((header): [string, string] => [header.key, String(header.value)]),
  ])
}

function judge(directories: Directories): void {
  const { expected, names, files } = directories
  for (const kind of ['clean', 'crashed']) {
    it(`serves the ${kind} one's records and offsets at both isolation levels`, { timeout: WAIT }, async () => {
      await serve(directories, kind, async (client) => {
        for (const name of names) {
          for (const [isolationLevel, isolation] of ['read_uncommitted', 'read_committed'].entries()) {
            for (const maxBytes of [1_000, 1_000_000]) {
              expect(await consume(client, name, isolationLevel, maxBytes), `${name} ${isolation}`).toEqual(
                expected[`${name} ${isolation}`],
              )
            }
          }
        }
      })
    })
  }

  it('answers the aborted transactions that Kafka noted, to whom they concern', { timeout: WAIT }, async () => {
    const index = files.get('clean/txn-0/00000000000000000005.txnindex')!
    const noted = Array.from({ length: index.length / 34 }, (_, i) => ({
      producerId: Number(index.readBigInt64BE(i * 34 + 2)),
      firstOffset: Number(index.readBigInt64BE(i * 34 + 10)),
      lastOffset: Number(index.readBigInt64BE(i * 34 + 18)),
    }))
    expect(noted.length).toBeGreaterThan(1)
    for (const kind of ['clean', 'crashed']) {
      await serve(directories, kind, async (client) => {
        for (let offset = 0; offset < 36; offset++) {
          const answer = await fetchOne(client, { topic: 'txn', offset }, { isolationLevel: READ_COMMITTED })
          const end = [...decodeBatches(answer.records)].at(-1)!.lastOffset + 1
          const wanted = noted.filter(({ firstOffset, lastOffset }) => lastOffset >= offset && firstOffset < end)
          expect(answer.abortedTransactions).toEqual(
            wanted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
          )
        }
      })
    }
  })
}

describe("a part of Kafka's directories, kept with the tests", () => judge(new Directories(fixture)))

describe.skipIf(!existsSync(whole))("Kafka's whole directories (skipped where ../shared is absent)", () => {
  if (!existsSync(whole)) return
  const directories = new Directories(whole)
  judge(directories)

  it('finds offsets by time as Kafka did', { timeout: WAIT }, async () => {
    const times = directories.expected['offsets_for_times'] as unknown as Record<string, number>
    for (const kind of ['clean', 'crashed']) {
      await serve(directories, kind, async (client) => {
        for (const [time, offset] of Object.entries(times)) {
          for (const isolation of [0, READ_COMMITTED]) {
            expect(await offsetFor(client, 'plain-0', isolation, Number(time))).toBe(offset)
          }
        }
      })
    }
  })
})
