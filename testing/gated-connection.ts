/** A connection that a test can stop in the middle: bytes of both directions wait, and neither side notices. */
import type { Connection } from '../broker/ports/network.ts'

interface Held {
  readonly buffers: readonly Buffer[]
  readonly taken: (() => void) | undefined
}

export class GatedConnection implements Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  handlers: Connection['handlers'] = { onData: () => {}, onDrain: () => {}, onClose: () => {} }
  private readonly inner: Connection
  private readonly onGone: () => void
  private isHeld = false
  private isPaused = false
  private writes: Held[] = []
  private arrived: Buffer[] = []
  private heldBytes = 0
  /** What the owner asked for while the connection was held. */
  private wanted: 'end' | 'destroy' | null = null
  /** The other side, or the owner, has closed it. */
  private isClosed = false
  private isToldClosed = false

  constructor(inner: Connection, onGone: () => void) {
    this.inner = inner
    this.onGone = onGone
    this.remoteAddress = inner.remoteAddress
    this.remotePort = inner.remotePort
    inner.handlers = {
      onData: (chunk) => this.take(chunk),
      onDrain: () => this.handlers.onDrain(),
      onClose: () => {
        this.isClosed = true
        if (!this.isHeld) this.tellClosed()
      },
    }
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes + this.heldBytes
  }

  write(buffers: readonly Buffer[], taken?: () => void): void {
    if (!this.isHeld) return this.inner.write(buffers, taken)
    this.writes.push({ buffers, taken })
    for (const buffer of buffers) this.heldBytes += buffer.length
  }

  pauseReading(): void {
    this.isPaused = true
    this.inner.pauseReading()
  }

  resumeReading(): void {
    this.isPaused = false
    if (!this.isHeld) this.inner.resumeReading()
  }

  end(): void {
    if (this.isHeld) this.closeLater('end')
    else this.inner.end()
  }

  destroy(): void {
    if (this.isHeld) this.closeLater('destroy')
    else this.inner.destroy()
  }

  hold(): void {
    if (this.isHeld || this.isToldClosed) return
    this.isHeld = true
    this.inner.pauseReading()
  }

  release(): void {
    if (!this.isHeld) return
    this.isHeld = false
    for (const { buffers, taken } of this.writes.splice(0)) this.inner.write(buffers, taken)
    this.heldBytes = 0
    for (const chunk of this.arrived.splice(0)) if (this.wanted === null) this.handlers.onData(chunk)
    if (this.wanted !== null) {
      this.inner[this.wanted]()
      this.onGone()
    }
    if (this.isClosed) this.tellClosed()
    else if (!this.isPaused) this.inner.resumeReading()
  }

  private take(chunk: Buffer): void {
    // The buffer is the reader's again after the call.
    if (this.isHeld) this.arrived.push(Buffer.from(chunk))
    else this.handlers.onData(chunk)
  }

  /** For the owner the connection is over at once; the other side hears of it when bytes flow again. */
  private closeLater(how: 'end' | 'destroy'): void {
    if (this.wanted !== null) return
    this.wanted = how
    setImmediate(() => this.tellClosed())
  }

  private tellClosed(): void {
    if (this.isToldClosed) return
    this.isToldClosed = true
    // A held end has still to reach the other side: it is gone when bytes flow again.
    if (!this.isHeld) this.onGone()
    this.handlers.onClose()
  }
}
