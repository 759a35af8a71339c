/** The bytes a connection has to send, handed to the socket a bounded piece at a time. */
import type { Connection } from '../ports/network.ts'

/** Above this a socket is sure to announce that it has drained; below, what it holds is noise. Node's own mark is 16 or 64 KiB. */
const DRAIN_ANNOUNCED_BYTES = 64 * 1024

export class OutputQueue {
  private readonly peer: Connection
  private readonly pieceBytes: number
  private parts: Buffer[] = []
  private queuedBytes = 0
  /** Bytes handed to the socket that it has not taken; 0 unless a drain is awaited. */
  private handedBytes = 0
  private stalledSinceMs = 0
  /** Bytes ever queued, and ever handed to the socket. */
  private totalQueued = 0
  private totalHanded = 0
  /** Who wants to hear that the bytes up to a place have left. */
  private marks: { readonly place: number; readonly sent: () => void }[] = []

  constructor(peer: Connection, pieceBytes: number) {
    this.peer = peer
    this.pieceBytes = pieceBytes
  }

  /** Queued here and unsent in the socket. */
  get bytes(): number {
    return this.queuedBytes + this.handedBytes
  }

  get isEmpty(): boolean {
    return this.queuedBytes === 0 && this.handedBytes === 0
  }

  /** `sent` is called once the kernel has the last of the parts. */
  add(parts: readonly Buffer[], sent?: () => void): void {
    for (const part of parts) {
      this.parts.push(part)
      this.queuedBytes += part.length
      this.totalQueued += part.length
    }
    if (sent !== undefined) this.marks.push({ place: this.totalQueued, sent })
  }

  send(nowMs: number): void {
    while (this.handedBytes === 0 && this.queuedBytes > 0) {
      const before = this.queuedBytes
      const piece = this.nextPiece()
      this.totalHanded += before - this.queuedBytes
      const place = this.totalHanded
      if (this.marks.length === 0) this.peer.write(piece)
      else this.peer.write(piece, () => this.taken(place))
      const unsent = this.peer.bufferedBytes
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
    this.parts = []
    this.queuedBytes = 0
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

  /** Parts worth at most `pieceBytes`; a larger part is cut, so that a slow reader shows progress. */
  private nextPiece(): Buffer[] {
    const { parts, pieceBytes } = this
    if (this.queuedBytes <= pieceBytes) {
      this.parts = []
      this.queuedBytes = 0
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
    this.queuedBytes -= bytes
    return piece
  }
}
