/** A small Kafka client for tests. Sends each API at each version, one request at a time or pipelined, raw bytes too. */
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import type { Api } from '../../proto/kafka/api.ts'
import { FrameSplitter, frameRequest } from '../../proto/kafka/frame.ts'
import { readResponseHeader } from '../../proto/kafka/header.ts'
import { Reader } from '../../proto/kafka/reader.ts'

interface Waiting {
  readonly resolve: (frame: Buffer) => void
  readonly reject: (error: Error) => void
}

export class RawClient {
  readonly socket: Socket
  clientId: string | null = 'raw-client'
  /** True once the broker (or we) closed the connection. */
  closed = false
  private readonly splitter = new FrameSplitter(256 * 1024 * 1024)
  private readonly waiting: Waiting[] = []
  private readonly frames: Buffer[] = []
  private correlationId = 0

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      for (const frame of this.splitter.push(chunk)) {
        const next = this.waiting.shift()
        if (next === undefined) this.frames.push(frame)
        else next.resolve(frame)
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      for (const { reject } of this.waiting.splice(0)) reject(new Error('connection closed'))
    })
  }

  /** `bootstrap` is host:port. */
  static async connect(bootstrap: string): Promise<RawClient> {
    const [host, port] = bootstrap.split(':')
    const socket = connectSocket({ host: host ?? '127.0.0.1', port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Sends a request and resolves with its decoded response; rejects when the connection closes first. */
  async request<Req, Res>(api: Api<Req, Res>, version: number, message: Req): Promise<Res> {
    const correlationId = this.send(api, version, message)
    const frame = await this.nextFrame()
    const reader = new Reader(frame)
    const answered = readResponseHeader(reader, api, version)
    if (answered !== correlationId) throw new Error(`correlation id ${answered}, expected ${correlationId}`)
    const response = api.readResponse(reader, version)
    reader.expectEnd()
    return response
  }

  /** Sends without waiting (acks=0, pipelining); returns the correlation id. */
  send<Req, Res>(api: Api<Req, Res>, version: number, message: Req): number {
    this.correlationId += 1
    for (const part of frameRequest(api, version, this.correlationId, this.clientId, message)) this.socket.write(part)
    return this.correlationId
  }

  /** Bytes as they are, frame length included or not: for malformed input. */
  sendRaw(bytes: Buffer): void {
    this.socket.write(bytes)
  }

  /** The next response frame without its length; correlation id in its first four bytes. */
  nextFrame(): Promise<Buffer> {
    const ready = this.frames.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    if (this.closed) return Promise.reject(new Error('connection closed'))
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
  }

  /** Resolves when the peer has closed the connection. */
  async untilClosed(): Promise<void> {
    // Not `once`: a reset connection is closed as well.
    if (!this.closed) await new Promise((resolve) => this.socket.once('close', resolve))
  }

  async close(): Promise<void> {
    this.socket.destroy()
    await this.untilClosed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
