import { writeResponseHeader } from '../../proto/kafka/header.ts'
import { Writer } from '../../proto/kafka/writer.ts'
import type { RequestContext } from '../handlers/handler.ts'
import type { ServedApi } from './dispatcher.ts'

/** Bytes a reply begins with room for. Most replies are a produce's, and those fit; memory for them is what turns over fastest. */
const REPLY_BYTES = 128

/** What a request needs from the connection it came by. */
export interface RequestOwner {
  readonly clientHost: string
  readonly listener: string
  readonly closed: boolean
  /** The request has its reply (or is to have none): it leaves once those before it have left. */
  completed(request: SocketRequest): void
  /** The request, or the handler, is broken: the connection must go. */
  failed(reason: string, request: SocketRequest, error: unknown): void
}

/** One request from a socket, and its place in the order of replies. */
export class SocketRequest implements RequestContext<unknown> {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly served: ServedApi
  readonly frameBytes: number
  readonly arrivedMs: number
  /** The framed reply; empty when there is to be none (acks=0), null while it is being worked on. */
  replyParts: readonly Buffer[] | null = null
  replyBytes = 0
  sent: (() => void) | undefined
  private readonly owner: RequestOwner

  constructor(
    owner: RequestOwner,
    served: ServedApi,
    header: { apiVersion: number; correlationId: number; clientId: string | null },
    frameBytes: number,
    arrivedMs: number,
  ) {
    this.owner = owner
    this.served = served
    this.apiVersion = header.apiVersion
    this.correlationId = header.correlationId
    this.clientId = header.clientId
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
    if (this.owner.closed) return
    if (this.replyParts !== null) throw new Error(`${this.served.handler.api.name} was answered twice`)
    try {
      this.replyParts = this.encode(response)
    } catch (error) {
      this.owner.failed('reply-not-encodable', this, error)
      return
    }
    this.sent = sent
    this.owner.completed(this)
  }

  private encode(response: unknown): Buffer[] {
    const { api } = this.served.handler
    const writer = new Writer(REPLY_BYTES)
    writer.int32(0)
    writeResponseHeader(writer, api, this.apiVersion, this.correlationId)
    api.writeResponse(writer, response, this.apiVersion)
    this.replyBytes = writer.size
    const parts = writer.finish()
    Writer.patchInt32(parts, this.replyBytes - 4)
    return parts
  }

  noReply(): void {
    if (this.owner.closed || this.replyParts !== null) return
    this.replyParts = []
    this.owner.completed(this)
  }

  close(reason: string): void {
    this.owner.failed('refused-by-handler', this, reason)
  }
}
