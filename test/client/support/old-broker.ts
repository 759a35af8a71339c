import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Api } from '../../../proto/kafka/api.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { FrameSplitter, frameResponse } from '../../../proto/kafka/frame.ts'
import { apisByKey, ApiVersions, FindCoordinator, Metadata } from '../../../proto/kafka/generated/apis.ts'
import type { ApiVersionsResponse } from '../../../proto/kafka/generated/18-api-versions.ts'
import type { FindCoordinatorResponse } from '../../../proto/kafka/generated/10-find-coordinator.ts'
import type { MetadataResponse } from '../../../proto/kafka/generated/03-metadata.ts'
import { readRequestHeader, readResponseHeader } from '../../../proto/kafka/header.ts'
import { Reader } from '../../../proto/kafka/reader.ts'

const MAX_FRAME_BYTES = 64 * 1024 * 1024

interface Asked {
  readonly api: Api<unknown, unknown>
  readonly version: number
}

/** Makes a broker look old: stands before it, advertises lower versions, and keeps clients coming through itself. */
export class OldBroker implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #upstream: string
  readonly #maxVersions: ReadonlyMap<number, number>
  /** Every `name version` that a client sent. */
  readonly seen = new Set<string>()
  port = 0

  private constructor(upstream: string, maxVersions: ReadonlyMap<number, number>) {
    this.#upstream = upstream
    this.#maxVersions = maxVersions
    this.#server = createServer((client) => this.#serve(client))
  }

  /** `maxVersions` by API key; keys that are not in it are not advertised. */
  static async start(upstream: string, maxVersions: ReadonlyMap<number, number>): Promise<OldBroker> {
    const broker = new OldBroker(upstream, maxVersions)
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve))
    broker.port = (broker.#server.address() as AddressInfo).port
    return broker
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(client: Socket): void {
    const [host, port] = this.#upstream.split(':')
    const broker = connect({ host: host ?? '', port: Number(port) })
    const asked: Asked[] = []
    const [requests, responses] = [new FrameSplitter(MAX_FRAME_BYTES), new FrameSplitter(MAX_FRAME_BYTES)]
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (chunk) => {
      for (const frame of requests.push(chunk)) this.#forward(frame, asked, client, broker)
    })
    broker.on('data', (chunk) => {
      for (const frame of responses.push(chunk)) this.#reply(frame, asked.shift()!, client)
    })
  }

  #forward(frame: Buffer, asked: Asked[], client: Socket, broker: Socket): void {
    const header = readRequestHeader(new Reader(frame), apisByKey)
    const api = apisByKey.get(header.apiKey)!
    const max = this.#maxVersions.get(header.apiKey) ?? -1
    this.seen.add(`${api.name} ${header.apiVersion}`)
    if (header.apiKey === ApiVersions.key && header.apiVersion > max) {
      const response = this.#capped({
        errorCode: Errors.UNSUPPORTED_VERSION,
        apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: max }],
      })
      for (const part of frameResponse(ApiVersions, 0, header.correlationId, response)) client.write(part)
      return
    }
    if (header.apiVersion > max) {
      client.destroy(new Error(`${api.name} ${header.apiVersion} was sent, ${max} advertised`))
      return
    }
    asked.push({ api, version: header.apiVersion })
    broker.write(framed(frame))
  }

  #reply(frame: Buffer, { api, version }: Asked, client: Socket): void {
    const reader = new Reader(frame)
    const correlationId = readResponseHeader(reader, api, version)
    const rewrite = this.#rewriter(api)
    if (rewrite === undefined) {
      client.write(framed(frame))
      return
    }
    const response = rewrite(api.readResponse(reader, version))
    for (const part of frameResponse(api as Api<never, unknown>, version, correlationId, response)) client.write(part)
  }

  #rewriter(api: Api<unknown, unknown>): ((response: unknown) => unknown) | undefined {
    const here = { host: '127.0.0.1', port: this.port }
    if (api.key === ApiVersions.key) return (response) => this.#capped(response as ApiVersionsResponse)
    if (api.key === Metadata.key) {
      return (response) => ({
        ...(response as MetadataResponse),
        brokers: (response as MetadataResponse).brokers.map((broker) => ({ ...broker, ...here })),
      })
    }
    if (api.key === FindCoordinator.key) {
      return (response) => ({
        ...(response as FindCoordinatorResponse),
        ...here,
        coordinators: (response as FindCoordinatorResponse).coordinators.map((one) => ({ ...one, ...here })),
      })
    }
    return undefined
  }

  #capped(response: Pick<ApiVersionsResponse, 'errorCode' | 'apiKeys'>): ApiVersionsResponse {
    return {
      errorCode: response.errorCode,
      apiKeys: response.apiKeys.flatMap(({ apiKey, minVersion, maxVersion }) => {
        const max = Math.min(maxVersion, this.#maxVersions.get(apiKey) ?? -1)
        return max < minVersion ? [] : [{ apiKey, minVersion, maxVersion: max }]
      }),
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
      zkMigrationReady: false,
    }
  }
}

function framed(frame: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(frame.length)
  return Buffer.concat([length, frame])
}
