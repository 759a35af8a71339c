import { describe, expect, it } from 'vitest'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import { nextOffset } from '../../../proto/kafka/batch/header.ts'
import { frameRequest } from '../../../proto/kafka/frame.ts'
import { Fetch, Produce } from '../../../proto/kafka/generated/apis.ts'
import { readResponseHeader } from '../../../proto/kafka/header.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import { LOG_TAIL_CACHE_BYTES } from '../../../broker/limits.ts'
import { startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'
import { batchOf, fetchOne, fetchRequest, produceRequest, recordsOf } from '../../support/requests.ts'

/** A seeded generator: the same seed gives the same run. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const SENDERS = 12
const BATCHES = 25

/** A batch of one value that names its sender all the way through. */
function batchFrom(sender: number, random: (below: number) => number): Buffer {
  const bytes = random(4) === 0 ? 50_000 + random(400_000) : 20 + random(9_000)
  return batchOf([String.fromCharCode(97 + sender).repeat(bytes)])
}

async function send(client: RawClient, bytes: Buffer, random: (below: number) => number): Promise<void> {
  for (let position = 0; position < bytes.length; ) {
    const end = Math.min(bytes.length, position + 1 + random(150_000))
    client.sendRaw(bytes.subarray(position, end))
    position = end
    if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('memory lent to requests (N8)', () => {
  it('N8: no byte of one connection ever turns up in another`s batch, however the frames are cut', async () => {
    await using cluster = await startCluster({ topics: [{ name: 'canary', partitions: 3 }] })
    const sent = Array.from({ length: SENDERS }, async (_, sender) => {
      const random = generator(1000 + sender)
      await using client = await RawClient.connect(cluster.bootstrap)
      const frames = Array.from({ length: BATCHES }, (_unused, index) =>
        Buffer.concat(
          frameRequest(Produce, 9, index, 'c', produceRequest('canary', sender % 3, batchFrom(sender, random))),
        ),
      )
      await send(client, Buffer.concat(frames), random)
      for (let index = 0; index < BATCHES; index += 1) expect((await client.nextFrame()).readInt32BE(0)).toBe(index)
    })
    await Promise.all(sent)
    await using reader = await RawClient.connect(cluster.bootstrap)
    const perSender = new Map<string, number>()
    for (const partition of [0, 1, 2]) {
      for (let offset = 0; offset < (SENDERS / 3) * BATCHES; ) {
        const bytes = recordsOf(await fetchOne(reader, { topic: 'canary', partition, offset }))
        for (const batch of decodeBatches(bytes)) {
          for (const { value } of batch.records()) {
            const letter = String.fromCharCode(value?.[0] ?? 0)
            expect(value?.every((byte) => byte === value[0])).toBe(true)
            perSender.set(letter, (perSender.get(letter) ?? 0) + 1)
          }
        }
        offset = nextOffset(bytes, lastBatchStart(bytes))
      }
    }
    expect([...perSender.values()]).toEqual(Array.from({ length: SENDERS }, () => BATCHES))
  })
})

describe('memory lent to replies (N8)', () => {
  it('N8: a reply that its reader leaves unread is not overwritten by what is produced meanwhile', async () => {
    await using cluster = await startCluster({ topics: ['tail'] })
    await using writer = await RawClient.connect(cluster.bootstrap)
    const values = (letter: string) => batchOf(Array.from({ length: 20 }, () => letter.repeat(20_000)))
    // As much as is there now, and nothing of what comes while the fetch is on its way.
    const maxBytes = 15 * values('a').length
    for (let count = 0; count < 15; count += 1) writer.send(Produce, 9, produceRequest('tail', 0, values('a')))
    for (let count = 0; count < 15; count += 1) await writer.nextFrame()
    await using reader = await RawClient.connect(cluster.bootstrap)
    reader.socket.pause()
    reader.send(Fetch, 11, fetchRequest([{ topic: 'tail', maxBytes }]))
    const other = values('b')
    // More than the cache of newest batches holds: its memory has been taken by others when the reader wakes up.
    const enough = Math.ceil((LOG_TAIL_CACHE_BYTES * 1.5) / other.length)
    for (let count = 0; count < enough; count += 1) {
      writer.send(Produce, 9, produceRequest('tail', 0, Buffer.from(other)))
      if (count >= 10) await writer.nextFrame()
    }
    reader.socket.resume()
    const frame = new Reader(await reader.nextFrame())
    readResponseHeader(frame, Fetch, 11)
    const answer = Fetch.readResponse(frame, 11).responses[0]?.partitions[0]
    let seen = 0
    for (const batch of decodeBatches(answer === undefined ? Buffer.alloc(0) : recordsOf(answer))) {
      for (const { value } of batch.records()) {
        expect(value?.every((byte) => byte === 97)).toBe(true)
        seen += 1
      }
    }
    expect(seen).toBe(300)
  })
})

function lastBatchStart(bytes: Buffer): number {
  let position = 0
  for (;;) {
    const next = position + 12 + bytes.readInt32BE(position + 8)
    if (next >= bytes.length) return position
    position = next
  }
}
