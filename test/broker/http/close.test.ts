import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Produce } from '../../../proto/kafka/generated/apis.ts'
import { type DoorOptions, EventReader, gate, openDoor, until } from './door.ts'

function held(opened: Promise<void>): NonNullable<DoorOptions['wrap']> {
  return (dispatch) => async (api, request, version, signal) => {
    if (api.key === Produce.key) await opened
    return dispatch(api, request, version, signal)
  }
}

describe('closing the door', () => {
  it('answers what is in flight before it ends', async () => {
    const { opened, open } = gate()
    await using door = await openDoor({ wrap: held(opened) })
    await door.createTopic('t')
    const produced = door.post('/topics/t', '{"value":1}')
    await until(async () => (await door.metric('millrace_http_in_flight')) === 1)
    let closed = false
    const closing = door.http.close().then(() => {
      closed = true
    })
    await expect(fetch(`${door.http.url}/health/live`, { headers: { connection: 'close' } })).rejects.toThrow(
      'fetch failed',
    )
    expect(closed).toBe(false)
    open()
    expect(await produced).toMatchObject({ status: 200, body: { offsets: [{ offset: 0 }] } })
    await closing
    expect((await door.records('t')).length).toBe(1)
  })

  it('answers long polls with what there is, and ends event streams', async () => {
    await using door = await openDoor()
    await door.createTopic('t')
    await using reader = await EventReader.connect(`${door.http.url}/topics/t/events`)
    const polled = door.get('/topics/t/partitions/0/records?wait=60000')
    await until(() => door.broker.services.fetches.size === 2)
    await door.http.close()
    expect(await polled).toMatchObject({ status: 200, body: { records: [], nextOffset: 0, highWatermark: 0 } })
    await reader.ended
    expect(reader.response.complete).toBe(true)
  })

  it('ends connections that are idle, also those that never asked for anything', async () => {
    await using door = await openDoor()
    const closed = [gate(), gate()]
    const sockets = closed.map(({ open }) =>
      connect(door.http.port, '127.0.0.1')
        .once('close', open)
        .on('error', () => {})
        .resume(),
    )
    sockets[1]?.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    await new Promise<void>((resolve) => sockets[1]?.once('data', () => resolve()))
    await door.http.close()
    await Promise.all(closed.map(({ opened }) => opened))
  })

  it('tells those who still ask that it is closing', async () => {
    const { opened, open } = gate()
    await using door = await openDoor({ wrap: held(opened) })
    await door.createTopic('t')
    const body = '{"value":1}'
    const head = `POST /topics/t HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const socket = connect(door.http.port, '127.0.0.1')
    const ended = gate()
    let text = ''
    socket
      .setEncoding('utf8')
      .once('close', ended.open)
      .on('data', (chunk: string) => {
        text += chunk
      })
    socket.write(head)
    await until(async () => (await door.metric('millrace_http_in_flight')) === 1)
    const closing = door.http.close()
    // The second request comes on a connection whose first is still being worked on.
    socket.write('GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n')
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    open()
    await Promise.all([closing, ended.opened])
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(statuses).toEqual(['200', '503'])
    expect(text).toContain('application/problem+json')
    expect(text).toContain('the broker is stopping')
  })

  it('does not wait for ever for what is never answered', async () => {
    await using door = await openDoor({ limits: { drainTimeoutMs: 20 }, wrap: held(new Promise(() => {})) })
    await door.createTopic('t')
    const produced = door.post('/topics/t', '{"value":1}').catch((error: Error) => error.message)
    await until(async () => (await door.metric('millrace_http_in_flight')) === 1)
    await door.http.close()
    expect(await produced).toBe('fetch failed')
  })

  it('may be asked for twice, and says that its port is taken while it is open', async () => {
    await using door = await openDoor()
    const { startHttp } = await import('../../../broker/http/index.ts')
    const again = startHttp({
      services: door.broker.services,
      dispatch: () => Promise.resolve(null),
      port: door.http.port,
      notReady: () => null,
    })
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const closing = door.http.close()
    expect(door.http.close()).toBe(closing)
    await closing
  })

  it('closes at once when nobody ever asked anything', async () => {
    await using door = await openDoor()
    const { url } = door.http
    await door.http.close()
    expect(door.http.url).toBe(url)
    await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed')
  })

  it('answers requests that come together before the routes are loaded, and then closes', async () => {
    await using door = await openDoor()
    const asked = Array.from({ length: 8 }, () => fetch(`${door.http.url}/health/live`))
    const statuses = await Promise.all(asked.map(async (reply) => (await reply).status))
    expect(statuses).toEqual(statuses.map(() => 200))
    await door.http.close()
  })
})
