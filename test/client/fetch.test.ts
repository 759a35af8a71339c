import { describe, expect, it } from 'vitest'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { setBaseOffset } from '../../proto/kafka/batch/header.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type { FetchRequest, FetchResponse, PartitionData } from '../../proto/kafka/generated/01-fetch.ts'
import { Fetch, Metadata, OffsetFetch, FindCoordinator, ListOffsets } from '../../proto/kafka/generated/apis.ts'
import { Client, type ConsumerOptions, string, topic } from '../../client/index.ts'
import { scanBatches } from '../../client/consumer/scan.ts'
import { FakeBroker } from './support/fake-broker.ts'

const Lines = topic('lines', { key: string, value: string })

interface BatchShape {
  readonly baseOffset: number
  readonly values?: readonly string[]
  readonly producerId?: number
  readonly isTransactional?: boolean
  /** A control batch of this type: 0 aborts, 1 commits. */
  readonly control?: number
}

function batch({ baseOffset, values = [], producerId = -1, isTransactional = false, control }: BatchShape): Buffer {
  const marker = Buffer.from([0, 0, 0, control ?? 0])
  const records =
    control === undefined
      ? values.map((value) => ({ key: null, value, timestamp: 1 }))
      : [{ key: marker, value: null, timestamp: 1 }]
  const encoded = encodeBatch(records, {
    producerId,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional,
    isControl: control !== undefined,
  })
  setBaseOffset(encoded, 0, baseOffset)
  return encoded
}

function fetchResponse(partition: Partial<PartitionData>, index = 0): FetchResponse {
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    sessionId: 0,
    responses: [
      {
        topic: 'lines',
        topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
        partitions: [
          {
            partitionIndex: index,
            errorCode: 0,
            highWatermark: 1_000,
            lastStableOffset: 1_000,
            logStartOffset: 0,
            divergingEpoch: { epoch: -1, endOffset: -1 },
            currentLeader: { leaderId: -1, leaderEpoch: -1 },
            snapshotId: { endOffset: -1, epoch: -1 },
            abortedTransactions: null,
            preferredReadReplica: -1,
            records: null,
            ...partition,
          },
        ],
      },
    ],
    nodeEndpoints: [],
  }
}

/** A broker that answers fetches by script, then leaves them waiting, and a consumer of partition 0 from offset 0. */
async function setUp(
  answers: readonly (Partial<PartitionData> | 'hang up')[],
  options: Partial<ConsumerOptions<typeof Lines>> = {},
) {
  const broker = await FakeBroker.start()
  broker.withTopics({ lines: 1 }).on(
    Fetch,
    (_request: FetchRequest, { count }) => {
      const answer = answers[count - 1]
      if (answer === undefined) return null
      return answer === 'hang up' ? answer : fetchResponse(answer)
    },
    { min: 4, max: 12 },
  )
  const client = new Client({ brokers: broker.bootstrap, retryBackoffMs: 1, retryBackoffMaxMs: 5 })
  const consumer = client.consumer({
    topics: [Lines],
    assign: [{ topic: 'lines', partition: 0, offset: 0 }],
    ...options,
  })
  const read = async (count: number): Promise<(string | null)[]> => {
    const seen: (string | null)[] = []
    for await (const record of consumer.records({ signal: AbortSignal.timeout(5_000) })) {
      seen.push(record.value)
      if (seen.length === count) break
    }
    return seen
  }
  const offsets = (): number[] =>
    broker.seen<FetchRequest>(Fetch).map((request) => request.topics[0]!.partitions[0]!.fetchOffset)
  const close = async (): Promise<void> => {
    await client.close()
    await broker[Symbol.asyncDispose]()
  }
  return { broker, consumer, read, offsets, [Symbol.asyncDispose]: close }
}

