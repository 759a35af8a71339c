/**
 * One client connection: frames in, requests worked on as they arrive, replies out in request order. Owns the
 * back-pressure of its peer; must never hold more than its ceilings, whatever the peer does.
 */
import { readInt16, readInt32 } from '../../proto/kafka/int64.ts'
import { Reader } from '../../proto/kafka/reader.ts'
import { WireError } from '../../proto/kafka/wire-error.ts'
import type { Writer } from '../../proto/kafka/writer.ts'
import type { Connection } from '../ports/network.ts'
import { classifyStranger } from './stranger.ts'
import type { ServedApi } from './dispatcher.ts'
import { OutputQueue } from './output.ts'
import { FrameReceiver } from './receiver.ts'
import { type RequestOwner, SocketRequest } from './request.ts'
import type { ConnectionHost } from './host.ts'
import { API_VERSIONS_KEY, unsupportedApiVersions } from './versions.ts'

/** Bytes of a request up to and with its correlation id. */
const FIXED_HEADER_BYTES = 8

const NOTHING = Buffer.alloc(0)

export class ClientConnection implements RequestOwner {
  readonly clientHost: string
  closed = false
  /** Waits for `flush` at the end of the turn; the host's. */
  isDirty = false
  /** Monotonic time of the last byte in or out. */
  lastActiveMs: number
  private readonly host: ConnectionHost
  private readonly peer: Connection
  private readonly receiver: FrameReceiver
  /** Of one request after the other. */
  private readonly reader: Reader
  private readonly output: OutputQueue
  /** Requests whose replies have not left, oldest first; `firstRequest` is the index of the oldest. */
  private requests: SocketRequest[] = []
  private firstRequest = 0
  private working = 0
  private workingBytes = 0
  /** Reply bytes that stand ready behind an earlier reply that does not. */
  private readyBytes = 0
  private reservedBytes = 0
  /** Whole frames that wait for room. */
  private backlog: Buffer[] = []
  private paused = false
  private draining = false
  private reportedReplyBytes = 0
  private reportedPartialBytes = 0
  private framesSeen = 0

  constructor(host: ConnectionHost, peer: Connection) {
    this.host = host
    this.peer = peer
    this.clientHost = printableAddress(peer.remoteAddress)
    this.receiver = new FrameReceiver(host.limits.requestBytesMax, host.assembly, host.chunks)
    this.reader = new Reader(NOTHING, 0, 0, host.readerOptions)
    this.output = new OutputQueue(peer, host.limits.writeBytesMax, host.writers)
    this.lastActiveMs = host.turnMs()
    peer.handlers = {
      onData: (chunk) => this.received(chunk),
      target: () => this.receiver.target,
      onDrain: () => this.drained(),
      onClose: () => this.gone(),
    }
  }

  get listener(): string {
    return this.host.listener
  }

  /** Bytes of the frame that has begun to arrive. */
  get partialBytes(): number {
    return this.receiver.bufferedBytes
  }

  /** Nothing in flight and nothing to send. */
  get isQuiet(): boolean {
    return (
      this.working === 0 &&
      this.requests.length === this.firstRequest &&
      this.output.isEmpty &&
      this.backlog.length === 0
    )
  }

  /** Milliseconds since the peer last took a byte of what waits for it; 0 when nothing waits. */
  unreadMs(nowMs: number): number {
    return this.output.stalledMs(nowMs)
  }

  /** Takes no more requests; the connection ends when what is in flight has been answered. */
  drain(): void {
    this.draining = true
    this.backlog = []
    this.pause()
    this.host.markDirty(this)
  }

  /** Flushes and closes: an idle peer, a stopping broker. */
  end(): void {
    if (this.closed) return
    this.peer.end()
  }

  /** Closes at once, counted and logged. */
  abort(reason: string, fields: object = {}): void {
    if (this.closed) return
    this.host.countClosed(reason)
    this.host.logPeer(this.clientHost, reason, fields)
    this.peer.destroy()
    this.gone()
  }

  /** At the end of a turn: sends what is ready, then takes up what waited for room. */
  flush(): void {
    if (this.closed) return
    this.output.send(this.host.turnMs())
    this.report()
    if (this.draining) {
      if (this.isQuiet) this.end()
      return
    }
    if (this.backlog.length > 0 || this.paused) this.takeUp()
  }

