import type { Connection } from '../../../broker/ports/network.ts'
import type { SimProcess } from '../process.ts'
import type { Packet, Pipe } from './pipe.ts'

/** Bytes that the kernels of both sides hold for one direction before the writer has to wait. */
const WINDOW_BYTES = 256 * 1024

/** Node says "drain" to a writer who has had more than this waiting (bytes). */
const DRAIN_BYTES = 16 * 1024

/** How long after a call Node tells what came of it (ms): a turn. */
const SOON_MS = 0.02

interface Unsent {
  buffer: Buffer
  readonly taken: (() => void) | null
}

/** What happened at one end, for whoever traces and counts. */
export interface EndpointWatcher {
  /** Bytes reached a process that does not have the connection any more. */
  orphaned(endpoint: Endpoint): void
  delivered(endpoint: Endpoint, chunk: Buffer): void
  closed(endpoint: Endpoint): void
}

/** One end of a connection, as its process sees it. */
export class Endpoint implements Connection {
  readonly process: SimProcess
  readonly host: string
  readonly remoteAddress: string
  readonly remotePort: number
  handlers: Connection['handlers'] = { onData: () => {}, onDrain: () => {}, onClose: () => {} }
  /** The way out; set by whoever makes the two ends. */
  pipe!: Pipe
  peer!: Endpoint
  readonly #watcher: EndpointWatcher
  #unsent: Unsent[] = []
  #unsentBytes = 0
  /** Sent, and not taken by the application at the other end. */
  #unreadBytes = 0
  #needsDrain = false
  #received: Buffer[] = []
  #isReading = true
  /** The other end has finished; what it sent before is still to be read. */
  #isFinished = false
  #isEnding = false
  #isClosed = false

  constructor(process: SimProcess, host: string, remote: { host: string; port: number }, watcher: EndpointWatcher) {
    this.process = process
    this.host = host
    this.remoteAddress = remote.host
    this.remotePort = remote.port
    this.#watcher = watcher
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get bufferedBytes(): number {
    return this.#unsentBytes
  }

  write(buffers: readonly Buffer[], taken?: () => void): void {
    if (this.#isClosed || this.#isEnding) return
    const last = buffers.length - 1
    buffers.forEach((buffer, index) => {
      this.#unsent.push({ buffer, taken: index === last ? (taken ?? null) : null })
      this.#unsentBytes += buffer.length
    })
    this.#send()
    this.#needsDrain ||= this.#unsentBytes >= DRAIN_BYTES
  }

  pauseReading(): void {
    this.#isReading = false
  }

  resumeReading(): void {
    this.#isReading = true
    if (this.#received.length > 0 || this.#isFinished) this.process.after(SOON_MS, () => this.#read())
  }

  end(): void {
    if (this.#isClosed) return
    this.#isEnding = true
    if (this.#unsentBytes === 0) this.#close('fin')
  }

  destroy(): void {
    if (!this.#isClosed) this.#close(this.#received.length > 0 ? 'reset' : 'fin')
  }

  /** The process is gone, and nobody here hears of it; `isSilent`: nor does the other end, as the host is gone too. */
  abandon(isSilent: boolean): void {
    if (this.#isClosed) return
    const farewell = this.#received.length > 0 ? 'reset' : 'fin'
    this.#forget()
    if (!isSilent) this.pipe.send(farewell)
  }

  /** The connection breaks: what is on the way is lost, and both ends hear of it in time. */
  break(): void {
    for (const end of [this, this.peer]) {
      end.pipe.clear()
      end.pipe.send('reset')
    }
  }

  /** A packet has reached this host. */
  arrive(packet: Packet): void {
    if (this.#isClosed) {
      if (packet !== 'reset') this.#watcher.orphaned(this)
      return
    }
    if (packet === 'reset') {
      this.#received = []
      this.#closeLocally()
    } else {
      if (packet === 'fin') this.#isFinished = true
      else this.#received.push(packet)
      this.process.enter(() => this.#read())
    }
  }

  #read(): void {
    while (this.#isReading && !this.#isClosed && this.#received.length > 0) {
      const chunk = this.#received.shift()!
      this.peer.#acknowledged(chunk.length)
      this.#watcher.delivered(this, chunk)
      this.handlers.onData(chunk)
    }
    if (this.#isFinished && this.#received.length === 0 && !this.#isClosed) this.#closeLocally()
  }

  /** The application at the other end has taken so many bytes. */
  #acknowledged(bytes: number): void {
    this.#unreadBytes -= bytes
    if (this.#isClosed || this.#unsentBytes === 0) return
    this.#send()
    if (this.#unsentBytes > 0) return
    if (this.#needsDrain) {
      this.#needsDrain = false
      this.process.after(SOON_MS, () => {
        if (!this.#isClosed) this.handlers.onDrain()
      })
    }
    if (this.#isEnding) this.#close('fin')
  }

  /** Hands the kernel what it has room for. Bytes are copied only now: until they are taken they are the writer's. */
  #send(): void {
    const parts: Buffer[] = []
    const takers: (() => void)[] = []
    let room = WINDOW_BYTES - this.#unreadBytes
    let bytes = 0
    while (room > 0 && this.#unsent.length > 0) {
      const first = this.#unsent[0]!
      const part = first.buffer.length <= room ? first.buffer : first.buffer.subarray(0, room)
      parts.push(part)
      bytes += part.length
      room -= part.length
      if (part.length < first.buffer.length) {
        first.buffer = first.buffer.subarray(part.length)
        break
      }
      this.#unsent.shift()
      if (first.taken !== null) takers.push(first.taken)
    }
    this.#unsentBytes -= bytes
    this.#unreadBytes += bytes
    if (bytes > 0) this.pipe.send(Buffer.concat(parts, bytes))
    if (takers.length === 0) return
    this.process.after(SOON_MS, () => {
      for (const taken of takers) taken()
    })
  }

  #close(farewell: Packet): void {
    this.#closeLocally()
    this.pipe.send(farewell)
  }

  #closeLocally(): void {
    this.#forget()
    this.process.after(SOON_MS, () => this.handlers.onClose())
  }

  #forget(): void {
    this.#isClosed = true
    this.#unsent = []
    this.#unsentBytes = 0
    this.#received = []
    this.#watcher.closed(this)
  }
}
