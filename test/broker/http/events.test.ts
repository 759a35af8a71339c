import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { Fetch } from '../../../proto/kafka/generated/apis.ts'
import { type Door, EventReader, openDoor, until } from './door.ts'

let door: Door
/** Fetches that the door has begun, by topic. */
const fetches = new Map<string, number>()

beforeAll(async () => {
  door = await openDoor({
    wrap: (dispatch) => (api, request, version, signal) => {
      const topic = api.key === Fetch.key ? (request as { topics: { topic: string }[] }).topics[0]?.topic : undefined
      if (topic !== undefined) fetches.set(topic, (fetches.get(topic) ?? 0) + 1)
      return dispatch(api, request, version, signal)
    },
  })
})

afterAll(async () => {
  expect(door.errors).toEqual([])
  await door[Symbol.asyncDispose]()
})

const follow = (topic: string, query = '', headers = {}) =>
  EventReader.connect(`${door.http.url}/topics/${topic}/events${query}`, headers)

const put = (topic: string, ...records: { value: unknown; partition?: number }[]) =>
  door.post(`/topics/${topic}`, JSON.stringify(records))

describe('GET /topics/:topic/events', () => {
  it('sends what is there from the earliest record, and then what comes', async () => {
    await door.createTopic('all')
    await put('all', { value: 1 }, { value: { two: 2 } })
    await using reader = await follow('all', '?from=earliest')
    expect(reader.response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const [first, second] = await reader.next(2)
    expect(first).toMatchObject({
      id: '0:1',
      name: 'message',
      data: { partition: 0, offset: 0, value: 1, valueEncoding: 'json' },
    })
    expect(second).toMatchObject({ id: '0:2', data: { offset: 1, value: { two: 2 } } })
    await put('all', { value: 3 })
    expect(await reader.next(1)).toMatchObject([{ id: '0:3', data: { offset: 2, value: 3 } }])
  })

  it('begins with what comes unless told otherwise', async () => {
    await door.createTopic('newest')
    await put('newest', { value: 'old' })
    await using reader = await follow('newest')
    await until(() => reader.lastId !== null)
    await put('newest', { value: 'new' })
    expect(await reader.next(1)).toMatchObject([{ data: { offset: 1, value: 'new' } }])
  })

  it('gives a place to come back to before the first record', async () => {
    await door.createTopic('early')
    await put('early', { value: 0 })
    const id = await (async () => {
      await using reader = await follow('early')
      await until(() => reader.lastId !== null)
      return reader.lastId ?? ''
    })()
    await put('early', { value: 'missed' })
    await using reader = await follow('early', '', { 'last-event-id': id })
    expect(await reader.next(1)).toMatchObject([{ data: { value: 'missed' } }])
  })

  it('goes on after the last event in every partition, without loss or repetition', async () => {
    await door.createTopic('parts', 3)
    const seen: string[] = []
    let id: string | null = null
    for (let round = 0; round < 4; round++) {
      await put('parts', ...[0, 1, 2, 0].map((partition) => ({ value: round, partition })))
      await using reader = await follow('parts', '?from=earliest', id === null ? {} : { 'last-event-id': id })
      // Hangs up in the middle of what is there.
      for (const event of await reader.next(3)) {
        const { partition, offset } = event.data as { partition: number; offset: number }
        seen.push(`${partition}:${offset}`)
        id = event.id
      }
    }
    expect(new Set(seen).size).toBe(12)
    for (const partition of [0, 1, 2]) {
      const offsets = seen.filter((place) => place.startsWith(`${partition}:`))
      expect(offsets).toEqual(offsets.map((_, offset) => `${partition}:${offset}`))
    }
  })

  it('gives topics of many partitions one id for all that is sent at once', async () => {
    await door.createTopic('wide', 17)
    await put('wide', { value: 1, partition: 3 }, { value: 2, partition: 16 })
    await using reader = await follow('wide', '?from=earliest')
    expect((await reader.next(2)).map(({ id }) => id)).toEqual([null, null])
    await until(() => reader.lastId?.includes('16:1') === true)
    expect(reader.lastId).toMatch(/^0:0,1:0,2:0,3:1,.*,16:1$/)
  })

  it('keeps an event on one line, however its value is written', async () => {
    await door.createTopic('pretty')
    await door.post('/topics/pretty', '{"value":{\r\n  "a": "x\\ny",\n\n  "b": 2\r}}')
    await using reader = await follow('pretty', '?from=earliest')
    expect(await reader.next(1)).toMatchObject([{ data: { value: { a: 'x\ny', b: 2 } } }])
  })

  it('tells of records that retention took before they were sent', async () => {
    await door.createTopic('gone')
    await put('gone', ...Array.from({ length: 5 }, (_, value) => ({ value })))
    const { partitions } = door.broker.services
    await new Promise<void>((resolve) => partitions.get('gone', 0)?.deleteRecords(3, 1000, () => resolve()))
    await using reader = await follow('gone', '', { 'last-event-id': '0:1' })
    const [gap, ...rest] = await reader.next(3)
    expect(gap).toEqual({ id: '0:3', name: 'gap', data: { partition: 0, from: 1, to: 3 } })
    expect(rest).toMatchObject([{ data: { offset: 3 } }, { data: { offset: 4 } }])
  })

  it('follows partitions that are added', async () => {
    await door.createTopic('growing', 1)
    await using reader = await follow('growing', '?from=earliest')
    await new Promise<void>((resolve) =>
      door.broker.services.controller.createPartitions(
        [{ name: 'growing', count: 2, assignments: null }],
        { validateOnly: false },
        () => resolve(),
      ),
    )
    await put('growing', { value: 'b', partition: 1 }, { value: 'a', partition: 0 })
    const events = await reader.next(2)
    expect(new Set(events.map(({ data }) => (data as { value: unknown }).value))).toEqual(new Set(['a', 'b']))
    expect(events.at(-1)?.id).toBe('0:1,1:1')
  })

  it('says why it ends when the topic goes', async () => {
    await door.createTopic('brief')
    await using reader = await follow('brief')
    door.broker.services.controller.deleteTopics([{ name: 'brief', id: 'AAAAAAAAAAAAAAAAAAAAAA' }], () => {})
    expect(await reader.next(1)).toMatchObject([
      { name: 'problem', data: { code: 'UNKNOWN_TOPIC_OR_PARTITION', status: 404 } },
    ])
    await reader.ended
  })

  it.each([
    'nonsense',
    '0',
    '0:',
    '0:1,',
    '1:0',
    '0:-1',
    '0:99999999999999999',
    '0:9007199254740993',
    'x'.repeat(5000),
  ])('refuses to go on at %s', async (id) => {
    await door.createTopic('resumed').catch(() => {})
    const answer = await fetch(`${door.http.url}/topics/resumed/events`, { headers: { 'last-event-id': id } })
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { detail: 'Last-Event-ID is not one of this topic' },
    ])
  })

  it('refuses topics of more partitions than an id can name', async () => {
    await door.createTopic('vast', 513)
    const answer = await door.get('/topics/vast/events')
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining('513 partitions') as string } })
  })
})

