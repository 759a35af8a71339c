import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiVersions, Produce } from '../../../proto/kafka/generated/apis.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { baseOffset, leaderEpoch } from '../../../proto/kafka/batch/header.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { type Cluster, startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'
import { batchOf, fetchOne, produce, produceRequest, recordsOf, topicIdOf } from '../../support/requests.ts'

let cluster: Cluster
let client: RawClient

beforeAll(async () => {
  cluster = await startCluster({
    topics: [
      'plain',
      'w8',
      'w9',
      'w16',
      { name: 'two', partitions: 2 },
      { name: 'strict', config: { 'min.insync.replicas': 2 } },
      { name: 'small', config: { 'max.message.bytes': 200 } },
      { name: 'stamped', config: { 'message.timestamp.type': 'LogAppendTime' } },
      { name: 'compacted', config: { 'cleanup.policy': 'compact' } },
    ],
  })
  client = await RawClient.connect(cluster.bootstrap)
})

afterAll(async () => {
  await client?.close()
  await cluster?.close()
})

describe('Produce', () => {
  it('W5: advertises version 0 and serves 3 to 13; an older one closes the connection', async () => {
    const versions = await client.request(ApiVersions, 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
    expect(versions.apiKeys.find(({ apiKey }) => apiKey === 0)).toEqual({ apiKey: 0, minVersion: 0, maxVersion: 13 })
    for (let version = 3; version <= 12; version += 1) {
      const answer = await produce(client, 'plain', 0, batchOf(['x']), { version })
      expect([answer.errorCode, answer.baseOffset]).toEqual([Errors.NONE, version - 3])
    }
    await using old = await RawClient.connect(cluster.bootstrap)
    const frame = Buffer.alloc(18)
    frame.writeInt32BE(14, 0)
    frame.writeInt16BE(2, 6)
    frame.writeInt16BE(-1, 12)
    old.sendRaw(frame)
    await old.untilClosed()
  })

  it('W14: version 13 names topics by id, and an unknown id is UNKNOWN_TOPIC_ID', async () => {
    const topicId = await topicIdOf(client, 'two')
    expect(topicId).not.toBe(ZERO_UUID)
    const known = await produce(client, '', 1, batchOf(['x']), { version: 13, topicId })
    expect([known.errorCode, known.baseOffset]).toEqual([Errors.NONE, 0])
    const unknown = await produce(client, '', 0, batchOf(['x']), { version: 13, topicId: 'aaaaaaaaaaaaaaaaaaaaaA' })
    expect(unknown.errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
  })

  it('W8: takes exactly one batch of magic 2 per partition', async () => {
    const two = Buffer.concat([batchOf(['a']), batchOf(['b'])])
    const old = batchOf(['a'])
    old[16] = 1
    for (const records of [two, old, Buffer.alloc(0), null]) {
      const answer = await produce(client, 'w8', 0, records)
      expect([answer.errorCode, answer.baseOffset]).toEqual([Errors.INVALID_RECORD, -1])
    }
    expect((await produce(client, 'w8', 0, batchOf(['fine']))).baseOffset).toBe(0)
  })

  it('W8: zstd needs version 7', async () => {
    const zstd = batchOf(['a'], { codec: 4 })
    expect((await produce(client, 'w8', 0, zstd, { version: 6 })).errorCode).toBe(Errors.UNSUPPORTED_COMPRESSION_TYPE)
    expect((await produce(client, 'w8', 0, zstd, { version: 7 })).errorCode).toBe(Errors.NONE)
  })

  it('W9: stores the batch as it came, with base offset and leader epoch stamped and the CRC untouched', async () => {
    const sent = batchOf(['a', 'b', 'c'])
    await produce(client, 'w9', 0, Buffer.from(sent))
    await produce(client, 'w9', 0, Buffer.from(sent))
    const answer = await fetchOne(client, { topic: 'w9', offset: 3 })
    const stored = recordsOf(answer)
    expect(baseOffset(stored, 0)).toBe(3)
    expect(leaderEpoch(stored, 0)).toBeGreaterThanOrEqual(0)
    expect(stored.subarray(16)).toEqual(sent.subarray(16))
  })

  it('W9: LogAppendTime answers with its time and counts the CRC anew', async () => {
    const before = Date.now()
    const answer = await produce(client, 'stamped', 0, batchOf(['a'], {}, 12345))
    expect(answer.logAppendTimeMs).toBeGreaterThanOrEqual(before)
    const { decodeBatch } = await import('../../../proto/kafka/batch/decode.ts')
    const stored = recordsOf(await fetchOne(client, { topic: 'stamped' }))
    const [record] = [...decodeBatch(stored, 0).records()]
    expect(record?.timestamp).toBe(answer.logAppendTimeMs)
    expect((await produce(client, 'plain', 0, batchOf(['a']))).logAppendTimeMs).toBe(-1)
  })

  it('W10: refuses a bad CRC, a batch too large, a keyless record on a compacted topic', async () => {
    const corrupt = batchOf(['a'])
    corrupt[corrupt.length - 1] = (corrupt.at(-1) ?? 0) ^ 1
    expect((await produce(client, 'plain', 0, corrupt)).errorCode).toBe(Errors.CORRUPT_MESSAGE)
    expect((await produce(client, 'small', 0, batchOf(['x'.repeat(300)]))).errorCode).toBe(Errors.MESSAGE_TOO_LARGE)
    const keyless = await produce(client, 'compacted', 0, batchOf(['a', 'b']), { version: 8 })
    expect(keyless.errorCode).toBe(Errors.INVALID_RECORD)
    expect(keyless.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 1])
    const keyed = encodeBatch([{ key: 'k', value: 'v', timestamp: Date.now() }])
    expect((await produce(client, 'compacted', 0, keyed)).errorCode).toBe(Errors.NONE)
  })

  it('answers each partition of a request for itself', async () => {
    const response = await client.request(Produce, 9, {
      ...produceRequest('two', 0, batchOf(['a'])),
      topicData: [
        {
          name: 'two',
          topicId: ZERO_UUID,
          partitionData: [
            { index: 0, records: batchOf(['a']) },
            { index: 7, records: batchOf(['a']) },
          ],
        },
        { name: 'missing', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(['a']) }] },
      ],
    })
    const errors = response.responses.map(({ name, partitionResponses }) => [
      name,
      partitionResponses.map(({ index, errorCode }) => [index, errorCode]),
    ])
    expect(errors).toEqual([
      [
        'two',
        [
          [0, Errors.NONE],
          [7, Errors.UNKNOWN_TOPIC_OR_PARTITION],
        ],
      ],
      ['missing', [[0, Errors.UNKNOWN_TOPIC_OR_PARTITION]]],
    ])
  })

  it('appends the last entry of a partition that is named twice, and answers once', async () => {
    const request = produceRequest('two', 0, null)
    const partitionData = ['dropped', 'kept'].map((value) => ({ index: 0, records: batchOf([value]) }))
    const response = await client.request(Produce, 9, {
      ...request,
      topicData: [{ name: 'two', topicId: ZERO_UUID, partitionData }],
    })
    const answers = response.responses[0]?.partitionResponses ?? []
    expect(answers.length).toBe(1)
    const stored = await fetchOne(client, { topic: 'two', offset: answers[0]?.baseOffset ?? -1 })
    expect(recordsOf(stored).includes('kept')).toBe(true)
    expect(recordsOf(stored).includes('dropped')).toBe(false)
  })

  it('refuses acks other than 0, 1 and all', async () => {
    for (const acks of [2, -2, 100]) {
      expect((await produce(client, 'plain', 0, batchOf(['a']), { acks })).errorCode).toBe(Errors.INVALID_REQUIRED_ACKS)
    }
  })

  it('takes acks=all on RF 1 although min.insync.replicas is 2', async () => {
    expect((await produce(client, 'strict', 0, batchOf(['a']))).errorCode).toBe(Errors.NONE)
  })

  it('refuses batches of a transaction, as there is none', async () => {
    const batch = batchOf(['a'], { producerId: 5, producerEpoch: 0, baseSequence: 0, isTransactional: true })
    expect((await produce(client, 'plain', 0, batch, { transactionalId: 't' })).errorCode).toBe(
      Errors.INVALID_TXN_STATE,
    )
  })

  it('W21: acks=0 has no response, and its records are there when the next request is answered', async () => {
    await using own = await RawClient.connect(cluster.bootstrap)
    const end = (await fetchOne(own, { topic: 'plain' })).highWatermark
    for (let count = 0; count < 10; count += 1)
      own.send(Produce, 9, produceRequest('plain', 0, batchOf(['x']), { acks: 0 }))
    expect((await produce(own, 'plain', 0, batchOf(['last']))).baseOffset).toBe(end + 10)
  })

  it('W21: a failure of acks=0 closes the connection', async () => {
    await using own = await RawClient.connect(cluster.bootstrap)
    own.send(Produce, 9, produceRequest('missing', 0, batchOf(['x']), { acks: 0 }))
    await own.untilClosed()
  })

  it('answers pipelined requests in order, all of them durable', async () => {
    await using own = await RawClient.connect(cluster.bootstrap)
    const ids = Array.from({ length: 50 }, () => own.send(Produce, 9, produceRequest('two', 1, batchOf(['x', 'y']))))
    const answered = []
    for (const _ of ids) answered.push((await own.nextFrame()).readInt32BE(0))
    expect(answered).toEqual(ids)
  })
})

