import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { baseOffset, batchSize, nextOffset } from '../../../proto/kafka/batch/header.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { DeleteRecords, DeleteTopics, Fetch, ListOffsets, Metadata } from '../../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { type Cluster, startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'
import { batchOf, fetchOne, fetchRequest, produce, recordsOf, topicIdOf } from '../../support/requests.ts'

let cluster: Cluster
let client: RawClient

beforeAll(async () => {
  cluster = await startCluster({ topics: ['log', 'empty', 'idle', 'cut', { name: 'wide', partitions: 3 }] })
  client = await RawClient.connect(cluster.bootstrap)
  // Five batches of three records: offsets 0 to 14.
  for (let index = 0; index < 5; index += 1)
    await produce(client, 'log', 0, batchOf([`a${index}`, `b${index}`, `c${index}`]))
})

afterAll(async () => {
  await client?.close()
  await cluster?.close()
})

/** Base offsets of the batches in the answer. */
function offsetsOf(bytes: Buffer): number[] {
  const offsets = []
  for (let position = 0; position < bytes.length; position += batchSize(bytes, position))
    offsets.push(baseOffset(bytes, position))
  return offsets
}

describe('Fetch', () => {
  it('serves every version from 4 to 18 with the same records', async () => {
    const topicId = await topicIdOf(client, 'log')
    for (let version = 4; version <= 18; version += 1) {
      const answer = await fetchOne(client, version >= 13 ? { topicId } : { topic: 'log' }, { version })
      expect([answer.errorCode, answer.highWatermark, answer.lastStableOffset]).toEqual([0, 15, 15])
      expect(offsetsOf(recordsOf(answer))).toEqual([0, 3, 6, 9, 12])
    }
  })

  it('W11: an offset inside a batch gets the whole batch', async () => {
    const bytes = recordsOf(await fetchOne(client, { topic: 'log', offset: 4 }))
    expect(offsetsOf(bytes)[0]).toBe(3)
  })

  it('W11: the first batch comes even when it is larger than asked for, and only whole batches', async () => {
    for (const maxBytes of [0, 1, 50]) {
      const answer = await fetchOne(client, { topic: 'log', maxBytes }, { maxBytes: 1 })
      expect(offsetsOf(recordsOf(answer))).toEqual([0])
    }
    const size = recordsOf(await fetchOne(client, { topic: 'log', maxBytes: 1 })).length
    expect(offsetsOf(recordsOf(await fetchOne(client, { topic: 'log', maxBytes: 2 * size + 10 })))).toEqual([0, 3])
  })

  it('W11: maxBytes of the request bounds all partitions, the first with records counts as first', async () => {
    for (const partition of [0, 1, 2]) await produce(client, 'wide', partition, batchOf(['x'.repeat(1000)]))
    const asked = [{ topic: 'empty' }, ...[0, 1, 2].map((partition) => ({ topic: 'wide', partition }))]
    const response = await client.request(Fetch, 11, fetchRequest(asked, { maxBytes: 10 }))
    const sizes = response.responses.flatMap(({ partitions }) =>
      partitions.map((answer) => recordsOf(answer).length > 0),
    )
    expect(sizes).toEqual([false, true, false, false])
  })

  it('W13: answers every partition of a full fetch, in the order of the request', async () => {
    const asked = [
      { topic: 'wide', partition: 2 },
      { topic: 'log' },
      { topic: 'wide', partition: 0 },
      { topic: 'nowhere' },
    ]
    const response = await client.request(Fetch, 11, fetchRequest(asked))
    expect(
      response.responses.map(({ topic, partitions }) => [
        topic,
        partitions.map(({ partitionIndex }) => partitionIndex),
      ]),
    ).toEqual([
      ['wide', [2]],
      ['log', [0]],
      ['wide', [0]],
      ['nowhere', [0]],
    ])
    expect(response.sessionId).toBe(0)
  })

  it('answers OFFSET_OUT_OF_RANGE outside the log, and nothing at its end', async () => {
    for (const offset of [-1, 16, 1_000_000]) {
      const answer = await fetchOne(client, { topic: 'log', offset })
      expect([answer.errorCode, answer.highWatermark]).toEqual([Errors.OFFSET_OUT_OF_RANGE, -1])
    }
    const end = await fetchOne(client, { topic: 'log', offset: 15 })
    expect([end.errorCode, recordsOf(end).length, end.highWatermark]).toEqual([0, 0, 15])
  })

  it('tells an unknown topic or partition from an unknown id (W14)', async () => {
    expect((await fetchOne(client, { topic: 'nowhere' })).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    expect((await fetchOne(client, { topic: 'log', partition: 1 })).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    const unknown = await fetchOne(client, { topicId: 'aaaaaaaaaaaaaaaaaaaaaA' }, { version: 13 })
    expect(unknown.errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
  })

  it('W15: fences an old leader epoch and refuses one from the future', async () => {
    const current = (await client.request(Metadata, 12, metadataOf('log'))).topics[0]?.partitions[0]?.leaderEpoch ?? -1
    expect((await fetchOne(client, { topic: 'log', leaderEpoch: current })).errorCode).toBe(Errors.NONE)
    expect((await fetchOne(client, { topic: 'log', leaderEpoch: current + 1 })).errorCode).toBe(
      Errors.UNKNOWN_LEADER_EPOCH,
    )
    await cluster.faults.restart()
    await client.close()
    client = await RawClient.connect(cluster.bootstrap)
    expect((await fetchOne(client, { topic: 'log', leaderEpoch: current })).errorCode).toBe(Errors.FENCED_LEADER_EPOCH)
  })

  it('W15: answers where the epochs part when the last fetched epoch ended earlier', async () => {
    const epoch = (await client.request(Metadata, 12, metadataOf('log'))).topics[0]?.partitions[0]?.leaderEpoch ?? -1
    const agreed = await fetchOne(client, { topic: 'log', offset: 15, lastFetchedEpoch: epoch })
    expect([agreed.errorCode, agreed.divergingEpoch.endOffset]).toEqual([0, -1])
    const old = await fetchOne(client, { topic: 'log', offset: 99, lastFetchedEpoch: 0 })
    expect(old.errorCode).toBe(Errors.NONE)
    expect(old.divergingEpoch).toEqual({ epoch: 0, endOffset: 15 })
  })

  it('W14: a topic made again under the same name has another id', async () => {
    await cluster.createTopic('again')
    const before = await topicIdOf(client, 'again')
    await client.request(DeleteTopics, 4, { topics: [], topicNames: ['again'], timeoutMs: 1000 })
    await cluster.createTopic('again')
    const after = await topicIdOf(client, 'again')
    expect(after).not.toBe(before)
    expect((await fetchOne(client, { topicId: before }, { version: 13 })).errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
    expect((await fetchOne(client, { topicId: after }, { version: 13 })).errorCode).toBe(Errors.NONE)
  })
})

function metadataOf(name: string) {
  return {
    topics: [{ name, topicId: ZERO_UUID }],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
}

describe('waiting fetches (W12)', () => {
  it('W12: completes when enough bytes are there, not before', async () => {
    await using reader = await RawClient.connect(cluster.bootstrap)
    const batch = batchOf(['x'.repeat(500)])
    let answered = false
    const waiting = fetchOne(reader, { topic: 'idle' }, { maxWaitMs: 60_000, minBytes: 2 * batch.length }).then(
      (answer) => {
        answered = true
        return answer
      },
    )
    await produce(client, 'idle', 0, Buffer.from(batch))
    await produce(client, 'empty', 0, batchOf(['elsewhere']))
    expect(answered).toBe(false)
    await produce(client, 'idle', 0, Buffer.from(batch))
    expect(recordsOf(await waiting).length).toBe(2 * batch.length)
  })

  it('W12: answers with nothing after maxWait', async () => {
    const answer = await fetchOne(client, { topic: 'log', offset: 15 }, { maxWaitMs: 30 })
    expect([answer.errorCode, recordsOf(answer).length, answer.highWatermark]).toEqual([0, 0, 15])
  })

  it('W12: completes when the topic is deleted', async () => {
    await cluster.createTopic('doomed')
    await using reader = await RawClient.connect(cluster.bootstrap)
    const waiting = fetchOne(reader, { topic: 'doomed' }, { maxWaitMs: 60_000 })
    await fetchOne(client, { topic: 'doomed' })
    await client.request(DeleteTopics, 4, { topics: [], topicNames: ['doomed'], timeoutMs: 1000 })
    expect((await waiting).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  })

  it('W12: does not wait when a partition has an error', async () => {
    const response = await client.request(
      Fetch,
      11,
      fetchRequest([{ topic: 'log', offset: 15 }, { topic: 'nowhere' }], { maxWaitMs: 60_000 }),
    )
    expect(response.responses.map(({ partitions }) => partitions[0]?.errorCode)).toEqual([
      0,
      Errors.UNKNOWN_TOPIC_OR_PARTITION,
    ])
  })

  it('holds back the replies behind it until it is done, and then all leave in order', async () => {
    await cluster.createTopic('ordered')
    await using reader = await RawClient.connect(cluster.bootstrap)
    const first = reader.send(Fetch, 11, fetchRequest([{ topic: 'ordered' }], { maxWaitMs: 60_000 }))
    const second = reader.send(Metadata, 12, metadataOf('log'))
    await produce(client, 'ordered', 0, batchOf(['x']))
    expect([(await reader.nextFrame()).readInt32BE(0), (await reader.nextFrame()).readInt32BE(0)]).toEqual([
      first,
      second,
    ])
  })
})

describe('fetch sessions over the wire (W13)', () => {
  it('W13: opens, tells changes only, and refuses a wrong epoch', async () => {
    await cluster.createTopic({ name: 'session', partitions: 2 })
    const asked = [0, 1].map((partition) => ({ topic: 'session', partition }))
    const opened = await client.request(Fetch, 12, fetchRequest(asked, { sessionEpoch: 0 }))
    expect(opened.sessionId).not.toBe(0)
    expect(opened.responses.length).toBeGreaterThan(0)
    const { sessionId } = opened
    await client.request(Fetch, 12, fetchRequest([], { sessionId, sessionEpoch: 1 }))
    await produce(client, 'session', 1, batchOf(['x']))
    const changed = await client.request(Fetch, 12, fetchRequest([], { sessionId, sessionEpoch: 2 }))
    expect(
      changed.responses.flatMap(({ partitions }) => partitions.map(({ partitionIndex }) => partitionIndex)),
    ).toEqual([1])
    const wrong = await client.request(Fetch, 12, fetchRequest([], { sessionId, sessionEpoch: 9 }))
    expect(wrong.errorCode).toBe(Errors.INVALID_FETCH_SESSION_EPOCH)
    const unknown = await client.request(Fetch, 12, fetchRequest([], { sessionId: 1, sessionEpoch: 3 }))
    expect(unknown.errorCode).toBe(Errors.FETCH_SESSION_ID_NOT_FOUND)
  })

  it('W13: a partition with more than fits into every answer keeps no other one waiting', async () => {
    await cluster.createTopic({ name: 'greedy', partitions: 3 })
    await using reader = await RawClient.connect(cluster.bootstrap)
    for (let i = 0; i < 12; i++) await produce(client, 'greedy', 0, batchOf(['x'.repeat(1000)]))
    for (const partition of [1, 2]) await produce(client, 'greedy', partition, batchOf(['y']))
    const asked = [0, 1, 2].map((partition) => ({ topic: 'greedy', partition }))
    // One batch of the first partition fills an answer, and there is always another.
    const { sessionId, responses } = await reader.request(
      Fetch,
      12,
      fetchRequest(asked, { sessionEpoch: 0, maxBytes: 900 }),
    )
    expect(responses.flatMap(({ partitions }) => partitions).map((answer) => recordsOf(answer).length > 0)).toEqual([
      true,
      false,
      false,
    ])
    const served: number[] = []
    for (let epoch = 1; epoch < 4; epoch++) {
      const next = await reader.request(Fetch, 12, fetchRequest([], { sessionId, sessionEpoch: epoch, maxBytes: 900 }))
      for (const answer of next.responses.flatMap(({ partitions }) => partitions)) {
        if (recordsOf(answer).length > 0) served.push(answer.partitionIndex)
      }
    }
    expect(new Set(served)).toEqual(new Set([0, 1, 2]))
  })

  it('W13: a parked fetch of a session wakes for any of its partitions', async () => {
    await cluster.createTopic({ name: 'parked', partitions: 2 })
    await using reader = await RawClient.connect(cluster.bootstrap)
    const asked = [0, 1].map((partition) => ({ topic: 'parked', partition }))
    const { sessionId } = await reader.request(Fetch, 12, fetchRequest(asked, { sessionEpoch: 0 }))
    await reader.request(Fetch, 12, fetchRequest([], { sessionId, sessionEpoch: 1 }))
    const waiting = reader.request(Fetch, 12, fetchRequest([], { sessionId, sessionEpoch: 2, maxWaitMs: 60_000 }))
    await produce(client, 'parked', 1, batchOf(['x']))
    const [answer] = (await waiting).responses[0]?.partitions ?? []
    expect([answer?.partitionIndex, answer === undefined ? 0 : nextOffset(recordsOf(answer), 0)]).toEqual([1, 1])
  })
})

describe('after DeleteRecords', () => {
  it('the log starts later: earlier offsets are out of range', async () => {
    for (let index = 0; index < 3; index += 1) await produce(client, 'cut', 0, batchOf(['a', 'b']))
    const remove = (offset: number) =>
      client.request(DeleteRecords, 2, {
        topics: [{ name: 'cut', partitions: [{ partitionIndex: 0, offset }] }],
        timeoutMs: 1000,
      })
    expect((await remove(3)).topics[0]?.partitions[0]).toEqual({ partitionIndex: 0, lowWatermark: 3, errorCode: 0 })
    expect((await remove(7)).topics[0]?.partitions[0]?.errorCode).toBe(Errors.OFFSET_OUT_OF_RANGE)
    expect((await fetchOne(client, { topic: 'cut', offset: 2 })).errorCode).toBe(Errors.OFFSET_OUT_OF_RANGE)
    const answer = await fetchOne(client, { topic: 'cut', offset: 3 })
    expect([answer.logStartOffset, offsetsOf(recordsOf(answer))]).toEqual([3, [2, 4]])
    const earliest = await client.request(ListOffsets, 7, {
      replicaId: -1,
      isolationLevel: 0,
      timeoutMs: 0,
      topics: [{ name: 'cut', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -2 }] }],
    })
    expect(earliest.topics[0]?.partitions[0]?.offset).toBe(3)
    expect((await remove(-1)).topics[0]?.partitions[0]?.lowWatermark).toBe(6)
  })
})
