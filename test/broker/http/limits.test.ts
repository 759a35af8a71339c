/** Ceilings of the HTTP door: above them a request is refused at once, and nobody else suffers. */
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Produce } from '../../../proto/kafka/generated/apis.ts'
import { type DoorOptions, EventReader, gate, openDoor, until } from './door.ts'

/** A broker that keeps produces waiting until the gate opens. */
function held(opened: Promise<void>): NonNullable<DoorOptions['wrap']> {
  return (dispatch) => async (api, request, version, signal) => {
    if (api.key === Produce.key) await opened
    return dispatch(api, request, version, signal)
  }
}

const refusal = (detail: RegExp) => ({
  status: 503,
  body: { title: 'Service Unavailable', detail: expect.stringMatching(detail) as string },
})

describe('requests in flight', () => {
  it('have a ceiling; probes, metrics and waiting readers do not count', async () => {
    const { opened, open } = gate()
    await using door = await openDoor({ limits: { requestsInFlightMax: 2 }, wrap: held(opened) })
    await door.createTopic('t')
    const first = [door.post('/topics/t', '{"value":1}'), door.post('/topics/t', '{"value":2}')]
    await until(async () => (await door.metric('millrace_http_in_flight')) === 2)
    const refused = await door.post('/topics/t', '{"value":3}')
    expect(refused).toMatchObject(refusal(/2 requests are in flight/))
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await door.get('/v1/topics')).toMatchObject(refusal(/in flight/))
    expect(await door.get('/topics/t/partitions/0/records?wait=0')).toMatchObject(refusal(/in flight/))
    expect((await door.get('/health/live')).status).toBe(200)
    expect((await door.get('/health/ready')).status).toBe(200)
    expect((await door.get('/topics/t/partitions/0/records?wait=1')).status).toBe(200)
    expect(await door.metric('millrace_http_refused_total')).toBe(3)
    open()
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200])
    expect((await door.post('/topics/t', '{"value":4}')).status).toBe(200)
    expect((await door.records('t')).map(({ value }) => value?.toString())).toEqual(['1', '2', '4'])
  })

  it('may not bring more bytes together than are set aside, one large body excepted', async () => {
    const { opened, open } = gate()
    await using door = await openDoor({ limits: { bodyBytesInFlightMax: 1000 }, wrap: held(opened) })
    await door.createTopic('t')
    const large = JSON.stringify({ value: 'x'.repeat(2000) })
    const first = door.post('/topics/t', large)
    await until(async () => (await door.metric('millrace_http_in_flight')) === 1)
    expect(await door.post('/topics/t', '{"value":1}')).toMatchObject(refusal(/bytes are in flight/))
    expect((await door.get('/v1/topics')).status).toBe(200)
    open()
    expect((await first).status).toBe(200)
    expect((await door.post('/topics/t', large)).status).toBe(200)
  })

  it('count a body of unknown length as the largest', async () => {
    const { opened, open } = gate()
    await using door = await openDoor({ limits: { bodyBytesInFlightMax: 1000 }, wrap: held(opened) })
    await door.createTopic('t')
    const first = door.post('/topics/t', '{"value":1}')
    await until(async () => (await door.metric('millrace_http_in_flight')) === 1)
    const chunked = await fetch(`${door.http.url}/topics/t`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob(['{"value":2}']).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(chunked.status).toBe(503)
    await chunked.arrayBuffer()
    open()
    expect((await first).status).toBe(200)
  })

  it('are counted out when their client hangs up', async () => {
    const { opened, open } = gate()
    await using door = await openDoor({ limits: { requestsInFlightMax: 1 }, wrap: held(opened) })
    await door.createTopic('t')
    const controller = new AbortController()
    const gone = fetch(`${door.http.url}/topics/t`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"value":1}',
      signal: controller.signal,
    }).catch((error: Error) => error.name)
    await until(async () => (await door.metric('millrace_http_in_flight')) === 1)
    controller.abort()
    expect(await gone).toBe('AbortError')
    await until(async () => (await door.metric('millrace_http_in_flight')) === 0)
    open()
    expect((await door.post('/topics/t', '{"value":2}')).status).toBe(200)
    expect(door.errors).toEqual([])
  })
})

describe('readers who wait', () => {
  it('have a ceiling of their own, and keep no producer out', async () => {
    await using door = await openDoor({ limits: { waitingMax: 1, requestsInFlightMax: 1 } })
    await door.createTopic('t')
    await using reader = await EventReader.connect(`${door.http.url}/topics/t/events`)
    expect(await door.get('/topics/t/partitions/0/records?wait=1000')).toMatchObject(refusal(/1 readers are waiting/))
    expect(await door.get('/topics/t/events')).toMatchObject(refusal(/readers/))
    expect((await door.post('/topics/t', '{"value":1}')).status).toBe(200)
    expect(await reader.next(1)).toHaveLength(1)
  })
})

describe('bodies and connections', () => {
  it('refuses a body above the ceiling without reading it', async () => {
    await using door = await openDoor({ limits: { bodyBytesMax: 100 } })
    await door.createTopic('t')
    const answer = await door.post('/topics/t', JSON.stringify({ value: 'x'.repeat(100) }))
    expect(answer).toMatchObject({ status: 413, body: { title: 'Content Too Large', status: 413 } })
    expect((await door.post('/topics/t', '{"value":1}')).status).toBe(200)
  })

  it('drops connections above the ceiling, and counts them', async () => {
    await using door = await openDoor({ limits: { connectionsMax: 1 } })
    expect((await door.get('/health/live')).status).toBe(200)
    const closed = gate()
    connect(door.http.port, '127.0.0.1')
      .once('close', closed.open)
      .on('error', () => {})
    await closed.opened
    expect(await door.metric('millrace_http_dropped_total')).toBe(1)
  })

  it('closes a connection on which nothing moves', async () => {
    await using door = await openDoor({ limits: { silenceTimeoutMs: 30 } })
    await door.createTopic('t')
    const closed = gate()
    const socket = connect(door.http.port, '127.0.0.1')
      .once('close', closed.open)
      .on('error', () => {})
    socket.write(
      'POST /topics/t HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"val',
    )
    await closed.opened
    await until(async () => (await door.metric('millrace_http_in_flight')) === 0)
  })
})
