import { describe, expect, it } from 'vitest'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import { nextOffset } from '../../../proto/kafka/batch/header.ts'
import { frameRequest } from '../../../proto/kafka/frame.ts'
import { Produce } from '../../../proto/kafka/generated/apis.ts'
import { startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'
import { batchOf, fetchOne, produceRequest, recordsOf } from '../../support/requests.ts'

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

function lastBatchStart(bytes: Buffer): number {
  let position = 0
  for (;;) {
    const next = position + 12 + bytes.readInt32BE(position + 8)
    if (next >= bytes.length) return position
    position = next
  }
}
