import { writeResponseHeader } from '../../proto/kafka/header.ts'
import { Writer } from '../../proto/kafka/writer.ts'
import type { FrameContext } from '../handlers/handler.ts'
import type { ServedApi } from './dispatcher.ts'

/** Bytes that a reply begins with room for which has to wait for an earlier one. */
const REPLY_BYTES = 128

const NOTHING: readonly Buffer[] = []

/** What a request needs from the connection it came by. */
export interface RequestOwner {
  readonly clientHost: string
  readonly listener: string
  readonly closed: boolean
  /** What the reply may be written to at once, when it is the next to leave; else null. */
  writerFor(request: SocketRequest): Writer | null
  /** The request has its reply (or is to have none): it leaves once those before it have left. */
  completed(request: SocketRequest): void
  /** The request, or the handler, is broken: the connection must go. */
  failed(reason: string, request: SocketRequest, error: unknown): void
}

/** One request from a socket, and its place in the order of replies. */
export class SocketRequest implements FrameContext<unknown> {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly served: ServedApi
  readonly frameBytes: number
  readonly arrivedMs: number
  /** The framed reply, to be sent in its turn; empty when there is none, or it has been written already; null before. */
  replyParts: readonly Buffer[] | null = null
  /** Of these parts. */
  replyBytes = 0
  sent: (() => void) | undefined
  private readonly owner: RequestOwner

  constructor(
    owner: RequestOwner,
    served: ServedApi,
    apiVersion: number,
    correlationId: number,
    clientId: string | null,
    frameBytes: number,
    arrivedMs: number,
  ) {
    this.owner = owner
    this.served = served
    this.apiVersion = apiVersion
    this.correlationId = correlationId
    this.clientId = clientId
    this.frameBytes = frameBytes
    this.arrivedMs = arrivedMs
  }

  get clientHost(): string {
    return this.owner.clientHost
  }

  get listener(): string {
    return this.owner.listener
  }

  get closed(): boolean {
    return this.owner.closed
  }

  reply(response: unknown, sent?: () => void): void {
    this.sent = sent
    this.answer(response, null)
  }

  replyWith(body: Buffer): void {
    this.answer(null, body)
  }

  /** One of the two: what the codec is to write, or what it would have written. */
  private answer(response: unknown, body: Buffer | null): void {
    if (this.owner.closed) return
    if (this.replyParts !== null) throw new Error(`${this.served.handler.api.name} was answered twice`)
    const next = this.owner.writerFor(this)
    try {
      if (next === null) this.keep(response, body)
      else this.encode(next, response, body)
    } catch (error) {
      this.owner.failed('reply-not-encodable', this, error)
      return
    }
    this.replyParts ??= NOTHING
    this.owner.completed(this)
  }

  private keep(response: unknown, body: Buffer | null): void {
    const writer = new Writer(REPLY_BYTES)
    this.replyBytes = this.encode(writer, response, body)
    this.replyParts = writer.finish()
  }

  private encode(writer: Writer, response: unknown, body: Buffer | null): number {
    const { api } = this.served.handler
    writer.beginFrame()
    writeResponseHeader(writer, api, this.apiVersion, this.correlationId)
    if (body === null) api.writeResponse(writer, response, this.apiVersion)
    else writer.copy(body)
    return writer.endFrame()
  }

  noReply(): void {
    if (this.owner.closed || this.replyParts !== null) return
    this.replyParts = NOTHING
    this.owner.completed(this)
  }

  close(reason: string): void {
    this.owner.failed('refused-by-handler', this, reason)
  }
}
