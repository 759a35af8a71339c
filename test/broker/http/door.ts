/** A memory broker with its HTTP door, for tests that speak real HTTP. */
import { request, type IncomingMessage } from 'node:http'
import { type Dispatch } from '../../../broker/http/dispatch.ts'
import { type HttpOptions, type HttpServer, startHttp } from '../../../broker/http/index.ts'
import { type Logger, type RunningBroker, startBroker } from '../../../broker/index.ts'
import { decodeBatches, type KafkaRecord, type RecordBatch } from '../../../proto/kafka/batch/decode.ts'
import { Fetch, Produce } from '../../../proto/kafka/generated/apis.ts'
import { fetchRequest, produceRequest } from '../../support/requests.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

export interface Door extends AsyncDisposable {
  readonly broker: RunningBroker
  readonly http: HttpServer
  /** What was logged as an error. */
  readonly errors: string[]
  createTopic(name: string, partitions?: number, configs?: Readonly<Record<string, string>>): Promise<void>
  /** POST of a JSON text, or of bytes with their media type. */
  post(path: string, body: string | Buffer, type?: string): Promise<Answer>
  get(path: string): Promise<Answer>
  /** Every batch of a partition, as a Kafka client fetches it. */
  batches(topic: string, partition?: number): Promise<RecordBatch[]>
  records(topic: string, partition?: number): Promise<KafkaRecord[]>
  /** A batch as a Kafka client produces it. */
  append(topic: string, batch: Buffer, partition?: number): Promise<void>
  metric(name: string): Promise<number>
}

export interface DoorOptions extends Partial<Pick<HttpOptions, 'limits' | 'notReady' | 'produceTimeoutMs'>> {
  readonly properties?: Readonly<Record<string, string | number | boolean>>
  /** Stands between the door and the broker. */
  readonly wrap?: (dispatch: Dispatch) => Dispatch
}

export async function openDoor(options: DoorOptions = {}): Promise<Door> {
  const errors: string[] = []
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (_fields, message) => errors.push(message),
  }
  const { properties = {}, wrap = (dispatch: Dispatch) => dispatch, ...rest } = options
  const broker = await startBroker({
    memory: true,
    port: 0,
    logger,
    properties: { 'offsets.topic.num.partitions': 3, ...properties },
  })
  const dispatch: Dispatch = (api, asked, version, signal) =>
    broker.dispatch(api, asked, version, signal === undefined ? {} : { signal })
  const http = await startHttp({
    services: broker.services,
    dispatch: wrap(dispatch),
    port: 0,
    notReady: () => null,
    ...rest,
  })
  return new OpenDoor(broker, http, errors)
}

class OpenDoor implements Door {
  readonly broker: RunningBroker
  readonly http: HttpServer
  readonly errors: string[]

  constructor(broker: RunningBroker, http: HttpServer, errors: string[]) {
    this.broker = broker
    this.http = http
    this.errors = errors
  }

  createTopic(name: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const overrides = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
    const topic = { name, partitions, replicationFactor: 1, assignments: [], configs: overrides }
    return new Promise((resolve, reject) => {
      this.broker.services.controller.createTopics([topic], { validateOnly: false }, ([result]) => {
        if (result?.error === 0) resolve()
        else reject(new Error(`topic ${name}: ${result?.message ?? result?.error}`))
      })
    })
  }

  async post(path: string, body: string | Buffer, type = 'application/json'): Promise<Answer> {
    return answerOf(await fetch(this.http.url + path, { method: 'POST', headers: { 'content-type': type }, body }))
  }

  async get(path: string): Promise<Answer> {
    return answerOf(await fetch(this.http.url + path))
  }

  async batches(topic: string, partition = 0): Promise<RecordBatch[]> {
    const found: RecordBatch[] = []
    for (let offset = 0; ; ) {
      const reply = await this.broker.dispatch(
        Fetch,
        fetchRequest([{ topic, partition, offset, maxBytes: 8_000_000 }]),
        12,
      )
      const batches = [...decodeBatches(reply?.responses[0]?.partitions[0]?.records ?? null)]
      if (batches.length === 0) return found
      found.push(...batches)
      offset = (batches.at(-1)?.lastOffset ?? 0) + 1
    }
  }

  async records(topic: string, partition = 0): Promise<KafkaRecord[]> {
    return (await this.batches(topic, partition)).flatMap((batch) => [...batch.records()])
  }

  async append(topic: string, batch: Buffer, partition = 0): Promise<void> {
    const reply = await this.broker.dispatch(Produce, produceRequest(topic, partition, batch), 9)
    const error = reply?.responses[0]?.partitionResponses[0]?.errorCode
    if (error !== 0) throw new Error(`produce failed with ${error}`)
  }

  async metric(name: string): Promise<number> {
    const { body } = await this.get('/metrics')
    const line = (body as string).split('\n').find((text) => text.startsWith(`${name} `) || text.startsWith(`${name}{`))
    return Number(line?.split(' ').at(-1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.http.close()
    await this.broker.close()
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = (response.headers.get('content-type') ?? '').includes('json')
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}

/** Resolves once `check` holds; the test's own timeout is the end of patience. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** A promise and its resolver. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

export interface SentEvent {
  readonly id: string | null
  readonly name: string
  readonly data: unknown
}

/** A reader of server-sent events over a socket of its own. */
export class EventReader implements AsyncDisposable {
  readonly response: IncomingMessage
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>
  /** The id to come back with. */
  lastId: string | null = null
  #text = ''
  #events: SentEvent[] = []
  #wake = () => {}

  private constructor(response: IncomingMessage) {
    this.response = response
    this.ended = new Promise((resolve) => response.once('close', () => resolve()))
    response.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk))
    response.on('error', () => {})
  }

  static connect(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      request(url, { headers, agent: false }, (response) => resolve(new EventReader(response)))
        .once('error', reject)
        .end()
    })
  }

  /** The next events, as many as asked for. */
  async next(count: number): Promise<SentEvent[]> {
    while (this.#events.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#events.splice(0, count)
  }

  #take(chunk: string): void {
    this.#text += chunk
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      this.#block(this.#text.slice(0, end).split('\n'))
      this.#text = this.#text.slice(end + 2)
    }
    this.#wake()
  }

  #block(lines: readonly string[]): void {
    const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
    const id = field('id') ?? null
    this.lastId = id ?? this.lastId
    const data = field('data')
    if (data !== undefined) this.#events.push({ id, name: field('event') ?? 'message', data: JSON.parse(data) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.response.destroy()
    await this.ended
  }
}