  writerFor(request: SocketRequest): Writer | null {
    return this.requests[this.firstRequest] === request ? this.output.writer : null
  }

  completed(request: SocketRequest): void {
    this.working -= 1
    this.workingBytes -= request.frameBytes
    this.reservedBytes -= request.served.replyReserveBytes
    this.readyBytes += request.replyBytes
    request.served.durations.observe(this.host.turnMs() - request.arrivedMs)
    if (this.requests[this.firstRequest] === request) this.releaseReady()
    this.host.markDirty(this)
  }

  failed(reason: string, request: SocketRequest, error: unknown): void {
    const fields = { api: request.served.handler.api.name, version: request.apiVersion, err: error }
    if (reason !== 'refused-by-handler') this.host.logger.error(fields, 'a request could not be handled')
    this.abort(reason, fields)
  }

  private received(chunk: Buffer): void {
    if (this.closed || this.draining) return
    this.lastActiveMs = this.host.turnMs()
    try {
      this.receiver.push(chunk, this.take)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.abort(this.framesSeen === 0 ? classifyStranger(chunk) : 'bad-frame', { problem: error.message })
      return
    }
    this.reportPartial()
    this.host.took(chunk.length)
  }

  /** A frame has arrived: worked on at once when there is room, else kept (as a copy, when it is only lent). */
  private readonly take = (buffer: Buffer, start: number, end: number, isOwn: boolean): void => {
    this.framesSeen += 1
    if (this.closed) return
    if (this.backlog.length === 0) {
      const served = this.apiOf(buffer, start, end)
      if (this.hasRoom(served)) {
        this.begin(buffer, start, end, isOwn, served)
        return
      }
    }
    const frame = buffer.subarray(start, end)
    this.backlog.push(isOwn ? frame : Buffer.from(frame))
    this.pause()
  }

  private apiOf(buffer: Buffer, start: number, end: number): ServedApi | undefined {
    return end - start >= FIXED_HEADER_BYTES ? this.host.dispatcher.find(readInt16(buffer, start)) : undefined
  }

  /** Works on waiting frames while there is room; reads on only when none is left waiting. */
  private takeUp(): void {
    let taken = 0
    while (taken < this.backlog.length && !this.closed) {
      const frame = this.backlog[taken] as Buffer
      const served = this.apiOf(frame, 0, frame.length)
      if (!this.hasRoom(served)) break
      taken += 1
      this.begin(frame, 0, frame.length, true, served)
    }
    if (this.closed) return
    if (taken === this.backlog.length) this.backlog = []
    else if (taken > 0) this.backlog.splice(0, taken)
    if (this.backlog.length > 0) this.pause()
    else this.resume()
  }

  private hasRoom(served: ServedApi | undefined): boolean {
    const { limits } = this.host
    const waiting = this.readyBytes + this.output.bytes
    if (this.working === 0 && waiting === 0)
      return served === undefined || served.replyReserveBytes === 0 || this.host.mayReserve(this)
    if (this.working >= limits.requestsInFlightMax || this.workingBytes >= limits.requestBytesInFlightMax) return false
    const reserve = served?.replyReserveBytes ?? 0
    if (waiting + this.reservedBytes + reserve > limits.replyBytesMax) return false
    return reserve === 0 || this.host.mayReserve(this)
  }

  private begin(buffer: Buffer, start: number, end: number, isOwn: boolean, served: ServedApi | undefined): void {
    const frameBytes = end - start
    if (frameBytes < FIXED_HEADER_BYTES) {
      this.abort('malformed-request', { bytes: frameBytes })
      return
    }
    const apiVersion = readInt16(buffer, start + 2)
    if (served === undefined || apiVersion < served.lowest || apiVersion > served.highest) {
      this.refuseVersion(buffer, start, frameBytes, served, apiVersion)
      return
    }
    // A loan that is most of its memory would be taken for an own buffer by who keeps slices.
    const mayLend = served.handler.borrowsRequest === true && frameBytes * 2 < buffer.buffer.byteLength
    const { reader } = this
    if (isOwn || mayLend) reader.reuse(buffer, start + 4, end)
    else reader.reuse(Buffer.from(buffer.subarray(start, end)), 4, frameBytes)
    this.handle(reader, frameBytes, served, apiVersion)
    // Or the frame would live as long as the connection.
    reader.reuse(NOTHING, 0, 0)
  }

