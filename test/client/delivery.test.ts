import { describe, expect, it } from 'vitest'
import { decodeBatch } from '../../proto/kafka/batch/decode.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type {
  PartitionProduceResponse,
  ProduceRequest,
  ProduceResponse,
} from '../../proto/kafka/generated/00-produce.ts'
import { InitProducerId, Metadata, Produce } from '../../proto/kafka/generated/apis.ts'
import { Client, type Producer, type ProducerOptions, string, topic } from '../../client/index.ts'
import { FakeBroker } from './support/fake-broker.ts'

const Orders = topic('orders', { key: string, value: string })

/** A batch as the broker saw it. */
interface Seen {
  readonly producerId: number
  readonly epoch: number
  readonly sequence: number
  readonly values: (string | undefined)[]
}

type Verdict = Partial<PartitionProduceResponse> | number | 'hang up' | null

/** A broker that decides the fate of each batch by `judge`, and a producer on it. */
async function setUp(
  judge: (seen: Seen, count: number) => Verdict,
  options: ProducerOptions = {},
  clientOptions: object = {},
) {
  const broker = await FakeBroker.start()
  const batches: Seen[] = []
  let ids = 40
  broker
    .withTopics({ orders: 1 })
    .on(InitProducerId, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      producerId: ++ids,
      producerEpoch: 0,
      ongoingTxnProducerId: -1,
      ongoingTxnProducerEpoch: -1,
    }))
    .on(
      Produce,
      (request: ProduceRequest, { count }) => {
        const batch = decodeBatch(request.topicData[0]!.partitionData[0]!.records!)
        const values = [...batch.records()].map(({ value }) => value?.toString())
        const seen = { producerId: batch.producerId, epoch: batch.producerEpoch, sequence: batch.baseSequence, values }
        batches.push(seen)
        const verdict = judge(seen, count)
        if (verdict === null || verdict === 'hang up') return verdict
        return produceResponse(typeof verdict === 'number' ? { errorCode: verdict } : verdict)
      },
      { min: 0, max: 12 },
    )
  const client = new Client({ brokers: broker.bootstrap, retryBackoffMs: 1, retryBackoffMaxMs: 5, ...clientOptions })
  const producer = client.producer(options)
  const close = async (): Promise<void> => {
    await client.close().catch(() => undefined)
    await broker[Symbol.asyncDispose]()
  }
  return { broker, batches, client, producer, [Symbol.asyncDispose]: close }
}

function produceResponse(partition: Partial<PartitionProduceResponse>): ProduceResponse {
  return {
    responses: [
      {
        name: 'orders',
        topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
        partitionResponses: [
          {
            index: 0,
            errorCode: 0,
            baseOffset: 100,
            logAppendTimeMs: -1,
            logStartOffset: 0,
            recordErrors: [],
            errorMessage: null,
            currentLeader: { leaderId: -1, leaderEpoch: -1 },
            ...partition,
          },
        ],
      },
    ],
    throttleTimeMs: 0,
    nodeEndpoints: [],
  }
}

function send(producer: Producer, ...values: string[]): Promise<unknown> {
  return producer.send(
    Orders,
    values.map((value) => ({ value })),
  )
}

