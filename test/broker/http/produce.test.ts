import { pack } from 'msgpackr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partitionForKey } from '../../../proto/kafka/murmur2.ts'
import { type Door, openDoor } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({ properties: { 'num.partitions': 4 } })
})

afterAll(() => door[Symbol.asyncDispose]())

const valueOf = async (topic: string) => (await door.records(topic)).map(({ value }) => value?.toString('utf8') ?? null)

describe('POST /topics/:topic', () => {
  it('stores one JSON record and says where', async () => {
    await door.createTopic('one')
    const answer = await door.post('/topics/one', '{"key":"a","value":{"n":1}}')
    expect(answer).toMatchObject({ status: 200, body: { topic: 'one', offsets: [{ partition: 0, offset: 0 }] } })
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    const [record] = await door.records('one')
    expect(record?.key?.toString()).toBe('a')
    expect(record?.value?.toString()).toBe('{"n":1}')
  })

  it('stores a JSON value byte for byte: large integers, spacing, key order, repeated keys', async () => {
    await door.createTopic('exact')
    const values = [
      '{ "b": 12345678901234567890, "a":1.0 }',
      '{"x":1,"x":2}',
      '[1,\n 2]',
      '"\\u00e9 \\ud83d\\ude00 é"',
      '-0',
      '1E5',
    ]
    for (const value of values) await door.post('/topics/exact', `{"value": ${value} }`)
    await door.post('/topics/exact', `[${values.map((value) => `{"value":${value}}`).join(' , ')}]`)
    expect(await valueOf('exact')).toEqual([...values, ...values])
  })

  it('stores an array in order, one batch per partition', async () => {
    await door.createTopic('many', 1)
    const body = JSON.stringify(Array.from({ length: 250 }, (_, index) => ({ value: index })))
    const answer = await door.post('/topics/many', body)
    expect(answer.body).toEqual({
      topic: 'many',
      offsets: Array.from({ length: 250 }, (_, offset) => ({ partition: 0, offset })),
    })
    expect(await valueOf('many')).toEqual(Array.from({ length: 250 }, (_, index) => String(index)))
    expect(await door.batches('many')).toHaveLength(1)
  })

  it('spreads an array by key and answers in the order of the request', async () => {
    await door.createTopic('keyed', 4)
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index % 10}`)
    const answer = await door.post('/topics/keyed', JSON.stringify(keys.map((key, index) => ({ key, value: index }))))
    const { offsets } = answer.body as { offsets: { partition: number; offset: number }[] }
    for (const [index, { partition, offset }] of offsets.entries()) {
      expect(partition).toBe(partitionForKey(Buffer.from(keys[index] ?? ''), 4))
      const records = await door.records('keyed', partition)
      expect(records[offset]?.value?.toString()).toBe(String(index))
    }
    expect(new Set(offsets.map(({ partition }) => partition)).size).toBeGreaterThan(1)
  })

  it('puts equal keys into the partition that every Kafka client chooses, escapes and all', async () => {
    await door.createTopic('same', 7)
    for (const [spelling, key] of [
      ['"é\\u0041\\n"', 'éA\n'],
      ['"\\ud83d\\ude00"', '😀'],
      ['""', ''],
    ] as const) {
      const answer = await door.post('/topics/same', `{"key":${spelling},"value":1}`)
      const partition = partitionForKey(Buffer.from(key), 7)
      expect(answer.body).toMatchObject({ offsets: [{ partition }] })
      expect((await door.records('same', partition)).at(-1)?.key?.toString()).toBe(key)
    }
  })

  it('keeps records without a key together and spreads requests over partitions', async () => {
    await door.createTopic('keyless', 4)
    const partitions: number[] = []
    for (let turn = 0; turn < 8; turn++) {
      const answer = await door.post('/topics/keyless', '[{"value":1},{"value":2},{"value":3}]')
      const places = (answer.body as { offsets: { partition: number }[] }).offsets.map(({ partition }) => partition)
      expect(new Set(places).size).toBe(1)
      partitions.push(places[0] ?? -1)
    }
    expect(new Set(partitions)).toEqual(new Set([0, 1, 2, 3]))
  })

  it('takes partition, timestamp and headers', async () => {
    await door.createTopic('full', 3)
    const body =
      '{"value":1,"key":"k","partition":2,"timestamp":1700000000123,"headers":{"trace":"é","empty":"","none":null,"__proto__":"x","line\\nbreak":"y"}}'
    expect((await door.post('/topics/full', body)).body).toMatchObject({ offsets: [{ partition: 2, offset: 0 }] })
    const [record] = await door.records('full', 2)
    expect(record?.timestamp).toBe(1700000000123)
    expect(record?.headers.map(({ key, value }) => [key, value?.toString('utf8') ?? null])).toEqual([
      ['trace', 'é'],
      ['empty', ''],
      ['none', null],
      ['__proto__', 'x'],
      ['line\nbreak', 'y'],
    ])
  })

  it('stamps records with the time of their arrival', async () => {
    await door.createTopic('now')
    const before = Date.now()
    await door.post('/topics/now', '{"value":1}')
    const [record] = await door.records('now')
    expect(record?.timestamp).toBeGreaterThanOrEqual(before)
    expect(record?.timestamp).toBeLessThanOrEqual(Date.now())
  })

  it('writes null as a tombstone', async () => {
    await door.createTopic('tombs')
    await door.post('/topics/tombs', '[{"key":"a","value":null},{"key":"b","value":"null"}]')
    await door.post('/topics/tombs', pack({ key: 'c', value: null }), 'application/msgpack')
    expect(await valueOf('tombs')).toEqual([null, '"null"', null])
  })

  it('reads msgpack: objects become JSON, binary stays as it is', async () => {
    await door.createTopic('packed')
    const binary = Buffer.from([0, 255, 128])
    const records = [
      { value: { a: [1, 2.5, 'x', true, null], at: new Date(0) } },
      { key: 'k', value: binary, headers: { h: null } },
    ]
    expect((await door.post('/topics/packed', pack(records), 'application/msgpack')).status).toBe(200)
    expect((await door.post('/topics/packed', pack({ value: 'one' }), 'application/x-msgpack')).status).toBe(200)
    const stored = await door.records('packed')
    expect(stored[0]?.value?.toString()).toBe('{"a":[1,2.5,"x",true,null],"at":"1970-01-01T00:00:00.000Z"}')
    expect(stored[1]?.value).toEqual(binary)
    expect(stored[1]?.headers).toEqual([{ key: 'h', value: null }])
    expect(stored[2]?.value?.toString()).toBe('"one"')
  })

  it('takes plain bytes as a value, key and partition from the query', async () => {
    await door.createTopic('bytes', 2)
    const bytes = Buffer.from([1, 2, 0xff, 0])
    const answer = await door.post('/topics/bytes?key=%C3%A9&partition=1', bytes, 'application/octet-stream')
    expect(answer.body).toMatchObject({ offsets: [{ partition: 1, offset: 0 }] })
    await door.post('/topics/bytes?partition=1', Buffer.alloc(0), 'application/octet-stream')
    const [first, second] = await door.records('bytes', 1)
    expect([first?.key?.toString(), first?.value]).toEqual(['é', bytes])
    expect([second?.key, second?.value]).toEqual([null, Buffer.alloc(0)])
  })

  it('answers acks=1 with an offset, acks=0 at once and without', async () => {
    await door.createTopic('acks')
    expect(await door.post('/topics/acks?acks=1', '{"value":1}')).toMatchObject({
      status: 200,
      body: { offsets: [{ offset: 0 }] },
    })
    expect(await door.post('/topics/acks?acks=0', '{"value":2}')).toMatchObject({
      status: 202,
      body: { offsets: [{ offset: -1 }] },
    })
    expect(await door.post('/topics/acks?acks=all', '{"value":3}')).toMatchObject({
      status: 200,
      body: { offsets: [{ offset: 2 }] },
    })
    expect(await valueOf('acks')).toEqual(['1', '2', '3'])
  })

  it('creates a topic on first use, once, whoever asks', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => door.post('/topics/fresh', '{"key":"k","value":1}')),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    const places = answers.map(({ body }) => (body as { offsets: [{ offset: number }] }).offsets[0].offset)
    expect(places.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(door.broker.services.metadata.topic('fresh')?.partitions).toHaveLength(4)
  })

  it('lets concurrent requests share batches, each told its own offsets', async () => {
    await door.createTopic('shared', 1)
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => door.post('/topics/shared', `{"value":${n}}`)),
    )
    const stored = await valueOf('shared')
    for (const [n, { body }] of answers.entries()) {
      expect(stored[(body as { offsets: [{ offset: number }] }).offsets[0].offset]).toBe(String(n))
    }
    expect((await door.batches('shared')).length).toBeLessThan(60)
  })

  it('cuts what is larger than a batch, in order', async () => {
    await door.createTopic('large', 1)
    const filler = 'x'.repeat(1000)
    const body = JSON.stringify(Array.from({ length: 2500 }, (_, n) => ({ value: `${n} ${filler}` })))
    expect((await door.post('/topics/large', body)).status).toBe(200)
    const values = (await valueOf('large')).map((value) => Number(value?.slice(1).split(' ')[0]))
    expect(values).toEqual(Array.from({ length: 2500 }, (_, n) => n))
    const batches = await door.batches('large')
    expect(batches.length).toBeGreaterThan(3)
    expect(Math.max(...batches.map(({ sizeBytes }) => sizeBytes))).toBeLessThanOrEqual(512 * 1024)
  })

  it('makes batches that fit the topic`s max.message.bytes', async () => {
    await door.createTopic('narrow', 1, { 'max.message.bytes': '500' })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        door.post('/topics/narrow', JSON.stringify(Array.from({ length: 30 }, () => ({ value: n })))),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    expect(await valueOf('narrow')).toHaveLength(300)
    for (const { sizeBytes } of await door.batches('narrow')) expect(sizeBytes).toBeLessThanOrEqual(500)
  })

  it('copes with a limit that becomes smaller under its hands', async () => {
    await door.createTopic('shrinking', 1)
    await door.post('/topics/shrinking', '{"value":0}')
    const operation = { name: 'message.max.bytes', op: 'set', value: '300' } as const
    const change = { resourceType: 4, resourceName: '', operations: [operation], replaceAll: false }
    const alter = (changes: Parameters<typeof door.broker.services.controller.alterConfigs>[0]) =>
      new Promise<number>((resolve) =>
        door.broker.services.controller.alterConfigs(changes, { validateOnly: false }, ([result]) =>
          resolve(result.error),
        ),
      )
    expect(await alter([change])).toBe(0)
    const bodies = Array.from({ length: 30 }, (_, n) => `[{"value":${n}},{"value":${n}}]`)
    const answers = await Promise.all(bodies.map((body) => door.post('/topics/shrinking', body)))
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 200))
    expect(await alter([{ ...change, operations: [{ ...operation, op: 'delete', value: null }] }])).toBe(0)
    const stored = await valueOf('shrinking')
    expect(stored).toHaveLength(61)
    for (const n of bodies.keys()) expect(stored.filter((value) => value === String(n)).length).toBe(n === 0 ? 3 : 2)
    for (const { sizeBytes } of await door.batches('shrinking')) expect(sizeBytes).toBeLessThanOrEqual(300)
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a.b-c_d', 'x'.repeat(249)])(
    'serves a topic named %s',
    async (name) => {
      expect(await door.post(`/topics/${name}`, '{"value":1,"partition":0}')).toMatchObject({
        status: 200,
        body: { topic: name },
      })
      expect(await door.get(`/topics/${name}/partitions/0/records`)).toMatchObject({
        status: 200,
        body: { records: [{ value: 1 }] },
      })
      expect(await door.get(`/v1/topics/${name}`)).toMatchObject({ status: 200, body: { name } })
    },
  )
})
