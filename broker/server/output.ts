/** The bytes a connection has to send, handed to the socket a bounded piece at a time. */
import { Writer } from '../../proto/kafka/writer.ts'
import { REPLY_WRITER_BYTES_MAX, REPLY_WRITERS_FREE_BYTES_MAX } from '../limits.ts'
import type { Connection } from '../ports/network.ts'

/** Above this a socket is sure to announce that it has drained; below, what it holds is noise. Node's own mark is 16 or 64 KiB. */
const DRAIN_ANNOUNCED_BYTES = 64 * 1024

/** What a writer of replies begins with: ten produce replies. One that has grown stays as large. */
const REPLIES_BYTES = 1024

/** Writers of replies, shared by the connections: one is out of use again as soon as the kernel has what was written. */
export class ReplyWriters {
  private readonly free: { readonly writer: Writer; readonly bytes: number }[] = []
  private freeBytes = 0

  take(): Writer {
    const kept = this.free.pop()
    if (kept === undefined) return new Writer(REPLIES_BYTES)
    this.freeBytes -= kept.bytes
    return kept.writer
  }

  /** Nobody may look any more at what the writer has written. */
  giveBack(writer: Writer): void {
    const bytes = writer.reuse()
    if (bytes > REPLY_WRITER_BYTES_MAX || this.freeBytes + bytes > REPLY_WRITERS_FREE_BYTES_MAX) return
    this.freeBytes += bytes
    this.free.push({ writer, bytes })
  }
}

export class OutputQueue {
  private readonly peer: Connection
  private readonly pieceBytes: number
  private readonly writers: ReplyWriters
  /** The replies since the last `send`; null when there is none. */
  private open: Writer | null = null
  /** What did not fit into one piece, before all that is in `open`. */
  private parts: Buffer[] = []
  private partBytes = 0
  /** Bytes handed to the socket that it has not taken; 0 unless a drain is awaited. */
  private handedBytes = 0
  private stalledSinceMs = 0
  /** Bytes ever handed to the socket. */
  private totalHanded = 0
  /** Who wants to hear that the bytes up to a place have left. */
  private marks: { readonly place: number; readonly sent: () => void }[] = []

  constructor(peer: Connection, pieceBytes: number, writers: ReplyWriters) {
    this.peer = peer
    this.pieceBytes = pieceBytes
    this.writers = writers
  }

  /** Queued here and unsent in the socket. */
  get bytes(): number {
    return this.queuedBytes + this.handedBytes
  }

  get isEmpty(): boolean {
    return this.queuedBytes === 0 && this.handedBytes === 0
  }

  private get queuedBytes(): number {
    return this.partBytes + (this.open === null ? 0 : this.open.size)
  }

  /** To write the next reply to: what is in it is queued. */
  get writer(): Writer {
    this.open ??= this.writers.take()
    return this.open
  }

  /** Queues a reply that has been written elsewhere. */
  add(parts: readonly Buffer[]): void {
    for (const part of parts) this.writer.raw(part)
  }

  /** `sent` is called once the kernel has everything queued until now. */
  notify(sent: () => void): void {
    this.marks.push({ place: this.totalHanded + this.queuedBytes, sent })
  }

  send(nowMs: number): void {
    while (this.handedBytes === 0 && this.queuedBytes > 0) {
      const writer = this.open
      const piece = this.nextPiece()
      const place = this.totalHanded
      if (this.marks.length === 0) this.peer.write(piece)
      else this.peer.write(piece, () => this.taken(place))
      const unsent = this.peer.bufferedBytes
      // The kernel has a copy, so the memory is free.
      if (unsent === 0 && writer !== null && this.partBytes === 0) this.writers.giveBack(writer)
      if (unsent >= DRAIN_ANNOUNCED_BYTES) {
        this.handedBytes = unsent
        this.stalledSinceMs = nowMs
      }
    }
  }

  drained(): void {
    this.handedBytes = 0
  }

  /** Nothing more will be sent; whoever waits for that never hears of it. */
  clear(): void {
    this.marks = []
    this.open = null
    this.parts = []
    this.partBytes = 0
    this.handedBytes = 0
  }

  private taken(place: number): void {
    for (let mark = this.marks[0]; mark !== undefined && mark.place <= place; mark = this.marks[0]) {
      this.marks.shift()
      mark.sent()
    }
  }

  stalledMs(nowMs: number): number {
    return this.handedBytes === 0 ? 0 : nowMs - this.stalledSinceMs
  }

  /** Takes out parts worth at most `pieceBytes`; a larger part is cut, so that a slow reader shows progress. */
  private nextPiece(): readonly Buffer[] {
    this.closeWriter()
    const { parts, pieceBytes } = this
    if (this.partBytes <= pieceBytes) {
      this.totalHanded += this.partBytes
      this.parts = []
      this.partBytes = 0
      return parts
    }
    const piece: Buffer[] = []
    let bytes = 0
    let count = 0
    while (count < parts.length && bytes < pieceBytes) {
      const part = parts[count] as Buffer
      const room = pieceBytes - bytes
      if (part.length <= room) {
        piece.push(part)
        bytes += part.length
        count += 1
      } else {
        piece.push(part.subarray(0, room))
        parts[count] = part.subarray(room)
        bytes += room
      }
    }
    parts.splice(0, count)
    this.partBytes -= bytes
    this.totalHanded += bytes
    return piece
  }

  private closeWriter(): void {
    if (this.open === null) return
    const bytes = this.open.size
    const written = this.open.finish()
    this.parts = this.parts.length === 0 ? written : [...this.parts, ...written]
    this.partBytes += bytes
    this.open = null
  }
}
