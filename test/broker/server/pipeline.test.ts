import { describe, expect, it } from 'vitest'
import { frameRequest } from '../../../proto/kafka/frame.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import { RawClient } from '../../support/raw-client.ts'
import { ApiVersions, Echo, Park, Reserve, startHarness, until } from './harness.ts'

const EMPTY = Buffer.alloc(0)
const note = (text: string, payload = EMPTY) => ({ text, payload })

describe('request pipeline', () => {
  it('answers a request with the echo of its correlation id', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    const answer = await client.request(Echo, 1, note('hello', Buffer.from('payload')))
    expect(answer).toEqual(note('hello', Buffer.from('payload')))
  })

  it('sends replies in request order, although a later request is done first', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    const first = client.send(Park, 0, note('first'))
    const second = client.send(Echo, 0, note('second'))
    const third = client.send(Park, 0, note('third'))
    await until(() => harness.parked.length === 2 && harness.echoed === 1)
    harness.parked[1]?.context.reply(note('3'))
    harness.parked[0]?.context.reply(note('1'))
    const ids = [await client.nextFrame(), await client.nextFrame(), await client.nextFrame()].map((frame) =>
      frame.readInt32BE(0),
    )
    expect(ids).toEqual([first, second, third])
  })

  it('works on requests of one connection as they arrive, not one at a time', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    for (let index = 0; index < 100; index += 1) client.send(Park, 0, note(String(index)))
    await until(() => harness.parked.length === 100)
    expect(harness.parked.map(({ text }) => Number(text))).toEqual([...Array(100).keys()])
  })

  it('joins the replies of a turn into one write', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    let chunks = 0
    client.socket.on('data', () => {
      chunks += 1
    })
    const requests = Array.from({ length: 200 }, (_, index) =>
      Buffer.concat(frameRequest(Echo, 0, index, 'c', note('x'))),
    )
    client.sendRaw(Buffer.concat(requests))
    for (let index = 0; index < 200; index += 1) expect((await client.nextFrame()).readInt32BE(0)).toBe(index)
    expect(chunks).toBeLessThan(20)
  })

  it('puts a request together from single bytes', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    const bytes = Buffer.concat(frameRequest(Echo, 0, 77, 'client', note('slow')))
    for (const byte of bytes) {
      client.sendRaw(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await client.nextFrame()).readInt32BE(0)).toBe(77)
  })

  it('W21: a request without a reply leaves no gap and holds up nobody', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    client.send(Echo, 0, note('silent'))
    expect((await client.request(Echo, 0, note('next'))).text).toBe('next')
  })

  it('W3: the client id is a classic string in every header version', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    client.clientId = 'über'
    const answer = await client.request(ApiVersions, 3, { clientSoftwareName: 'a', clientSoftwareVersion: '1' })
    expect(answer.errorCode).toBe(0)
    client.clientId = null
    expect(
      (await client.request(ApiVersions, 4, { clientSoftwareName: 'a', clientSoftwareVersion: '1' })).errorCode,
    ).toBe(0)
  })

  it('W1: the ApiVersions response header has no tagged fields, even at version 3', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    client.send(ApiVersions, 3, { clientSoftwareName: 'a', clientSoftwareVersion: '1' })
    const reader = new Reader(await client.nextFrame())
    reader.int32()
    const response = ApiVersions.readResponse(reader, 3)
    reader.expectEnd()
    expect(response.apiKeys.map(({ apiKey }) => apiKey)).toEqual([18, 1000, 1001, 1002])
  })

  it('W2: ApiVersions of an unknown version is answered in version 0 with its own range', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    const header = Buffer.alloc(4 + 8 + 2 + 20)
    header.writeInt32BE(header.length - 4, 0)
    header.writeInt16BE(18, 4)
    header.writeInt16BE(99, 6)
    header.writeInt32BE(4711, 8)
    header.writeInt16BE(-1, 12)
    header.fill(0xff, 14)
    client.sendRaw(header)
    const frame = await client.nextFrame()
    expect(frame.readInt32BE(0)).toBe(4711)
    const reader = new Reader(frame, 4)
    const response = ApiVersions.readResponse(reader, 0)
    reader.expectEnd()
    expect(response.errorCode).toBe(35)
    expect(response.apiKeys).toEqual([{ apiKey: 18, minVersion: 0, maxVersion: 4 }])
    expect((await client.request(Echo, 0, note('still here'))).text).toBe('still here')
  })

  it('W2: every other unknown key or version closes the connection, counted', async () => {
    await using harness = await startHarness()
    for (const [key, version] of [
      [4242, 0],
      [1000, 7],
      [-1, 0],
    ] as const) {
      await using client = await RawClient.connect(harness.bootstrap)
      const frame = Buffer.alloc(14)
      frame.writeInt32BE(10, 0)
      frame.writeInt16BE(key, 4)
      frame.writeInt16BE(version, 6)
      frame.writeInt16BE(-1, 12)
      client.sendRaw(frame)
      await client.untilClosed()
    }
    expect(harness.closedFor('unsupported-version')).toBe(3)
  })

  it('W4: client software names are checked', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    const ask = (clientSoftwareName: string, clientSoftwareVersion: string) =>
      client.request(ApiVersions, 3, { clientSoftwareName, clientSoftwareVersion })
    for (const name of ['', '-a', 'a-', 'a b', 'a\nb', 'ä']) {
      const refused = await ask(name, '1.0')
      expect([refused.errorCode, refused.apiKeys]).toEqual([42, []])
      expect((await ask('name', name)).errorCode).toBe(42)
    }
    expect((await ask('apache-kafka-java', '4.3.0')).errorCode).toBe(0)
  })
})