describe('a reader of events', () => {
  it('that is slow is waited for: nothing is read ahead of it', async () => {
    await door.createTopic('slow')
    const count = 40
    const value = 'v'.repeat(900_000)
    for (let n = 0; n < count; n++) await door.append('slow', encodeBatch([{ key: null, value, timestamp: n }]))
    await using reader = await follow('slow', '?from=earliest')
    reader.response.pause()
    let before = -1
    // What fits between the sockets is sent, and then it stands still.
    while (before !== (fetches.get('slow') ?? 0)) {
      before = fetches.get('slow') ?? 0
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(before).toBeLessThan(count)
    reader.response.resume()
    const events = await reader.next(count)
    expect(events.map(({ data }) => (data as { offset: number }).offset)).toEqual(
      Array.from({ length: count }, (_, n) => n),
    )
  })

  it('that hangs up is forgotten', async () => {
    await door.createTopic('lost')
    await until(async () => (await door.metric('millrace_http_waiting')) === 0)
    const reader = await follow('lost')
    await until(() => reader.lastId !== null)
    expect(await door.metric('millrace_http_waiting')).toBe(1)
    await reader[Symbol.asyncDispose]()
    await until(async () => (await door.metric('millrace_http_waiting')) === 0)
    const seen = fetches.get('lost') ?? 0
    await put('lost', { value: 1 })
    // The record woke what was parked: a stream that lived on would have fetched again by now.
    expect((await door.records('lost')).length).toBe(1)
    expect(fetches.get('lost')).toBe(seen)
  })
})