describe('idempotence (W16)', () => {
  const send = (producerId: number, baseSequence: number, count = 1, producerEpoch = 0) =>
    produce(
      client,
      'w16',
      0,
      batchOf(
        Array.from({ length: count }, () => 'v'),
        { producerId, producerEpoch, baseSequence },
      ),
    )

  it('W16: answers any of the last five batches with its first offset', async () => {
    const first = []
    for (let sequence = 0; sequence < 6; sequence += 1) first.push((await send(100, sequence)).baseOffset)
    for (let sequence = 1; sequence < 6; sequence += 1) {
      const again = await send(100, sequence)
      expect([again.errorCode, again.baseOffset]).toEqual([Errors.NONE, first[sequence]])
    }
    expect((await send(100, 0)).errorCode).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  })

  it('W16: refuses a gap, an older epoch, and a new epoch that does not start at 0', async () => {
    expect((await send(101, 0, 3)).errorCode).toBe(Errors.NONE)
    expect((await send(101, 5)).errorCode).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect((await send(101, 4, 1, 1)).errorCode).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect((await send(101, 0, 1, 1)).errorCode).toBe(Errors.NONE)
    expect((await send(101, 3, 1, 0)).errorCode).toBe(Errors.INVALID_PRODUCER_EPOCH)
  })

  it('W16: takes an unknown producer at any sequence', async () => {
    expect((await send(102, 77)).errorCode).toBe(Errors.NONE)
    expect((await send(102, 78)).errorCode).toBe(Errors.NONE)
  })
})
