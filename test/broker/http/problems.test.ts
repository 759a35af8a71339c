/** What is wrong is said as problem+json, with Kafka's error where there is one. */
import { connect } from 'node:net'
import { pack } from 'msgpackr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { Produce } from '../../../proto/kafka/generated/apis.ts'
import type { ProduceResponse } from '../../../proto/kafka/generated/00-produce.ts'
import { type Answer, type Door, type DoorOptions, gate, openDoor, until } from './door.ts'

let door: Door
let strict: Door

beforeAll(async () => {
  door = await openDoor()
  strict = await openDoor({ properties: { 'auto.create.topics.enable': false } })
  await door.createTopic('there', 2)
})

afterAll(async () => {
  expect(door.errors).toEqual([])
  await door[Symbol.asyncDispose]()
  await strict[Symbol.asyncDispose]()
})

function kafka(answer: Answer, status: number, code: string, errorCode: number): void {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(answer).toMatchObject({
    status,
    body: { type: `urn:kafka-error:${code}`, title: code, status, code, errorCode },
  })
}

function plain(answer: Answer, status: number, detail: RegExp): void {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(answer).toMatchObject({ status, body: { type: 'about:blank', status } })
  expect((answer.body as { detail: string }).detail).toMatch(detail)
}

const one = '{"value":1}'

/** A broker whose answers about one partition are errors. */
function failing(index: number, errorCode: number): NonNullable<DoorOptions['wrap']> {
  return (dispatch) => async (api, request, version, signal) => {
    const reply = await dispatch(api, request, version, signal)
    if (api.key !== Produce.key) return reply
    for (const { partitionResponses } of (reply as ProduceResponse).responses) {
      for (const answer of partitionResponses) if (answer.index === index) answer.errorCode = errorCode
    }
    return reply
  }
}

describe('names', () => {
  it.each(['a b', '..', '.', 'a%2Fb', '%2e%2e%2fetc', '%00', 'é', 'x'.repeat(250), 'x'.repeat(3000)])(
    'refuses a topic called %s as Kafka does',
    async (name) => {
      const path = `/topics/${name.includes('%') ? name : encodeURIComponent(name)}`
      // A path of dots alone never leaves the client: it means another path.
      const answer = /^\.+$/.test(name)
        ? await door.post(`/topics/${name.replaceAll('.', '%2e')}%20`, one)
        : await door.post(path, one)
      kafka(answer, 400, 'INVALID_TOPIC_EXCEPTION', 17)
    },
  )

  it('knows no topic that it may not create', async () => {
    kafka(await strict.post('/topics/absent', one), 404, 'UNKNOWN_TOPIC_OR_PARTITION', 3)
    kafka(await strict.get('/topics/absent/partitions/0/records'), 404, 'UNKNOWN_TOPIC_OR_PARTITION', 3)
    kafka(await strict.get('/topics/absent/events'), 404, 'UNKNOWN_TOPIC_OR_PARTITION', 3)
    kafka(await strict.get('/v1/topics/absent'), 404, 'UNKNOWN_TOPIC_OR_PARTITION', 3)
    expect(strict.broker.services.metadata.topic('absent')).toBeUndefined()
  })

  it('creates nothing for a reader', async () => {
    kafka(await door.get('/topics/read-only/partitions/0/records'), 404, 'UNKNOWN_TOPIC_OR_PARTITION', 3)
    expect(door.broker.services.metadata.topic('read-only')).toBeUndefined()
  })

  it('knows no partition beyond the last, and stores nothing of such a request', async () => {
    kafka(
      await door.post('/topics/there', '[{"value":1,"partition":0},{"value":2,"partition":2}]'),
      404,
      'UNKNOWN_TOPIC_OR_PARTITION',
      3,
    )
    kafka(await door.get('/topics/there/partitions/2/records'), 404, 'UNKNOWN_TOPIC_OR_PARTITION', 3)
    expect(await door.records('there', 0)).toEqual([])
  })

  it('lets nobody write to internal topics', async () => {
    await new Promise<void>((resolve) => door.broker.services.groups.findCoordinator('g', () => resolve()))
    const answer = await door.post('/topics/__consumer_offsets', '{"value":1,"partition":0}')
    kafka(answer, 400, 'INVALID_TOPIC_EXCEPTION', 17)
  })

  it('knows its routes and no others', async () => {
    plain(await door.get('/nothing'), 404, /no route GET \/nothing/)
    plain(await door.get('/topics/there'), 404, /no route/)
    plain(await door.get('/topics/%E0%A4%A'), 400, /not a valid url/i)
    expect((await fetch(`${door.http.url}/topics/there/events`, { method: 'HEAD' })).status).toBe(404)
    expect((await fetch(`${door.http.url}/health/live`, { method: 'HEAD' })).status).toBe(200)
  })
})