describe('the fetcher', () => {
  it('asks for the next offset while the application reads', async () => {
    await using test = await setUp([
      { records: batch({ baseOffset: 0, values: ['a', 'b'] }) },
      { records: batch({ baseOffset: 2, values: ['c'] }) },
    ])
    expect(await test.read(3)).toEqual(['a', 'b', 'c'])
    await expect.poll(() => test.offsets()).toEqual([0, 2, 3])
  })

  it.each([
    Errors.NOT_LEADER_OR_FOLLOWER,
    Errors.UNKNOWN_TOPIC_OR_PARTITION,
    Errors.UNKNOWN_LEADER_EPOCH,
    Errors.FENCED_LEADER_EPOCH,
    Errors.KAFKA_STORAGE_ERROR,
  ])('asks for metadata and tries again after error %i', async (errorCode) => {
    await using test = await setUp([{ errorCode }, { records: batch({ baseOffset: 0, values: ['a'] }) }])
    expect(await test.read(1)).toEqual(['a'])
    expect(test.broker.seen(Metadata).length).toBeGreaterThan(1)
  })

  it('follows the leader that an answer names (KIP-951)', async () => {
    await using test = await setUp([
      { errorCode: Errors.NOT_LEADER_OR_FOLLOWER, currentLeader: { leaderId: 1, leaderEpoch: 8 } },
      { records: batch({ baseOffset: 0, values: ['a'] }) },
    ])
    expect(await test.read(1)).toEqual(['a'])
    expect(test.broker.seen(Metadata)).toHaveLength(1)
    expect(test.broker.seen<FetchRequest>(Fetch)[1]!.topics[0]!.partitions[0]!.currentLeaderEpoch).toBe(8)
  })

  it('goes on after the connection broke', async () => {
    await using test = await setUp(['hang up', { records: batch({ baseOffset: 0, values: ['a'] }) }])
    expect(await test.read(1)).toEqual(['a'])
  })

  it('reports an error that will not pass, and tries again when asked again', async () => {
    await using test = await setUp([
      { errorCode: Errors.TOPIC_AUTHORIZATION_FAILED },
      { records: batch({ baseOffset: 0, values: ['a'] }) },
    ])
    await expect(test.read(1)).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })
    expect(await test.read(1)).toEqual(['a'])
  })

  it('reports a corrupt batch with its place, and can be moved past it', async () => {
    const broken = batch({ baseOffset: 7, values: ['x'] })
    broken[broken.length - 1]! ^= 0xff
    await using test = await setUp([
      { records: Buffer.concat([batch({ baseOffset: 0, values: ['a'] }), broken]) },
      { records: batch({ baseOffset: 8, values: ['b'] }) },
    ])
    await expect(test.read(1)).rejects.toMatchObject({
      code: 'CLIENT_CORRUPT_BATCH',
      message: expect.stringContaining('lines[0]@7') as string,
    })
    await test.consumer.seek({ topic: 'lines', partition: 0 }, 8)
    expect(await test.read(1)).toEqual(['b'])
    expect(test.offsets()).toContain(8)
  })

  it('moves over offsets that hold nothing for the application', async () => {
    await using test = await setUp([
      { records: Buffer.concat([batch({ baseOffset: 0, control: 1, producerId: 5, isTransactional: true })]) },
      { records: batch({ baseOffset: 1, values: ['a'] }) },
    ])
    expect(await test.read(1)).toEqual(['a'])
    expect(test.offsets().slice(0, 2)).toEqual([0, 1])
  })

  it('reads from the replica that the leader prefers (KIP-392), and from the leader again when that fails', async () => {
    await using test = await setUp([
      { preferredReadReplica: 1 },
      { errorCode: Errors.OFFSET_OUT_OF_RANGE },
      { records: batch({ baseOffset: 0, values: ['a'] }) },
    ])
    expect(await test.read(1)).toEqual(['a'])
    expect(test.offsets().slice(0, 3)).toEqual([0, 0, 0])
  })

  it('has no more on its way than prefetchBytes allow', async () => {
    const large = { records: batch({ baseOffset: 0, values: ['x'.repeat(5_000)] }) }
    await using test = await setUp([large, large, large, large], { prefetchBytes: 1_000 })
    expect((await test.read(1))[0]).toHaveLength(5_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(test.offsets()).toEqual([0, 1])
  })

  it('speaks to a broker of Kafka 2.1', async () => {
    await using test = await setUp([{ records: batch({ baseOffset: 0, values: ['a'] }) }])
    test.broker.limit(Fetch, 10).limit(Metadata, 7)
    expect(await test.read(1)).toEqual(['a'])
    expect(test.broker.requests.find(({ api }) => api === 'Fetch')?.version).toBe(10)
  })
})