  private handle(reader: Reader, frameBytes: number, served: ServedApi, apiVersion: number): void {
    const { handler } = served
    const { api } = handler
    served.requests.add(1)
    let request: SocketRequest
    try {
      const correlationId = reader.int32()
      const clientId = reader.nullableString()
      if (apiVersion >= api.flexibleFrom) reader.skipTags()
      request = new SocketRequest(this, served, apiVersion, correlationId, clientId, frameBytes, this.lastActiveMs)
    } catch (error) {
      this.malformed(served, apiVersion, error)
      return
    }
    this.admit(request)
    try {
      if (handler.handleFrame?.(reader, request, this.host.services) === true) return
    } catch (error) {
      this.failed('handler-error', request, error)
      return
    }
    this.handleMessage(reader, request)
  }

  private handleMessage(reader: Reader, request: SocketRequest): void {
    const { served, apiVersion } = request
    const { handler } = served
    let message: unknown
    try {
      message = handler.api.readRequest(reader, apiVersion)
    } catch (error) {
      this.malformed(served, apiVersion, error)
      return
    }
    try {
      handler.handle(message, request, this.host.services)
    } catch (error) {
      this.failed('handler-error', request, error)
    }
  }

  private malformed({ handler }: ServedApi, apiVersion: number, error: unknown): void {
    if (!(error instanceof WireError)) throw error
    this.abort('malformed-request', { api: handler.api.name, version: apiVersion, problem: error.message })
  }

  /** W2: ApiVersions of an unknown version is answered in version 0; any other unknown key or version ends the connection. */
  private refuseVersion(
    buffer: Buffer,
    start: number,
    frameBytes: number,
    served: ServedApi | undefined,
    apiVersion: number,
  ): void {
    const apiKey = readInt16(buffer, start)
    if (served === undefined || apiKey !== API_VERSIONS_KEY) {
      this.abort('unsupported-version', { apiKey, apiVersion })
      return
    }
    served.requests.add(1)
    const correlationId = readInt32(buffer, start + 4)
    const request = new SocketRequest(this, served, 0, correlationId, null, frameBytes, this.lastActiveMs)
    this.admit(request)
    request.reply(unsupportedApiVersions(served.handler))
  }

  private admit(request: SocketRequest): void {
    this.requests.push(request)
    this.working += 1
    this.workingBytes += request.frameBytes
    this.reservedBytes += request.served.replyReserveBytes
  }

  /** Moves the replies that have become first in order to the output. */
  private releaseReady(): void {
    const { requests } = this
    while (this.firstRequest < requests.length) {
      const request = requests[this.firstRequest] as SocketRequest
      if (request.replyParts === null) break
      this.readyBytes -= request.replyBytes
      this.output.add(request.replyParts)
      if (request.sent !== undefined) this.output.notify(request.sent)
      this.firstRequest += 1
    }
    if (this.firstRequest === requests.length) {
      this.requests = []
      this.firstRequest = 0
    } else if (this.firstRequest >= 1024) {
      requests.splice(0, this.firstRequest)
      this.firstRequest = 0
    }
  }

  private drained(): void {
    this.lastActiveMs = this.host.turnMs()
    this.output.drained()
    this.flush()
  }

  private pause(): void {
    if (this.paused) return
    this.paused = true
    this.peer.pauseReading()
  }

  private resume(): void {
    if (!this.paused || this.draining) return
    this.paused = false
    this.peer.resumeReading()
  }

  private gone(): void {
    if (this.closed) return
    this.closed = true
    this.requests = []
    this.firstRequest = 0
    this.backlog = []
    this.readyBytes = 0
    this.output.clear()
    this.receiver.clear()
    this.report()
    this.host.removed(this, this.reportedPartialBytes)
    this.reportedPartialBytes = 0
  }

  private report(): void {
    const bytes = this.readyBytes + this.output.bytes
    if (bytes === this.reportedReplyBytes) return
    this.host.replyBytesChanged(bytes - this.reportedReplyBytes)
    this.reportedReplyBytes = bytes
  }

  private reportPartial(): void {
    if (this.closed) return
    const bytes = this.receiver.bufferedBytes
    if (bytes === this.reportedPartialBytes) return
    const change = bytes - this.reportedPartialBytes
    this.reportedPartialBytes = bytes
    this.host.partialBytesChanged(change)
  }
}

/** `::ffff:127.0.0.1` is how a dual-stack socket shows an IPv4 peer. */
function printableAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
}
