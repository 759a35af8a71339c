import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Api } from '../../../proto/kafka/api.ts'
import { FrameSplitter, frameResponse } from '../../../proto/kafka/frame.ts'
import { apisByKey, ApiVersions, Metadata } from '../../../proto/kafka/generated/apis.ts'
import { readRequestHeader } from '../../../proto/kafka/header.ts'
import { Reader } from '../../../proto/kafka/reader.ts'

/** Answers one request: a response, or null to stay silent, or 'hang up'. */
type Answer = (request: never, context: { version: number; count: number }) => unknown

const SILENT = null

/** A response and the version to write it in, or bytes that stand in its place. */
type RawAnswer = { readonly version: number; readonly response?: unknown; readonly bytes?: Buffer }

/** A broker whose every answer the test writes: for what a real one does only when things go wrong. */
export class FakeBroker implements AsyncDisposable {
  readonly #answers = new Map<number, Answer>()
  readonly #raw = new Map<number, (version: number) => RawAnswer>()
  readonly #ranges = new Map<number, { min: number; max: number }>()
  readonly #counts = new Map<number, number>()
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  /** Every request seen: api name, version and message. */
  readonly requests: { readonly api: string; readonly version: number; readonly message: unknown }[] = []
  port = 0

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(): Promise<FakeBroker> {
    const broker = new FakeBroker()
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve))
    broker.port = (broker.#server.address() as AddressInfo).port
    return broker
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Sets what an API answers, and optionally the versions that are advertised of it. */
  on<Req, Res>(
    api: Api<Req, Res>,
    answer: (request: Req, context: { version: number; count: number }) => Res | null | 'hang up',
    range: { min: number; max: number } = { min: api.minVersion, max: api.maxVersion },
  ): this {
    this.#answers.set(api.key, answer as Answer)
    this.#ranges.set(api.key, range)
    return this
  }

  /** Advertises an API up to a version only. */
  limit<Req, Res>(api: Api<Req, Res>, max: number): this {
    this.#ranges.set(api.key, { min: 0, max })
    return this
  }

  /** As `on`, for answers in another version than the request's, or no proper answer at all. */
  onRaw<Req, Res>(api: Api<Req, Res>, answer: (version: number) => RawAnswer): this {
    this.#raw.set(api.key, answer)
    this.#ranges.set(api.key, { min: api.minVersion, max: api.maxVersion })
    return this
  }

  /** Answers Metadata with one broker, itself, leading the partitions of the given topics. */
  withTopics(topics: Readonly<Record<string, number>>, leaderEpoch = 0): this {
    return this.on(Metadata, ({ topics: asked }) => ({
      throttleTimeMs: 0,
      brokers: [{ nodeId: 1, host: '127.0.0.1', port: this.port, rack: null }],
      clusterId: 'fake',
      controllerId: 1,
      topics: (asked ?? []).map(({ name }) => ({
        errorCode: topics[name ?? ''] === undefined ? 3 : 0,
        name,
        topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
        isInternal: false,
        partitions: Array.from({ length: topics[name ?? ''] ?? 0 }, (_, partitionIndex) => ({
          errorCode: 0,
          partitionIndex,
          leaderId: 1,
          leaderEpoch,
          replicaNodes: [1],
          isrNodes: [1],
          offlineReplicas: [],
        })),
        topicAuthorizedOperations: 0,
      })),
      clusterAuthorizedOperations: 0,
      errorCode: 0,
    }))
  }

  /** Requests of one API, oldest first. */
  seen<Req>(api: Api<Req, unknown>): Req[] {
    return this.requests.filter((request) => request.api === api.name).map((request) => request.message as Req)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    const frames = new FrameSplitter(64 * 1024 * 1024)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      for (const frame of frames.push(chunk)) this.#answer(socket, frame)
    })
  }

  #answer(socket: Socket, frame: Buffer): void {
    const reader = new Reader(frame)
    const { apiKey, apiVersion, correlationId } = readRequestHeader(reader, apisByKey)
    const api = apisByKey.get(apiKey)!
    const raw = this.#raw.get(apiKey)?.(apiVersion)
    if (raw !== undefined) {
      if (raw.bytes === undefined) this.#send(socket, api, raw.version, correlationId, raw.response)
      else this.#sendBytes(socket, correlationId, raw.bytes)
      return
    }
    if (apiKey === ApiVersions.key && !this.#answers.has(apiKey)) {
      this.#send(socket, ApiVersions as Api<unknown, unknown>, apiVersion, correlationId, this.#apiVersions())
      return
    }
    const message = api.readRequest(reader, apiVersion)
    this.requests.push({ api: api.name, version: apiVersion, message })
    const count = (this.#counts.get(apiKey) ?? 0) + 1
    this.#counts.set(apiKey, count)
    const response = this.#answers.get(apiKey)?.(message as never, { version: apiVersion, count })
    if (response === 'hang up') socket.destroy()
    else if (response !== SILENT && response !== undefined) this.#send(socket, api, apiVersion, correlationId, response)
  }

  #send(socket: Socket, api: Api<unknown, unknown>, version: number, correlationId: number, response: unknown): void {
    for (const part of frameResponse(api as Api<never, unknown>, version, correlationId, response)) socket.write(part)
  }

  #sendBytes(socket: Socket, correlationId: number, body: Buffer): void {
    const head = Buffer.alloc(8)
    head.writeInt32BE(4 + body.length, 0)
    head.writeInt32BE(correlationId, 4)
    socket.write(Buffer.concat([head, body]))
  }

  #apiVersions(): unknown {
    return {
      errorCode: 0,
      apiKeys: [...this.#ranges].map(([apiKey, { min, max }]) => ({ apiKey, minVersion: min, maxVersion: max })),
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
      zkMigrationReady: false,
    }
  }
}
