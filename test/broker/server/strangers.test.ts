import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { frameRequest } from '../../../proto/kafka/frame.ts'
import { RawClient } from '../../support/raw-client.ts'
import { Echo, type Harness, startHarness, until } from './harness.ts'

const note = (text: string) => ({ text, payload: Buffer.alloc(0) })

async function sendAndExpectClose(harness: Harness, bytes: Buffer): Promise<void> {
  await using client = await RawClient.connect(harness.bootstrap)
  client.sendRaw(bytes)
  await client.untilClosed()
}

/** Deterministic noise, so that a failure can be repeated. */
function noise(seed: number, length: number): Buffer {
  const parts: Buffer[] = []
  for (let block = 0; parts.length * 32 < length; block += 1) {
    parts.push(createHash('sha256').update(`${seed}/${block}`).digest())
  }
  return Buffer.concat(parts).subarray(0, length)
}

describe('peers that do not speak Kafka', () => {
  it('counts an HTTP request and closes', async () => {
    await using harness = await startHarness()
    for (const method of ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS']) {
      await sendAndExpectClose(harness, Buffer.from(`${method} /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n`))
    }
    expect(harness.closedFor('http-on-kafka-port')).toBe(6)
  })

  it('counts a TLS hello and closes', async () => {
    await using harness = await startHarness()
    await sendAndExpectClose(harness, Buffer.from('16030100c8010000c40303', 'hex'))
    await sendAndExpectClose(harness, Buffer.from('16030300c8010000c40303', 'hex'))
    expect(harness.closedFor('tls-on-plain-port')).toBe(2)
  })

  it('refuses a length of 2 GiB, a negative one and one above socket.request.max.bytes', async () => {
    await using harness = await startHarness({ requestBytesMax: 1000 })
    for (const length of ['7fffffff', 'ffffffff', '80000000', '000003e9']) {
      await sendAndExpectClose(harness, Buffer.from(length, 'hex'))
    }
    expect(harness.closedFor('bad-frame')).toBe(4)
  })

  it('closes on frames too short for a header, and on a truncated header or body', async () => {
    await using harness = await startHarness()
    const whole = Buffer.concat(frameRequest(Echo, 0, 1, 'client', note('hello')))
    for (let length = 0; length < whole.length - 4; length += 1) {
      const cut = Buffer.from(whole.subarray(0, 4 + length))
      cut.writeInt32BE(length, 0)
      await sendAndExpectClose(harness, cut)
    }
    expect(harness.closedFor('malformed-request')).toBe(whole.length - 4)
    expect(harness.echoed).toBe(0)
  })

  it('survives random bytes without harm to others, logging a few lines only', async () => {
    await using harness = await startHarness()
    await using good = await RawClient.connect(harness.bootstrap)
    for (let seed = 1; seed <= 200; seed += 1) {
      await using client = await RawClient.connect(harness.bootstrap)
      const bytes = noise(seed, 4 + (seed % 300))
      // Half of them as whole frames, so that they get past the splitter.
      if (seed % 2 === 0) bytes.writeInt32BE(bytes.length - 4, 0)
      client.socket.end(bytes)
      await client.untilClosed()
      if (seed % 50 === 0) expect((await good.request(Echo, 0, note(`after ${seed}`))).text).toBe(`after ${seed}`)
    }
    expect(harness.logs.length).toBeLessThan(200)
  })

  it('never puts bytes of a client into a log message', async () => {
    await using harness = await startHarness()
    await sendAndExpectClose(harness, Buffer.from('GET /\r\n{"level":"fatal"}\n'))
    await using client = await RawClient.connect(harness.bootstrap)
    client.clientId = '\n{"level":"fatal"}'
    client.send(Echo, 0, note('refuse'))
    await client.untilClosed()
    expect(harness.logs.length).toBe(2)
    for (const { message } of harness.logs) expect(message).toBe('closed a client connection')
  })

  it('closes the greediest when half-received frames exceed the ceiling of all', async () => {
    await using harness = await startHarness({ brokerPartialBytesMax: 3_000_000 })
    await using modest = await RawClient.connect(harness.bootstrap)
    const frame = Buffer.concat(frameRequest(Echo, 0, 5, 'c', { text: 'big', payload: Buffer.alloc(1_000_000) }))
    modest.sendRaw(frame.subarray(0, 900_000))
    const partial = () => Number(/^millrace_partial_frame_bytes (\d+)/m.exec(harness.metrics.render())?.[1])
    await until(() => partial() >= 900_000)
    await using greedy = await RawClient.connect(harness.bootstrap)
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(50_000_000)
    greedy.sendRaw(Buffer.concat([prefix, Buffer.alloc(2_500_000)]))
    await greedy.untilClosed()
    expect(harness.closedFor('partial-frames-ceiling')).toBe(1)
    modest.sendRaw(frame.subarray(900_000))
    expect((await modest.nextFrame()).readInt32BE(0)).toBe(5)
    expect(partial()).toBe(0)
  })
})
