/** The short way of a Produce request against the usual one: the same requests to two brokers, the same replies and logs. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Broker } from '../../../broker/broker.ts'
import { defaultConfig } from '../../../broker/config.ts'
import { produceHandler } from '../../../broker/handlers/00-produce.ts'
import { createMemoryDisk } from '../../../broker/node.ts'
import { nodeClock } from '../../../broker/ports/node-clock.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { frameRequest, frameResponse } from '../../../proto/kafka/frame.ts'
import { CreateTopics, FindCoordinator, Metadata, Produce } from '../../../proto/kafka/generated/apis.ts'
import type { ProduceRequest, ProduceResponse } from '../../../proto/kafka/generated/00-produce.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { SeededRandom } from '../../../testing/sim/random.ts'
import { RawClient } from '../../support/raw-client.ts'
import { quietPorts } from '../../support/quiet-ports.ts'

const NOW_MS = 1_790_000_000_000
const ROUNDS = 400
const FIRST_FLEXIBLE = 9
const BY_ID = 13
const INTERNAL = '__consumer_offsets'

const topics = [
  { name: 'plain', configs: [] },
  { name: 'stamped', configs: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }] },
  { name: 'small', configs: [{ name: 'max.message.bytes', value: '120' }] },
  { name: 'compacted', configs: [{ name: 'cleanup.policy', value: 'compact' }] },
  { name: 'strict', configs: [{ name: 'min.insync.replicas', value: '2' }] },
]

interface Side extends AsyncDisposable {
  readonly broker: Broker
  readonly disk: ReturnType<typeof createMemoryDisk>
  readonly ids: ReadonlyMap<string, string>
}

async function startSide(): Promise<Side> {
  const disk = createMemoryDisk()
  const properties = { 'offsets.topic.num.partitions': 2 }
  const broker = new Broker(
    quietPorts({ disk, clock: { ...nodeClock, now: () => NOW_MS }, random: new SeededRandom(7) }),
    defaultConfig({ dataDir: '/data', port: 0, durability: 'page-cache', properties }),
  )
  await broker.start()
  const asked = topics.map((topic) => ({ ...topic, numPartitions: 2, replicationFactor: 1, assignments: [] }))
  await broker.dispatch(CreateTopics, { topics: asked, timeoutMs: 10_000, validateOnly: false }, 5)
  // Makes the topic of the groups.
  await broker.dispatch(FindCoordinator, { key: 'group', keyType: 0, coordinatorKeys: [] }, 3)
  let ids = await topicIds(broker)
  while (!ids.has(INTERNAL)) ids = await topicIds(broker)
  return { broker, disk, ids, [Symbol.asyncDispose]: () => broker.kill() }
}

interface Sent {
  readonly frame: Buffer
  /** The only answer that it can get may be the end of the connection. */
  readonly mayClose: boolean
}