describe('bodies', () => {
  it.each([
    ['nothing', '', /not JSON/],
    ['half an object', '{"value":', /not JSON/],
    ['two documents', '{"value":1}{"value":2}', /not JSON/],
    ['a comma too many', '[{"value":1},]', /not JSON/],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /not JSON/],
    ['null', 'null', /body must be a record or an array/],
    ['a number', '1', /body must be a record or an array/],
    ['an empty array', '[]', /body must NOT have fewer than 1 items/],
    [
      'too many records',
      `[${Array.from({ length: 10_001 }, () => one).join()}]`,
      /body must NOT have more than 10000 items/,
    ],
    ['no value', '{"key":"a"}', /body must have required property 'value'/],
    ['no value in the second', '[{"value":1},{}]', /body\.1 must have required property 'value'/],
    ['a misspelt member', '{"value":1,"kee":"a"}', /body has no property kee/],
    ['a key that is a number', '{"value":1,"key":5}', /body\.key must be string,null/],
    ['a partition that is text', '[{"value":1,"partition":"1"}]', /body\.0\.partition must be integer/],
    ['a partition that is null', '{"value":1,"partition":null}', /body\.partition must be integer/],
    ['a partition below zero', '{"value":1,"partition":-1}', /body\.partition must be >= 0/],
    ['a timestamp with a fraction', '{"value":1,"timestamp":1.5}', /body\.timestamp must be integer/],
    ['a header that is an object', '{"value":1,"headers":{"a":{}}}', /body\.headers\.a must be string,null/],
    ['a header behind a line break', '{"value":1,"headers":{"a\\nb":5}}', /must be string,null/],
    ['headers that are a list', '{"value":1,"headers":[]}', /body\.headers must be object/],
    ['nesting without end', `{"value":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /nested more than 512 levels/],
  ])('refuses %s and names the fault', async (_name, body, detail) => {
    plain(await door.post('/topics/there', body), 400, detail)
  })

  it.each([
    ['bytes that are none', Buffer.from([0xc1, 0xc1]), /not msgpack/],
    ['nothing', Buffer.alloc(0), /not msgpack/],
    ['a length beyond the end', Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]), /not msgpack/],
    ['nesting without end', Buffer.alloc(1_000_000, 0x91), /not msgpack/],
    ['bytes for a body', pack(Buffer.from('x')), /body must/],
    ['a list for a record', pack([[]]), /body\.0 must be object/],
    ['a key in binary', pack({ value: 1, key: Buffer.from('x') }), /body\.key must be string,null/],
    ['an integer that JSON cannot say', pack({ value: { big: 2n ** 63n } }), /no word for, in big/],
    ['no number', pack({ value: [Number.NaN] }), /no word for, in 0/],
    ['binary inside a value', pack({ value: { raw: Buffer.from('x') } }), /no word for, in raw/],
    ['nothing inside a value', pack({ value: [undefined] }), /no word for, in 0/],
    [
      'a set',
      Buffer.concat([Buffer.from([0x81, 0xa5]), Buffer.from('value'), Buffer.from([0xd4, 0x73, 0, 0x91, 1])]),
      /no word for/,
    ],
  ])('refuses msgpack with %s', async (_name, body, detail) => {
    plain(await door.post('/topics/there', body, 'application/msgpack'), 400, detail)
  })

  it('refuses media types that it does not know', async () => {
    plain(await door.post('/topics/there', one, 'text/plain'), 415, /media type/i)
    plain(await door.post('/topics/there', one, 'nonsense'), 415, /media type/i)
    plain(await door.post('/topics/there', one, 'application/x-www-form-urlencoded'), 415, /media type/i)
    const none = await fetch(`${door.http.url}/topics/there`, { method: 'POST' })
    expect([none.status, await none.json()]).toMatchObject([400, { detail: 'a body with a record is needed' }])
  })

  it('refuses query parameters that it does not know, or that mean nothing here', async () => {
    plain(await door.post('/topics/there?acks=2', one), 400, /querystring\.acks must be one of all, 1, 0/)
    plain(await door.post('/topics/there?ack=1', one), 400, /querystring has no property ack/)
    plain(await door.post('/topics/there?key=a', one), 400, /binary body/)
    plain(
      await door.post('/topics/there?partition=x', Buffer.from('x'), 'application/octet-stream'),
      400,
      /querystring\.partition must be integer/,
    )
    expect(await door.records('there', 0)).toEqual([])
    expect(await door.records('there', 1)).toEqual([])
  })

  it('refuses a body that is larger than any may be', async () => {
    plain(await door.post('/topics/there', Buffer.alloc(4 * 1024 * 1024 + 1, 0x20)), 413, /too large/i)
  })

  it('refuses a record that is larger than the topic takes', async () => {
    await door.createTopic('small', 1, { 'max.message.bytes': '1000' })
    kafka(await door.post('/topics/small', JSON.stringify({ value: 'x'.repeat(1000) })), 413, 'MESSAGE_TOO_LARGE', 10)
  })
})

describe('records that the log refuses', () => {
  it('names the record', async () => {
    await door.createTopic('compacted', 1, { 'cleanup.policy': 'compact' })
    const answer = await door.post('/topics/compacted', '[{"key":"a","value":1},{"value":2}]')
    kafka(answer, 400, 'INVALID_RECORD', 87)
    expect((answer.body as { detail: string }).detail).toMatch(/^record 1: .*key/)
    expect(await door.records('compacted')).toEqual([])
  })

  it('fails nobody else in the same turn', async () => {
    await door.createTopic('neighbours', 1, { 'cleanup.policy': 'compact' })
    const bodies = Array.from({ length: 30 }, (_, n) =>
      n % 3 === 0 ? `{"value":${n}}` : `[{"key":"k","value":${n}},{"key":"l","value":${n}}]`,
    )
    const answers = await Promise.all(bodies.map((body) => door.post('/topics/neighbours', body)))
    const stored = await door.records('neighbours')
    for (const [n, answer] of answers.entries()) {
      if (n % 3 === 0) {
        kafka(answer, 400, 'INVALID_RECORD', 87)
        continue
      }
      const { offsets } = answer.body as { offsets: { offset: number }[] }
      expect(offsets.map(({ offset }) => stored[offset]?.value?.toString())).toEqual([String(n), String(n)])
    }
    expect(stored).toHaveLength(40)
  })

  it('counts those of acks=0, which nobody hears of', async () => {
    const before = await door.metric('millrace_http_unheard_failures_total')
    const answers = await Promise.all([
      door.post('/topics/neighbours?acks=0', '[{"value":1},{"value":2}]'),
      door.post('/topics/neighbours?acks=0', '{"key":"heard","value":3}'),
    ])
    expect(answers.map(({ status }) => status)).toEqual([202, 202])
    await until(async () => (await door.metric('millrace_http_unheard_failures_total')) === before + 2)
    expect((await door.records('neighbours')).at(-1)?.key?.toString()).toBe('heard')
  })

  it('refuses timestamps out of bounds', async () => {
    await door.createTopic('timely', 1, { 'message.timestamp.after.max.ms': '1000' })
    const answer = await door.post('/topics/timely', '{"value":1,"timestamp":9007199254740991}')
    kafka(answer, 400, 'INVALID_TIMESTAMP', 32)
  })
})

describe('a broker in trouble', () => {
  it.each([
    ['NOT_ENOUGH_REPLICAS', 503, '1'],
    ['KAFKA_STORAGE_ERROR', 503, '1'],
    ['REQUEST_TIMED_OUT', 504, null],
    ['TOPIC_AUTHORIZATION_FAILED', 403, null],
    ['RECORD_LIST_TOO_LARGE', 413, null],
    ['UNKNOWN_SERVER_ERROR', 500, null],
  ] as const)('answers %s with %d', async (code, status, retryAfter) => {
    await using broken = await openDoor({ wrap: failing(0, Errors[code]) })
    const answer = await broken.post('/topics/t', one)
    kafka(answer, status, code, Errors[code])
    expect(answer.headers.get('retry-after')).toBe(retryAfter)
    expect(answer.body).not.toHaveProperty('offsets')
  })

  it('says which records of a request are stored when some are not', async () => {
    await using broken = await openDoor({ wrap: failing(1, Errors.REQUEST_TIMED_OUT) })
    await broken.createTopic('halves', 2)
    const answer = await broken.post(
      '/topics/halves',
      '[{"value":1,"partition":1},{"value":2,"partition":0},{"value":3,"partition":0}]',
    )
    kafka(answer, 504, 'REQUEST_TIMED_OUT', 7)
    expect((answer.body as { offsets: unknown }).offsets).toEqual([
      { partition: 1, offset: -1 },
      { partition: 0, offset: 0 },
      { partition: 0, offset: 1 },
    ])
  })

  it('tells nobody what went wrong inside, and logs it', async () => {
    await using broken = await openDoor({ wrap: () => () => Promise.reject(new Error('secret')) })
    await broken.createTopic('t')
    const answers = [await broken.post('/topics/t', one), await broken.get('/topics/t/partitions/0/records')]
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 500, body: { title: 'Internal Server Error', status: 500 } })
      expect(JSON.stringify(answer.body)).not.toContain('secret')
    }
    expect(broken.errors).toEqual(['http request failed', 'http request failed'])
  })

  it('fails requests, not the process, once the broker has gone', async () => {
    const orphan = await openDoor()
    await orphan.createTopic('t')
    await orphan.broker.close()
    expect((await orphan.post('/topics/t', one)).status).toBe(500)
    expect((await orphan.get('/topics/t/partitions/0/records')).status).toBeGreaterThanOrEqual(500)
    await orphan.http.close()
  })

  it('answers a client that speaks no HTTP, and closes', async () => {
    const socket = connect(door.http.port, '127.0.0.1')
    const closed = gate()
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.once('close', () => closed.open())
    socket.write(Buffer.from('\x00\x00\x00\x10kafka perhaps\r\n\r\n'))
    await closed.opened
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/)
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ status: 400 })
    expect((await door.get('/health/live')).status).toBe(200)
  })

  it('shows a record that another client wrote badly as it is', async () => {
    await door.append('there', encodeBatch([{ key: null, value: Buffer.from('{"half":'), timestamp: 0 }]), 1)
    const { body } = await door.get('/topics/there/partitions/1/records')
    expect(body).toMatchObject({ records: [{ value: '{"half":', valueEncoding: 'text' }] })
  })
})
