import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as schemas from '../../../broker/http/generated/schemas.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { Codec } from '../../../proto/kafka/compression/index.ts'
import { type Door, openDoor, until } from './door.ts'

interface Read {
  readonly records: readonly { readonly offset: number; readonly value: unknown }[]
  readonly nextOffset: number
  readonly highWatermark: number
}

let door: Door

beforeAll(async () => {
  door = await openDoor()
  await door.createTopic('numbers')
  await door.append('numbers', batchOf(0, 50))
  await door.append('numbers', batchOf(50, 50, Codec.GZIP))
})

afterAll(() => door[Symbol.asyncDispose]())

function batchOf(first: number, count: number, codec = 0): Buffer {
  const records = Array.from({ length: count }, (_, n) => ({
    key: `k${first + n}`,
    value: String(first + n),
    timestamp: 1000 + n,
  }))
  return encodeBatch(records, { codec })
}

async function read(topic: string, query: string, partition = 0): Promise<Read> {
  const { status, body } = await door.get(`/topics/${topic}/partitions/${partition}/records${query}`)
  expect(status).toBe(200)
  return body as Read
}

const valuesOf = ({ records }: Read) => records.map(({ value }) => value)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)

describe('GET /topics/:topic/partitions/:p/records', () => {
  it('begins at the first offset there is, a hundred records at most', async () => {
    await door.append('numbers', batchOf(100, 20))
    const found = await read('numbers', '')
    expect(valuesOf(found)).toEqual(range(0, 100))
    expect(found).toMatchObject({ nextOffset: 100, highWatermark: 120 })
  })

  it.each([1, 7, 49, 50, 51, 1000])('reads everything once in steps of %d, whatever the batches', async (max) => {
    const values: unknown[] = []
    for (let offset = 0; ; ) {
      const found = await read('numbers', `?offset=${offset}&max=${max}`)
      expect(found.records.length).toBeLessThanOrEqual(max)
      if (found.records.length === 0) break
      values.push(...valuesOf(found))
      offset = found.nextOffset
    }
    expect(values).toEqual(range(0, 120))
  })

  it('begins inside a batch', async () => {
    expect(valuesOf(await read('numbers', '?offset=73&max=3'))).toEqual([73, 74, 75])
  })

  it('has nothing at the end, and says where to go on', async () => {
    expect(await read('numbers', '?offset=120')).toEqual({ records: [], nextOffset: 120, highWatermark: 120 })
  })

  it('refuses offsets outside the log', async () => {
    const answer = await door.get('/topics/numbers/partitions/0/records?offset=121')
    expect(answer).toMatchObject({ status: 416, body: { code: 'OFFSET_OUT_OF_RANGE', errorCode: 1, status: 416 } })
    expect((answer.body as { detail: string }).detail).toContain('numbers-0 at offset 121')
  })

  it.each([
    ['?offset=-1', /offset must be >= 0/],
    ['?offset=', /offset must be integer/],
    ['?offset=1.5', /offset must be integer/],
    ['?offset=9007199254740993', /offset must be/],
    ['?max=0', /max must be >= 1/],
    ['?max=10001', /max must be <= 10000/],
    ['?wait=60001', /wait must be <= 60000/],
    ['?wait=soon', /wait must be integer/],
    ['?limit=5', /no property limit/],
    ['?offset=0x10', /offset must be integer/],
    ['?offset=%20', /offset must be integer/],
    ['?max=1&max=2', /max must be integer/],
  ])('refuses %s', async (query, detail) => {
    const { status, body } = await door.get(`/topics/numbers/partitions/0/records${query}`)
    expect(status).toBe(400)
    expect((body as { detail: string }).detail).toMatch(detail)
  })

  it.each(['-1', 'x', '1.5', '2147483648', '%20'])('refuses partition %s', async (partition) => {
    expect((await door.get(`/topics/numbers/partitions/${partition}/records`)).status).toBe(400)
  })

  it('tells JSON, text and bytes apart, and loses nothing of any', async () => {
    await door.createTopic('kinds')
    const bytes = Buffer.from([0xff, 0x00, 0x80])
    const values = [
      '{"n":12345678901234567890, "a" : 1.0}',
      'plain',
      '\ufffd',
      '-',
      'nullish',
      '"text"',
      ' 1 ',
      '',
    ].map((text) => Buffer.from(text))
    const batch = encodeBatch([
      ...values.map((value) => ({ key: 'é', value, timestamp: 1 })),
      {
        key: bytes,
        value: bytes,
        timestamp: 2,
        headers: [
          { key: 'h', value: bytes },
          { key: 'h', value: 'é' },
          { key: '', value: null },
        ],
      },
      { key: null, value: null, timestamp: 3 },
    ])
    await door.append('kinds', batch)
    const text = await (await fetch(`${door.http.url}/topics/kinds/partitions/0/records`)).text()
    expect(text).toContain('"value":{"n":12345678901234567890, "a" : 1.0},"valueEncoding":"json"')
    const { records } = JSON.parse(text) as {
      records: { value: unknown; valueEncoding: unknown; key: unknown; keyEncoding: unknown }[]
    }
    expect(records.slice(1, 8).map(({ value, valueEncoding }) => [value, valueEncoding])).toEqual([
      ['plain', 'text'],
      ['\ufffd', 'text'],
      ['-', 'text'],
      ['nullish', 'text'],
      ['text', 'json'],
      [1, 'json'],
      ['', 'text'],
    ])
    expect(records[0]).toMatchObject({ key: 'é', keyEncoding: 'text' })
    const base64 = { value: bytes.toString('base64'), valueEncoding: 'base64' }
    expect(records[8]).toMatchObject({ key: base64.value, keyEncoding: 'base64', ...base64, timestamp: 2 })
    expect(records[8]).toMatchObject({
      headers: [
        { key: 'h', ...base64 },
        { key: 'h', value: 'é', valueEncoding: 'text' },
        { key: '', value: null, valueEncoding: null },
      ],
    })
    expect(records[9]).toMatchObject({ key: null, keyEncoding: null, value: null, valueEncoding: null })
    const check = new Ajv({ allowUnionTypes: true }).compile(schemas.ReadReply)
    expect(check(JSON.parse(text)), JSON.stringify(check.errors)).toBe(true)
  })

  it('shows values however deep they are nested', async () => {
    await door.createTopic('deep')
    const value = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    await door.append('deep', encodeBatch([{ key: null, value, timestamp: 0 }]))
    const answer = await fetch(`${door.http.url}/topics/deep/partitions/0/records`)
    expect([answer.status, (await answer.text()).includes(`"value":${value},"valueEncoding":"json"`)]).toEqual([
      200,
      true,
    ])
  })

  it.each(Object.entries(Codec))('reads batches compressed with %s', async (name, codec) => {
    await door.createTopic(`codec-${name}`)
    await door.append(`codec-${name}`, batchOf(0, 30, codec))
    expect(valuesOf(await read(`codec-${name}`, '?offset=10&max=5'))).toEqual(range(10, 15))
  })

  it('answers a bounded text for what decompresses to much', async () => {
    await door.createTopic('bloated')
    const records = Array.from({ length: 12 }, () => ({ key: null, value: 'a'.repeat(1_000_000), timestamp: 0 }))
    await door.append('bloated', encodeBatch(records, { codec: Codec.GZIP }))
    let seen = 0
    for (let offset = 0; offset < 12; ) {
      const found = await read('bloated', `?offset=${offset}`)
      expect(found.records.length).toBeLessThan(9)
      expect(found.nextOffset).toBe(offset + found.records.length)
      seen += found.records.length
      offset = found.nextOffset
    }
    expect(seen).toBe(12)
  })

  it('does not decompress a bomb, and says where to go on', async () => {
    await door.createTopic('bomb')
    const records = Array.from({ length: 20 }, () => ({ key: null, value: 'a'.repeat(1_000_000), timestamp: 0 }))
    await door.append('bomb', encodeBatch(records, { codec: Codec.GZIP }))
    await door.append('bomb', batchOf(1, 1))
    const answer = await door.get('/topics/bomb/partitions/0/records')
    expect(answer).toMatchObject({ status: 422, body: { title: 'Unprocessable Content' } })
    expect((answer.body as { detail: string }).detail).toMatch(/offset 0 .* go on at offset 20$/)
    expect(valuesOf(await read('bomb', '?offset=20'))).toEqual([1])
  })
})

