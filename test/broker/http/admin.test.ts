import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openapi } from '../../../broker/http/generated/openapi.ts'
import { describeRoutes } from '../../../broker/http/schema/openapi.ts'
import { OffsetCommit } from '../../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
let notReady: string | null = null

beforeAll(async () => {
  door = await openDoor({ notReady: () => notReady })
})

afterAll(() => door[Symbol.asyncDispose]())

describe('/v1/topics', () => {
  it('lists topics by name', async () => {
    expect((await door.get('/v1/topics')).body).toEqual({ topics: [] })
    await door.createTopic('zebra')
    await door.createTopic('ant', 3)
    const id = door.broker.services.metadata.topic('ant')?.id
    expect((await door.get('/v1/topics')).body).toMatchObject({
      topics: [{ name: 'ant', id, internal: false, partitions: 3 }, { name: 'zebra' }],
    })
  })

  it('shows a topic`s partitions, offsets and configs', async () => {
    await door.createTopic('shown', 2, { 'retention.ms': '1000', 'cleanup.policy': 'compact' })
    await door.post('/topics/shown', '[{"key":"a","value":1,"partition":1},{"key":"b","value":2,"partition":1}]')
    const { status, body } = await door.get('/v1/topics/shown')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      name: 'shown',
      internal: false,
      configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact' },
      partitions: [
        { partition: 0, leader: 1, replicas: [1], isr: [1], logStartOffset: 0, highWatermark: 0, sizeBytes: 0 },
        { partition: 1, highWatermark: 2 },
      ],
    })
    expect((body as { partitions: { sizeBytes: number }[] }).partitions[1]?.sizeBytes).toBeGreaterThan(60)
  })
})

describe('/v1/cluster', () => {
  it('shows the brokers, the active controller, and who leads how much', async () => {
    await door.createTopic('spread', 4)
    const { clusterId } = door.broker.services.metadata
    const partitions = [...door.broker.services.metadata.topics()].reduce(
      (sum, topic) => sum + topic.partitions.length,
      0,
    )
    const counted = { leads: partitions, replicas: partitions, inSync: partitions }
    expect(await door.get('/v1/cluster')).toMatchObject({
      status: 200,
      body: {
        clusterId,
        controller: 1,
        brokers: [{ id: 1, host: '127.0.0.1', port: door.broker.port, rack: null, fenced: false, ...counted }],
      },
    })
  })
})