describe('finding a position', () => {
  it('waits for a transaction that is about to commit offsets, under read_committed', async () => {
    await using test = await setUp([{ records: batch({ baseOffset: 3, values: ['d'] }) }], {
      group: 'g',
      assign: [{ topic: 'lines', partition: 0 }],
      isolation: 'read_committed',
    })
    const offset = (errorCode: number) => ({
      partitionIndex: 0,
      committedOffset: 3,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode,
    })
    test.broker
      .on(FindCoordinator, () => ({
        throttleTimeMs: 0,
        errorCode: 0,
        errorMessage: null,
        nodeId: 1,
        host: '127.0.0.1',
        port: test.broker.port,
        coordinators: [
          { key: 'g', nodeId: 1, host: '127.0.0.1', port: test.broker.port, errorCode: 0, errorMessage: null },
        ],
      }))
      .on(OffsetFetch, ({ requireStable }, { count }) => {
        expect(requireStable).toBe(true)
        const partitions = [offset(count === 1 ? Errors.UNSTABLE_OFFSET_COMMIT : 0)]
        const topics = [{ name: 'lines', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions }]
        return { throttleTimeMs: 0, topics, errorCode: 0, groups: [{ groupId: 'g', topics, errorCode: 0 }] }
      })
    expect(await test.read(1)).toEqual(['d'])
    expect(test.broker.seen(OffsetFetch)).toHaveLength(2)
  })

  it('asks again while the leader is not sure of its end', async () => {
    await using test = await setUp([{ records: batch({ baseOffset: 5, values: ['f'] }) }], {
      assign: [{ topic: 'lines', partition: 0 }],
      offsetReset: 'latest',
    })
    test.broker.on(ListOffsets, ({ topics }, { count }) => ({
      throttleTimeMs: 0,
      topics: topics.map(({ name }) => ({
        name,
        partitions: [
          {
            partitionIndex: 0,
            errorCode: count === 1 ? Errors.OFFSET_NOT_AVAILABLE : 0,
            timestamp: -1,
            offset: 5,
            leaderEpoch: 0,
          },
        ],
      })),
    }))
    expect(await test.read(1)).toEqual(['f'])
  })
})

describe('read_committed (W17)', () => {
  const place = { place: 'lines[0]', checkCrcs: true }
  const log = Buffer.concat([
    batch({ baseOffset: 0, values: ['plain'] }),
    batch({ baseOffset: 1, values: ['aborted', 'aborted too'], producerId: 1, isTransactional: true }),
    batch({ baseOffset: 3, values: ['other'], producerId: 2, isTransactional: true }),
    batch({ baseOffset: 4, control: 0, producerId: 1, isTransactional: true }),
    batch({ baseOffset: 5, values: ['second try'], producerId: 1, isTransactional: true }),
    batch({ baseOffset: 6, control: 1, producerId: 1, isTransactional: true }),
    batch({ baseOffset: 7, control: 1, producerId: 2, isTransactional: true }),
  ])

  function offsets(scan: { readonly positions: readonly number[] }): number[] {
    return scan.positions.map((position) => Number(log.readBigInt64BE(position)))
  }

  it('leaves out aborted transactions up to their marker, and all control records', () => {
    const scan = scanBatches(log, 0, { ...place, aborted: [{ producerId: 1, firstOffset: 1 }] })
    expect(offsets(scan)).toEqual([0, 3, 5])
    expect(scan.nextOffset).toBe(8)
  })

  it('knows a transaction as aborted that began before the answer did', () => {
    const from = log.subarray(
      log.indexOf(batch({ baseOffset: 3, values: ['other'], producerId: 2, isTransactional: true })),
    )
    const scan = scanBatches(from, 3, {
      ...place,
      aborted: [
        { producerId: 2, firstOffset: 1 },
        { producerId: 1, firstOffset: 1 },
      ],
    })
    expect(scan.positions).toHaveLength(1)
  })

  it('read_uncommitted sees every transaction, but no control record', () => {
    expect(offsets(scanBatches(log, 0, { ...place, aborted: null }))).toEqual([0, 1, 3, 5])
  })
})