describe('back-pressure', () => {
  it('takes up no more than the ceiling of requests in flight, then goes on', async () => {
    await using harness = await startHarness({ requestsInFlightMax: 4 })
    await using client = await RawClient.connect(harness.bootstrap)
    for (let index = 0; index < 10; index += 1) client.send(Park, 0, note(String(index)))
    await until(() => harness.parked.length === 4)
    let answered = 0
    while (answered < 10) {
      await until(() => harness.parked.length > answered)
      harness.parked[answered]?.context.reply(note('done'))
      answered += 1
    }
    for (let index = 0; index < 10; index += 1) await client.nextFrame()
    expect(harness.parked.length).toBe(10)
  })

  it('holds back requests whose replies might not fit', async () => {
    await using harness = await startHarness({ replyBytesMax: 2 * 1024 * 1024 })
    await using client = await RawClient.connect(harness.bootstrap)
    for (let index = 0; index < 5; index += 1) client.send(Reserve, 0, note(String(index)))
    await until(() => harness.parked.length === 2)
    await using other = await RawClient.connect(harness.bootstrap)
    expect((await other.request(Echo, 0, note('unharmed'))).text).toBe('unharmed')
    expect(harness.parked.length).toBe(2)
    for (let index = 0; index < 5; index += 1) {
      await until(() => harness.parked.length > index)
      harness.parked[index]?.context.reply(note('done'))
      await client.nextFrame()
    }
  })

  it('bounds what a reader who never reads can pile up, then disconnects it', async () => {
    const replyBytesMax = 4 * 1024 * 1024
    await using harness = await startHarness({ replyBytesMax, writeBytesMax: 256 * 1024, unreadTimeoutMs: 300 })
    await using client = await RawClient.connect(harness.bootstrap)
    client.socket.pause()
    const payload = Buffer.alloc(100_000)
    for (let index = 0; index < 400; index += 1) client.send(Echo, 0, note('more', payload))
    let most = 0
    const gauge = () => Number(/^millrace_reply_bytes (\d+)/m.exec(harness.metrics.render())?.[1])
    await until(() => {
      most = Math.max(most, gauge())
      return harness.closedFor('replies-unread') === 1
    })
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(replyBytesMax + 1024 * 1024)
    expect(harness.echoed).toBeLessThan(400)
    expect(gauge()).toBe(0)
  })

  it('takes up no reserving request anywhere while the replies of all are at their ceiling', async () => {
    await using harness = await startHarness({ brokerReplyBytesMax: 500_000, writeBytesMax: 64 * 1024 })
    await using deaf = await RawClient.connect(harness.bootstrap)
    deaf.socket.pause()
    for (let index = 0; index < 100; index += 1) deaf.send(Echo, 0, note('x', Buffer.alloc(200_000)))
    const held = () => Number(/^millrace_reply_bytes (\d+)/m.exec(harness.metrics.render())?.[1])
    await until(() => held() > 500_000)
    await using client = await RawClient.connect(harness.bootstrap)
    client.send(Reserve, 0, note('waits'))
    await until(() => /millrace_requests_total\{api="Echo"\} [1-9]/.test(harness.metrics.render()))
    expect(harness.parked.length).toBe(0)
    deaf.socket.destroy()
    await until(() => harness.parked.length === 1)
  })
})