describe('the idempotent producer', () => {
  it('numbers batches one after another under one id', async () => {
    await using test = await setUp(() => 0)
    for (const values of [['a'], ['b', 'c'], ['d']]) await send(test.producer, ...values)
    expect(test.batches).toEqual([
      { producerId: 41, epoch: 0, sequence: 0, values: ['a'] },
      { producerId: 41, epoch: 0, sequence: 1, values: ['b', 'c'] },
      { producerId: 41, epoch: 0, sequence: 3, values: ['d'] },
    ])
  })

  it('sends a batch again with its own sequence after the connection broke: the broker can tell (W16)', async () => {
    await using test = await setUp((_seen, count) =>
      count === 1 ? 'hang up' : { errorCode: Errors.DUPLICATE_SEQUENCE_NUMBER },
    )
    expect(await send(test.producer, 'a')).toEqual([{ partition: 0, offset: -1 }])
    expect(test.batches.map(({ sequence, epoch }) => [epoch, sequence])).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  it('takes no answer in time as no answer: the batch goes out again with its own sequence', async () => {
    await using test = await setUp((_seen, count) => (count === 1 ? null : 0), {}, { requestTimeoutMs: 30 })
    expect(await send(test.producer, 'a')).toEqual([{ partition: 0, offset: 100 }])
    expect(test.batches.map(({ sequence }) => sequence)).toEqual([0, 0])
  })

  it('waits for older batches before it believes in a gap', async () => {
    // Both are in flight. The first is refused for a moment, which puts the second out of order until the first is there.
    await using test = await setUp(
      ({ sequence }, count) => {
        if (count === 2) return Errors.NOT_ENOUGH_REPLICAS
        if (count === 3) return Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
        return { baseOffset: 100 + sequence }
      },
      { batchBytes: 512 },
    )
    await send(test.producer, 'w')
    const [first, second] = ['x', 'y'].map((letter) => send(test.producer, letter.repeat(400)))
    expect(await first).toEqual([{ partition: 0, offset: 101 }])
    expect(await second).toEqual([{ partition: 0, offset: 102 }])
    expect(test.batches.slice(1).map(({ epoch, sequence, values }) => [epoch, sequence, values[0]?.[0]])).toEqual([
      [0, 1, 'x'],
      [0, 2, 'y'],
      [0, 1, 'x'],
      [0, 2, 'y'],
    ])
  })

  it('has one batch on its way until the broker knows it: any sequence would pass for the first (W16)', async () => {
    await using test = await setUp((_seen, count) => (count === 1 ? Errors.NOT_LEADER_OR_FOLLOWER : 0), {
      batchBytes: 512,
    })
    const sends = ['x', 'y', 'z'].map((letter) => send(test.producer, letter.repeat(400)))
    await Promise.all(sends)
    expect(test.batches.map(({ sequence, values }) => [sequence, values[0]?.[0]])).toEqual([
      [0, 'x'],
      [0, 'x'],
      [1, 'y'],
      [2, 'z'],
    ])
  })

  it.each([Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, Errors.UNKNOWN_PRODUCER_ID])(
    'starts a new epoch at sequence 0 when the broker has lost its place (error %i, KIP-360)',
    async (code) => {
      await using test = await setUp(({ epoch }, count) => (count > 1 && epoch === 0 ? code : 0))
      await send(test.producer, 'a')
      expect(await send(test.producer, 'b')).toEqual([{ partition: 0, offset: 100 }])
      await send(test.producer, 'c')
      expect(test.batches.map(({ epoch, sequence, values }) => [epoch, sequence, values[0]])).toEqual([
        [0, 0, 'a'],
        [0, 1, 'b'],
        [1, 0, 'b'],
        [1, 1, 'c'],
      ])
    },
  )

  it('starts a new epoch, too, when the broker knows nothing of a producer whose batch may have arrived', async () => {
    await using test = await setUp(({ epoch }, count) => {
      if (count === 2) return 'hang up'
      return count > 2 && epoch === 0 ? Errors.UNKNOWN_PRODUCER_ID : 0
    })
    await send(test.producer, 'a')
    expect(await send(test.producer, 'b')).toEqual([{ partition: 0, offset: 100 }])
    expect(test.batches.at(-1)).toMatchObject({ epoch: 1, sequence: 0, values: ['b'] })
  })

  it('asks for a new id when its own was fenced', async () => {
    await using test = await setUp(({ producerId }) => (producerId === 41 ? Errors.INVALID_PRODUCER_EPOCH : 0))
    expect(await send(test.producer, 'a')).toEqual([{ partition: 0, offset: 100 }])
    expect(test.batches.map(({ producerId, sequence }) => [producerId, sequence])).toEqual([
      [41, 0],
      [42, 0],
    ])
  })

  it('goes on in a new epoch after a batch was refused for good', async () => {
    await using test = await setUp(({ values }) =>
      values[0] === 'bad' ? { errorCode: Errors.INVALID_RECORD, errorMessage: 'no key' } : 0,
    )
    await send(test.producer, 'a')
    await expect(send(test.producer, 'bad')).rejects.toMatchObject({
      code: 'INVALID_RECORD',
      message: expect.stringContaining('no key') as string,
    })
    expect(await send(test.producer, 'b')).toEqual([{ partition: 0, offset: 100 }])
    expect(test.batches.at(-1)).toEqual({ producerId: 41, epoch: 1, sequence: 0, values: ['b'] })
  })

  it.each([
    Errors.REQUEST_TIMED_OUT,
    Errors.NOT_LEADER_OR_FOLLOWER,
    Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    Errors.KAFKA_STORAGE_ERROR,
  ])('asks about a batch that may be in the log before a new epoch numbers it anew (error %i)', async (code) => {
    // 'maybe' is appended, which its answer does not say; 'bad' behind it is refused and wants a new epoch.
    await using test = await setUp(
      ({ values, epoch }, count) => {
        if (values[0]?.startsWith('bad')) return Errors.INVALID_RECORD
        if (!values[0]?.startsWith('maybe')) return 0
        // The second time the leader is not ready yet, which says nothing of the first.
        if (count <= 4) return count <= 3 ? code : Errors.LEADER_NOT_AVAILABLE
        return epoch === 0 ? { baseOffset: 7 } : { baseOffset: 99 }
      },
      { batchBytes: 512 },
    )
    await send(test.producer, 'w')
    const maybe = send(test.producer, 'maybe'.repeat(80))
    const bad = send(test.producer, 'bad'.repeat(130))
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_RECORD' })
    expect(await maybe).toEqual([{ partition: 0, offset: 7 }])
    expect(await send(test.producer, 'z')).toEqual([{ partition: 0, offset: 100 }])
    expect(test.batches.at(-1)).toMatchObject({ epoch: 1, sequence: 0, values: ['z'] })
  })

  it('fails everything when there will be no id', async () => {
    await using test = await setUp(() => 0)
    test.broker.on(InitProducerId, () => ({
      throttleTimeMs: 0,
      errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
      producerId: -1,
      producerEpoch: -1,
      ongoingTxnProducerId: -1,
      ongoingTxnProducerEpoch: -1,
    }))
    await expect(send(test.producer, 'a')).rejects.toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED' })
    await expect(send(test.producer, 'b')).rejects.toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED' })
    expect(test.batches).toEqual([])
    expect(test.producer.bufferedBytes).toBe(0)
  })
})

describe('delivery', () => {
  it('halves a batch that is too large until it fits, offsets and order kept', async () => {
    let next = 0
    await using test = await setUp(({ values }) => {
      if (values.length > 2) return Errors.MESSAGE_TOO_LARGE
      const baseOffset = next
      next += values.length
      return { baseOffset }
    })
    expect(await send(test.producer, 'a', 'b', 'c', 'd', 'e')).toEqual(
      [0, 1, 2, 3, 4].map((offset) => ({ partition: 0, offset })),
    )
    const accepted = test.batches.filter(({ values }) => values.length <= 2)
    expect(accepted.flatMap(({ values }) => values)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(test.producer.bufferedBytes).toBe(0)
  })

  it('fails a single record that is too large, and those of its send', async () => {
    await using test = await setUp(({ values }) => (values.includes('huge') ? Errors.MESSAGE_TOO_LARGE : 0))
    await expect(send(test.producer, 'a', 'huge')).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
    expect(await send(test.producer, 'b')).toEqual([{ partition: 0, offset: 100 }])
  })

  it('follows the leader that an answer names, without asking for metadata (KIP-951)', async () => {
    await using test = await setUp((_seen, count) =>
      count === 1 ? { errorCode: Errors.NOT_LEADER_OR_FOLLOWER, currentLeader: { leaderId: 1, leaderEpoch: 9 } } : 0,
    )
    await send(test.producer, 'a')
    const { length } = test.broker.seen(Metadata)
    expect(length).toBe(1)
  })

  it('asks for metadata when it does not know the leader', async () => {
    await using test = await setUp((_seen, count) => (count === 1 ? Errors.NOT_LEADER_OR_FOLLOWER : 0))
    await send(test.producer, 'a')
    expect(test.broker.seen(Metadata).length).toBeGreaterThan(1)
  })

  it('gives up after deliveryTimeoutMs, and says that the outcome is unknown', async () => {
    await using test = await setUp(() => Errors.NOT_ENOUGH_REPLICAS, { deliveryTimeoutMs: 100 })
    await expect(send(test.producer, 'a')).rejects.toMatchObject({ code: 'CLIENT_DELIVERY_TIMEOUT' })
    expect(test.producer.bufferedBytes).toBe(0)
  })

  it('gives up on a batch whose answer never comes, and still delivers the next', async () => {
    let hungUp = false
    await using test = await setUp(
      ({ values, epoch }) => {
        if (values[0] === 'a') return null
        if (hungUp) return epoch === 0 ? Errors.OUT_OF_ORDER_SEQUENCE_NUMBER : 0
        hungUp = true
        return 'hang up'
      },
      { deliveryTimeoutMs: 300 },
      { requestTimeoutMs: 100 },
    )
    await expect(send(test.producer, 'a')).rejects.toMatchObject({ code: 'CLIENT_DELIVERY_TIMEOUT' })
    expect(await send(test.producer, 'b')).toEqual([{ partition: 0, offset: 100 }])
    expect(test.batches.at(-1)).toMatchObject({ epoch: 1, sequence: 0, values: ['b'] })
  })

  it('sends one batch per partition and request, at most five unanswered (W8)', async () => {
    await using test = await setUp((_seen, count) => (count === 1 ? 0 : null), { batchBytes: 512, maxInFlight: 5 })
    await send(test.producer, 'known')
    for (let i = 0; i < 20; i++) void test.producer.write(Orders, { value: 'x'.repeat(400) })
    void test.producer.flush().catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(test.batches.length).toBe(1 + 5)
    for (const request of test.broker.seen(Produce) as ProduceRequest[]) {
      expect(request.topicData.map(({ partitionData }) => partitionData.length)).toEqual([1])
    }
    await test.producer.close({ signal: AbortSignal.timeout(10) }).catch(() => undefined)
  })

  it('a producer without idempotence has no id and asks for none', async () => {
    await using test = await setUp(() => 0, { acks: 1 })
    await send(test.producer, 'a')
    expect(test.batches[0]).toMatchObject({ producerId: -1, epoch: -1, sequence: -1 })
    expect(test.broker.seen(InitProducerId)).toEqual([])
    expect((test.broker.seen(Produce)[0] as ProduceRequest).acks).toBe(1)
  })

  it('acks 0 does not wait for an answer that never comes (W21)', async () => {
    await using test = await setUp(() => null, { acks: 0 })
    expect(await send(test.producer, 'a')).toEqual([{ partition: 0, offset: -1 }])
  })

  it('speaks to a broker of Kafka 2.1', async () => {
    await using test = await setUp(() => 0)
    const answer = test.broker
    answer.withTopics({ orders: 1 })
    answer.limit(Produce, 7).limit(Metadata, 7).limit(InitProducerId, 1)
    expect(await send(test.producer, 'a')).toEqual([{ partition: 0, offset: 100 }])
    expect(new Set(answer.requests.map(({ api, version }) => `${api} ${version}`))).toEqual(
      new Set(['Metadata 7', 'InitProducerId 1', 'Produce 7']),
    )
  })
})
