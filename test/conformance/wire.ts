/** A plain client for scenarios: any API at any version, fields left out filled with the schema's defaults. */
import { connect, type Socket } from 'node:net'
import type { Api } from '../../proto/kafka/api.ts'
import { FrameSplitter, frameRequest } from '../../proto/kafka/frame.ts'
import { apisByKey } from '../../proto/kafka/generated/apis.ts'
import { peekCorrelationId, readResponseHeader } from '../../proto/kafka/header.ts'
import { Reader } from '../../proto/kafka/reader.ts'
import { fillDefaults, messageSchema } from '../../proto/kafka/schema/fill.ts'
import { type FieldType, within } from '../../proto/kafka/schema/grammar.ts'

const apisByName = new Map([...apisByKey.values()].map((api) => [api.name, api as Api<unknown, unknown>]))
const replyTimeoutMs = 20_000
const maxFrameBytes = 64 * 1024 * 1024

interface Waiter {
  readonly api: Api<unknown, unknown>
  readonly version: number
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

export class Wire {
  readonly #socket: Socket
  readonly #splitter = new FrameSplitter(maxFrameBytes)
  readonly #waiting = new Map<number, Waiter>()
  #correlationId = 0
  #closed: Error | null = null

  static connect(host: string, port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port }, () => resolve(new Wire(socket)))
      socket.once('error', reject)
    })
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      for (const frame of this.#splitter.push(chunk)) this.#reply(frame)
    })
    socket.on('error', () => this.#fail(new Error('connection closed')))
    socket.on('close', () => this.#fail(new Error('connection closed')))
  }

  request(apiName: string, version: number, body: unknown): Promise<unknown> {
    const api = apisByName.get(apiName)
    if (api === undefined) throw new Error(`no API named ${apiName}`)
    if (this.#closed !== null) return Promise.reject(this.#closed)
    const message = requestOf(apiName, body, version)
    const correlationId = this.#correlationId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle(correlationId)?.reject(new Error(`no answer to ${apiName} v${version}`)),
        replyTimeoutMs,
      )
      this.#waiting.set(correlationId, { api, version, resolve, reject, timer })
      for (const part of frameRequest(api, version, correlationId, 'conformance', message)) this.#socket.write(part)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #settle(correlationId: number): Waiter | undefined {
    const waiter = this.#waiting.get(correlationId)
    if (waiter !== undefined) clearTimeout(waiter.timer)
    this.#waiting.delete(correlationId)
    return waiter
  }

  #reply(frame: Buffer): void {
    const waiter = this.#settle(peekCorrelationId(frame))
    if (waiter === undefined) return
    try {
      const reader = new Reader(frame)
      readResponseHeader(reader, waiter.api, waiter.version)
      waiter.resolve(waiter.api.readResponse(reader, waiter.version))
    } catch (error) {
      waiter.reject(error as Error)
    }
  }

  #fail(error: Error): void {
    this.#closed = error
    for (const id of this.#waiting.keys()) this.#settle(id)?.reject(error)
  }
}

/** The whole request: fields left out at their defaults, fields that this version lacks dropped, so that one body serves several. */
function requestOf(apiName: string, body: unknown, version: number): Record<string, unknown> {
  const name = `${apiName}Request`
  const type: FieldType = { kind: 'struct', struct: messageSchema(name).root }
  return fillDefaults(name, pruned(type, body, version) as Record<string, unknown>, version)
}

function pruned(type: FieldType, value: unknown, version: number): unknown {
  if (value === null || type.kind === 'primitive') return value
  if (type.kind === 'array') return (value as unknown[]).map((item) => pruned(type.of, item, version))
  const kept = Object.entries(value as object).flatMap(([key, inner]) => {
    const field = type.struct.fields.find((known) => known.name === key)
    if (field === undefined) throw new Error(`${type.struct.name} has no field ${key}`)
    return within(field.versions, version) ? [[key, pruned(field.type, inner, version)] as const] : []
  })
  return Object.fromEntries(kept)
}
