import type { Api } from '../../proto/kafka/api.ts'
import type { Reader } from '../../proto/kafka/reader.ts'
import type { Services } from '../services.ts'

/**
 * One Kafka API as the broker serves it. `handle` must call `context.reply` exactly once, now or later (or
 * `context.noReply` for acks=0); it never throws for bad input and never returns a promise. Adding an API is one schema
 * file, one handler file and one line in `handlers/index.ts`.
 */
export interface Handler<Request, Response> {
  readonly api: Api<Request, Response>
  /** What ApiVersions advertises; the 4.3 range of the api unless given. */
  readonly minVersion?: number
  readonly maxVersion?: number
  /** Bytes that a reply may take, held against the connection's ceiling while the request is in flight; default 0. */
  readonly replyReserveBytes?: number
  /** True: keeps no slice of the request after `handle` has returned, so that it need not be copied out of the socket's buffer. */
  readonly borrowsRequest?: boolean
  handle(request: Request, context: RequestContext<Response>, services: Services): void
  /**
   * Takes a request from a socket as the bytes of its body, when it is of the shape that most have and that is worth it: no
   * objects are made of it. False: nothing has been done, and it is to be read and handled like any other.
   */
  handleFrame?(body: Reader, context: FrameContext<Response>, services: Services): boolean
}

/** A request that came as a frame, and may be answered with bytes. */
export interface FrameContext<Response> extends RequestContext<Response> {
  /** As `reply`, with the body as the codec would write it. It is copied. */
  replyWith(body: Buffer): void
}

/** One request in flight: from a socket, or in process from the HTTP gateway. */
export interface RequestContext<Response> {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Printable peer address, e.g. `127.0.0.1`; what Kafka shows as the member's host. */
  readonly clientHost: string
  /** The listener's own address as the client should see it (host and port of this node). */
  readonly listener: string
  /** `sent` is called once the reply's bytes have left this process; never, when the connection breaks before. */
  reply(response: Response, sent?: () => void): void
  noReply(): void
  /** Bad requests that have no error field in their response: logs, counts and closes the connection. */
  close(reason: string): void
  /** True once the peer is gone: a parked request may be dropped. */
  readonly closed: boolean
}