describe('end of a connection', () => {
  it('W21: an idle connection is closed cleanly, after what it asked for', async () => {
    await using harness = await startHarness({ idleTimeoutMs: 100 })
    await using client = await RawClient.connect(harness.bootstrap)
    let failed = false
    client.socket.on('error', () => {
      failed = true
    })
    expect((await client.request(Echo, 0, note('hello'))).text).toBe('hello')
    await client.untilClosed()
    expect(failed).toBe(false)
    expect(harness.closedFor('idle')).toBe(1)
  })

  it('does not count a parked request as idle', async () => {
    await using harness = await startHarness({ idleTimeoutMs: 50 })
    await using client = await RawClient.connect(harness.bootstrap)
    client.send(Park, 0, note('long'))
    await using idle = await RawClient.connect(harness.bootstrap)
    await idle.untilClosed()
    expect(client.closed).toBe(false)
    harness.parked[0]?.context.reply(note('at last'))
    expect((await client.nextFrame()).length).toBeGreaterThan(0)
  })

  it('tells a parked request that its client has gone', async () => {
    await using harness = await startHarness()
    const client = await RawClient.connect(harness.bootstrap)
    client.send(Park, 0, note('gone'))
    await until(() => harness.parked.length === 1)
    await client.close()
    const parked = harness.parked[0]
    await until(() => parked?.context.closed === true)
    parked?.context.reply(note('to nobody'))
  })

  it('stops after answering what is in flight, and takes nothing new', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    const id = client.send(Park, 0, note('last'))
    await until(() => harness.parked.length === 1)
    const stopped = harness.server.stop()
    client.send(Echo, 0, note('too late'))
    harness.parked[0]?.context.reply(note('done'))
    expect((await client.nextFrame()).readInt32BE(0)).toBe(id)
    await client.untilClosed()
    await stopped
    expect(harness.echoed).toBe(0)
    await expect(RawClient.connect(harness.bootstrap)).rejects.toThrow()
  })

  it('stops in time although a request never ends', async () => {
    await using harness = await startHarness({ drainTimeoutMs: 50 })
    await using client = await RawClient.connect(harness.bootstrap)
    client.send(Park, 0, note('never'))
    await until(() => harness.parked.length === 1)
    await harness.server.stop()
    await client.untilClosed()
    expect(harness.closedFor('broker-stopped')).toBe(1)
  })

  it('closes the connection of a request that breaks its handler, and serves the others', async () => {
    await using harness = await startHarness()
    await using client = await RawClient.connect(harness.bootstrap)
    await using other = await RawClient.connect(harness.bootstrap)
    client.send(Echo, 0, note('throw'))
    await client.untilClosed()
    expect(harness.closedFor('handler-error')).toBe(1)
    expect(harness.logs.some(({ level }) => level === 'error')).toBe(true)
    expect((await other.request(Echo, 0, note('fine'))).text).toBe('fine')
  })

  it('N4: connections over the ceiling are refused and counted', async () => {
    await using harness = await startHarness({ connectionsMax: 2 })
    await using first = await RawClient.connect(harness.bootstrap)
    await using second = await RawClient.connect(harness.bootstrap)
    await first.request(Echo, 0, note('1'))
    await second.request(Echo, 0, note('2'))
    await using third = await RawClient.connect(harness.bootstrap)
    await third.untilClosed()
    await until(() => /millrace_connections_dropped_total 1/.test(harness.metrics.render()))
    expect((await first.request(Echo, 0, note('still'))).text).toBe('still')
  })
})