describe('a long poll', () => {
  it('is woken by the first record', async () => {
    await door.createTopic('awaited')
    const found = read('awaited', '?wait=60000')
    await until(() => door.broker.services.fetches.size === 1)
    await door.post('/topics/awaited', '{"value":"here"}')
    expect(valuesOf(await found)).toEqual(['here'])
  })

  it('ends with nothing when nothing comes', async () => {
    await door.createTopic('silent')
    expect(await read('silent', '?wait=20')).toEqual({ records: [], nextOffset: 0, highWatermark: 0 })
  })

  it('does not wait for what is there', async () => {
    expect(valuesOf(await read('numbers', '?offset=119&wait=60000'))).toEqual([119])
  })

  it('is dropped when its client hangs up', async () => {
    await door.createTopic('left')
    const controller = new AbortController()
    const gone = fetch(`${door.http.url}/topics/left/partitions/0/records?wait=60000`, {
      signal: controller.signal,
    }).catch((error: Error) => error.name)
    await until(() => door.broker.services.fetches.size === 1)
    expect(await door.metric('millrace_http_waiting')).toBe(1)
    controller.abort()
    expect(await gone).toBe('AbortError')
    await until(async () => (await door.metric('millrace_http_waiting')) === 0)
    await door.post('/topics/left', '{"value":1}')
    await until(() => door.broker.services.fetches.size === 0)
    expect((await door.get('/metrics')).body).toContain('millrace_http_requests_total{status="499"} 1')
    expect(door.errors).toEqual([])
  })

  it('ends when its topic goes', async () => {
    await door.createTopic('doomed')
    const answer = door.get('/topics/doomed/partitions/0/records?wait=60000')
    await until(() => door.broker.services.fetches.size === 1)
    door.broker.services.controller.deleteTopics([{ name: 'doomed', id: 'AAAAAAAAAAAAAAAAAAAAAA' }], () => {})
    expect(await answer).toMatchObject({ status: 404, body: { code: 'UNKNOWN_TOPIC_OR_PARTITION' } })
  })
})