async function topicIds(broker: Broker): Promise<ReadonlyMap<string, string>> {
  const everything = {
    topics: null,
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
  const known = await broker.dispatch(Metadata, everything, 12)
  return new Map((known?.topics ?? []).map(({ name, topicId }) => [name ?? '', topicId]))
}

/** Makes requests: most are of one good batch, the others miss that by something. */
class Requests {
  private readonly random: SeededRandom
  private readonly ids: ReadonlyMap<string, string>
  private readonly sequences = new Map<string, number>()

  constructor(seed: number, ids: ReadonlyMap<string, string>) {
    this.random = new SeededRandom(seed)
    this.ids = ids
  }

  /** A request as a frame, with its length. */
  next(correlationId: number): Sent {
    const version = this.oneOf([3, 5, 7, 8, 9, 10, 11, 12, 13, 13, 13])
    const request: ProduceRequest = {
      transactionalId: this.rarely() ? 'transaction' : null,
      acks: this.rarely() ? this.oneOf([0, 2, -2]) : this.oneOf([1, -1]),
      timeoutMs: this.oneOf([100, 30_000]),
      topicData: Array.from({ length: this.rarely() ? this.oneOf([0, 2]) : 1 }, () => this.topicData(version)),
    }
    const clientId = this.oneOf(['someone', '__admin_client', '', null])
    let frame: Buffer = Buffer.concat(frameRequest(Produce, version, correlationId, clientId, request))
    if (version >= FIRST_FLEXIBLE && this.rarely()) frame = withTags(frame, this.oneOf([1, 2, 3]))
    if (this.rarely()) frame = withLength(Buffer.concat([frame, this.random.bytes(3)]))
    const isCut = this.random.below(60) === 0
    if (isCut) frame = withLength(Buffer.from(frame.subarray(0, frame.length - 1 - this.random.below(20))))
    return { frame, mayClose: isCut || request.acks === 0 }
  }

  private topicData(version: number): ProduceRequest['topicData'][0] {
    const name = this.rarely()
      ? this.oneOf(['nowhere', INTERNAL])
      : this.oneOf(['plain', 'plain', ...topics.map((topic) => topic.name)])
    const partitions = this.rarely() ? this.oneOf([0, 2]) : 1
    return {
      name: version >= BY_ID ? '' : name,
      topicId: version >= BY_ID ? (this.ids.get(name) ?? 'aaaaaaaaaaaaaaaaaaaaaA') : ZERO_UUID,
      partitionData: Array.from({ length: partitions }, () => {
        const index = this.rarely() ? this.oneOf([-1, 9]) : this.oneOf([0, 1])
        return { index, records: this.records(`${name}-${index}`) }
      }),
    }
  }

  private records(partition: string): Buffer | null {
    const count = 1 + this.random.below(4)
    const records = Array.from({ length: count }, (_, index) => ({
      key: this.rarely() ? null : `key ${index}`,
      value: 'v'.repeat(this.random.below(30)),
      timestamp: this.rarely() ? NOW_MS * 2 : NOW_MS - index,
      headers: this.rarely() ? [{ key: 'h', value: Buffer.from('x') }] : [],
    }))
    const batch = encodeBatch(records, {
      ...(this.random.below(2) === 0 ? {} : this.producer(partition, count)),
      ...(this.rarely() ? { codec: this.oneOf([1, 2, 3]) } : {}),
      ...(this.rarely() ? { isTransactional: true, producerId: 9, producerEpoch: 0, baseSequence: 0 } : {}),
      ...(this.rarely() ? { baseOffset: 5 } : {}),
      ...(this.rarely() ? { appendTimeMs: NOW_MS } : {}),
    })
    if (this.random.below(4) > 0) return batch
    return this.oneOf<() => Buffer | null>([
      () => null,
      () => Buffer.alloc(0),
      () => batch.subarray(0, this.random.below(batch.length)),
      () => Buffer.concat([batch, batch]),
      () => changed(batch, 16, 1),
      () => changed(batch, 20, 0xee),
      () => changed(batch, 22, 4),
      () => changed(batch, batch.length - 1, 0xee),
      () => batch,
    ])()
  }

  /** Mostly the next sequence; at times one again, or one left out. */
  private producer(partition: string, count: number): object {
    const producerId = 1 + this.random.below(2)
    const key = `${partition}:${producerId}`
    const next = this.sequences.get(key) ?? 0
    const baseSequence = this.rarely() ? Math.max(0, next - this.oneOf([count, -3])) : next
    this.sequences.set(key, baseSequence + count)
    return { producerId, producerEpoch: 0, baseSequence }
  }

  private rarely(): boolean {
    return this.random.below(14) === 0
  }

  private oneOf<T>(choices: readonly T[]): T {
    return choices[this.random.below(choices.length)] as T
  }
}

function changed(batch: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(batch)
  copy[at] = byte
  return copy
}

function withLength(frame: Buffer): Buffer {
  frame.writeInt32BE(frame.length - 4, 0)
  return frame
}

/** An unknown tagged field in one of the last three places for some: of the request, the topic, the partition. */
function withTags(frame: Buffer, place: number): Buffer {
  const at = frame.length - place
  if (frame[at] !== 0) return frame
  return withLength(Buffer.concat([frame.subarray(0, at), Buffer.from([1, 99, 2, 7, 7]), frame.subarray(at + 1)]))
}

/** What the usual way makes of a frame: a whole reply, 'nothing', or 'closed'. */
async function answerOf(side: Side, frame: Buffer): Promise<Buffer | 'nothing' | 'closed'> {
  const reader = new Reader(frame, 4)
  reader.int16()
  const version = reader.int16()
  const correlationId = reader.int32()
  const clientId = reader.nullableString()
  let response: ProduceResponse | null
  try {
    if (version >= FIRST_FLEXIBLE) reader.skipTags()
    const request = Produce.readRequest(reader, version)
    // The log takes what it is given for its own.
    for (const { partitionData } of request.topicData) {
      for (const data of partitionData) if (data.records !== null) data.records = Buffer.from(data.records)
    }
    response = await side.broker.dispatch(Produce, request, version, { clientId: clientId ?? '' })
  } catch {
    return 'closed'
  }
  if (response === null) return 'nothing'
  return Buffer.concat(frameResponse(Produce, version, correlationId, response))
}

function logsOf({ disk }: Side): Record<string, string> {
  const logs: Record<string, string> = {}
  for (const directory of disk.listSync('/data')) {
    for (const name of disk.listSync(`/data/${directory}`)) {
      const isOfTopic = [INTERNAL, ...topics.map((topic) => topic.name)].some((topic) =>
        directory.startsWith(`${topic}-`),
      )
      if (isOfTopic && name.endsWith('.log')) {
        logs[`${directory}/${name}`] = disk.readFileSync(`/data/${directory}/${name}`).toString('hex')
      }
    }
  }
  return logs
}

describe('a Produce request', () => {
  let short: Side
  let usual: Side

  beforeEach(async () => {
    short = await startSide()
    usual = await startSide()
  })

  afterEach(async () => {
    vi.restoreAllMocks()
    await short[Symbol.asyncDispose]()
    await usual[Symbol.asyncDispose]()
  })

  it.each([1, 2, 3, 4])('gets the same reply and leaves the same log on its short way (seed %i)', async (seed) => {
    expect([...short.ids]).toEqual([...usual.ids])
    const ways = vi.spyOn(produceHandler, 'handleFrame')
    const requests = new Requests(seed, short.ids)
    let client = await RawClient.connect(short.broker.bootstrap)
    for (let round = 0; round < ROUNDS; round++) {
      const sent = Array.from({ length: 1 + (round % 5) }, (_, index) => requests.next(round * 10 + index))
      // What follows a request that ends the connection is not looked at: that one goes alone.
      const frames = sent.filter(({ mayClose }) => !mayClose || sent.length === 1).map(({ frame }) => frame)
      const expected = await Promise.all(frames.map((frame) => answerOf(usual, frame)))
      client.sendRaw(Buffer.concat(frames))
      for (const answer of expected) {
        if (Buffer.isBuffer(answer)) {
          expect((await client.nextFrame()).toString('hex')).toBe(answer.subarray(4).toString('hex'))
        } else if (answer === 'closed') {
          await client.untilClosed()
          client = await RawClient.connect(short.broker.bootstrap)
        }
      }
    }
    await client.close()
    expect(logsOf(short)).toEqual(logsOf(usual))
    const taken = ways.mock.results.filter(({ value }) => value === true).length
    expect(taken).toBeGreaterThan(ROUNDS / 2)
    expect(ways.mock.results.length - taken).toBeGreaterThan(ROUNDS / 4)
  })
})