describe('/v1/groups', () => {
  it('knows no group before there is one', async () => {
    expect((await door.get('/v1/groups')).body).toEqual({ groups: [] })
    expect(await door.get('/v1/groups/nobody')).toMatchObject({
      status: 404,
      body: { code: 'GROUP_ID_NOT_FOUND', errorCode: 69 },
    })
  })

  it('shows offsets and lag of a group that only commits', async () => {
    await door.createTopic('lagging', 2)
    await door.post(
      '/topics/lagging',
      '[{"value":1,"partition":0},{"value":2,"partition":0},{"value":3,"partition":0}]',
    )
    await lookUp('a/b c')
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: 'note' }]
    const reply = await door.broker.dispatch(
      OffsetCommit,
      {
        groupId: 'a/b c',
        generationIdOrMemberEpoch: -1,
        memberId: '',
        groupInstanceId: null,
        retentionTimeMs: -1,
        topics: [{ name: 'lagging', topicId: ZERO_UUID, partitions }],
      },
      8,
    )
    expect(reply?.topics[0]?.partitions[0]?.errorCode).toBe(0)
    const { status, body } = await door.get(`/v1/groups/${encodeURIComponent('a/b c')}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      group: 'a/b c',
      state: 'Empty',
      members: [],
      offsets: [{ topic: 'lagging', partition: 0, committed: 1, highWatermark: 3, lag: 2, metadata: 'note' }],
    })
    expect((await door.get('/v1/groups')).body).toMatchObject({ groups: [{ group: 'a/b c', state: 'Empty' }] })
  })

  it('shows members', async () => {
    await lookUp('crew')
    const join = (memberId: string) =>
      new Promise<{ memberId: string }>((resolve) =>
        door.broker.services.groups.join(
          {
            groupId: 'crew',
            memberId,
            groupInstanceId: 'one',
            clientId: 'tester',
            clientHost: '10.0.0.1',
            requireKnownMemberId: false,
            supportsSkippingAssignment: false,
            sessionTimeoutMs: 30_000,
            rebalanceTimeoutMs: 30_000,
            protocolType: 'consumer',
            protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
            reason: null,
          },
          resolve,
        ),
      )
    void join('')
    const { body } = await door.get('/v1/groups/crew')
    expect(body).toMatchObject({
      group: 'crew',
      protocolType: 'consumer',
      members: [{ instanceId: 'one', clientId: 'tester', clientHost: '10.0.0.1' }],
    })
  })

  it.each([
    ['unknown', 404],
    ['x'.repeat(300), 404],
    ['__proto__', 404],
    ['x'.repeat(5000), 400],
  ])('has no group %s', async (group, status) => {
    expect((await door.get(`/v1/groups/${group}`)).status).toBe(status)
  })

  function lookUp(group: string): Promise<number> {
    return new Promise((resolve) => door.broker.services.groups.findCoordinator(group, ({ error }) => resolve(error)))
  }
})

describe('/health and /metrics', () => {
  it('is live whatever happens, ready only while the broker serves', async () => {
    expect(await door.get('/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } })
    expect(await door.get('/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } })
    notReady = 'the broker is stopping'
    expect(await door.get('/health/ready')).toMatchObject({
      status: 503,
      body: { status: 'unavailable', reason: notReady },
    })
    expect((await door.get('/health/live')).status).toBe(200)
    notReady = null
  })

  it('exposes valid Prometheus text', async () => {
    await door.get('/nothing')
    const { status, headers, body } = await door.get('/metrics')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    const types = new Map<string, string>()
    const samples = new Set<string>()
    for (const line of (body as string).split('\n').slice(0, -1)) {
      const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line)
      if (type !== null) {
        expect(types.has(type[1] ?? '')).toBe(false)
        types.set(type[1] ?? '', type[2] ?? '')
      } else if (!/^# HELP [a-zA-Z_:][\w:]* \S/.test(line)) {
        const sample =
          /^([a-zA-Z_:][\w:]*?)((?:_bucket|_sum|_count)?)(\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (NaN|[+-]Inf|-?[\d.e+-]+)$/.exec(
            line,
          )
        expect(sample, line).not.toBeNull()
        const name = sample?.[1] ?? ''
        expect(types.get(name) === 'histogram' || types.has(name + (sample?.[2] ?? '')), line).toBe(true)
        expect(samples.has(line.slice(0, line.lastIndexOf(' '))), line).toBe(false)
        samples.add(line.slice(0, line.lastIndexOf(' ')))
      }
    }
    expect(body).toMatch(/^millrace_http_requests_total\{status="404"\} [1-9]/m)
    expect(body).toMatch(/^millrace_http_in_flight 0$/m)
    expect(body).toMatch(/^millrace_requests_total\{api="Produce"\} [1-9]/m)
  })
})

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly schema: object
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>
}

interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

describe('/openapi.json', () => {
  const document = openapi as Document
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

  it('is what the routes say of themselves', async () => {
    expect(await describeRoutes()).toEqual(openapi)
    expect((await door.get('/openapi.json')).body).toEqual(openapi)
  })

  it('is an OpenAPI 3.1 document: names its parameters, bodies and answers', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Millrace HTTP', version: '1' } })
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(declared.map(({ name }) => name).sort()).toEqual(named.sort())
      expect(declared.every(({ required }) => required === true)).toBe(true)
      for (const [status, { description }] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/)
        expect(description).not.toBe('')
        expect(description).not.toBe('Default Response')
      }
    }
    expect(JSON.stringify(document)).not.toContain('$ref')
    const body = document.paths['/topics/{topic}']?.['post']?.requestBody
    expect(Object.keys(body?.content ?? {})).toEqual([
      'application/json',
      'application/msgpack',
      'application/x-msgpack',
      'application/octet-stream',
    ])
  })

  it('describes routes that are there, with the answers that they give', async () => {
    expect(operations.map(({ path, method }) => `${method} ${path}`).sort()).toEqual([
      'get /health/live',
      'get /health/ready',
      'get /metrics',
      'get /topics/{topic}/events',
      'get /topics/{topic}/partitions/{partition}/records',
      'get /v1/cluster',
      'get /v1/groups',
      'get /v1/groups/{group}',
      'get /v1/topics',
      'get /v1/topics/{topic}',
      'post /topics/{topic}',
    ])
    for (const { path, method, operation } of operations) {
      const url = path.replace('{partition}', '0').replaceAll(/\{\w+\}/g, 'bad%20name')
      const answer = method === 'get' ? await door.get(url) : await door.post(url, '{"value":1}')
      expect(Object.keys(operation.responses), `${method} ${path}`).toContain(String(answer.status))
      expect(JSON.stringify(answer.body)).not.toContain('no route')
    }
  })
})
