import type { DiskFile } from '../ports/disk.ts'
import type { ReadBuffers } from './read-buffers.ts'
import type { Segment } from './segment.ts'

/** Bytes of a segment's file, from the start of a batch on. */
export interface Extent {
  readonly segment: Segment
  readonly position: number
  readonly bytes: number
}

/** What a sequential reader will ask for next, read or being read before he does. */
export class Ahead {
  /** What he will ask for. */
  readonly offset: number
  readonly extent: Extent
  readonly buffer: Buffer
  isReading = true
  /** Bytes read; -1 when that failed: reading again tells why. */
  count = -1
  /** Who came for it before it was there. */
  waiting: (() => void) | null = null
  /** Nobody may have it any more. */
  isDropped = false
  /** Rounds of `ReadAheads.tick` it has been left unused for. */
  age = 0

  constructor(offset: number, extent: Extent, buffer: Buffer) {
    this.offset = offset
    this.extent = extent
    this.buffer = buffer
  }
}

/**
 * What all logs have read ahead, under one ceiling. Where there is no room nothing is read ahead: with more readers than
 * that, taking from one to give to another would read everything twice.
 */
export class ReadAheads {
  readonly #bytesMax: number
  readonly #inFlightMax: number
  readonly #buffers: ReadBuffers
  readonly #all = new Set<Ahead>()
  #bytes = 0
  #inFlight = 0

  constructor(bytesMax: number, inFlightMax: number, buffers: ReadBuffers) {
    this.#bytesMax = bytesMax
    this.#inFlightMax = inFlightMax
    this.#buffers = buffers
  }

  /** Bytes held, or being read. */
  get bytes(): number {
    return this.#bytes
  }

  /** Begins to read; null when there is no room. Throws what opening the file throws. */
  start(offset: number, extent: Extent, open: () => DiskFile): Ahead | null {
    if (this.#inFlight >= this.#inFlightMax || this.#bytes + extent.bytes > this.#bytesMax) return null
    const file = open()
    const buffer = this.#buffers.acquire(extent.bytes)
    if (this.#bytes + buffer.length > this.#bytesMax) {
      this.#buffers.release(buffer)
      return null
    }
    const ahead = new Ahead(offset, extent, buffer)
    this.#all.add(ahead)
    this.#bytes += buffer.length
    this.#inFlight++
    file.read(ahead.buffer, 0, extent.bytes, extent.position, (error, count) => {
      this.#inFlight--
      ahead.isReading = false
      if (error === null) ahead.count = count
      if (ahead.isDropped) this.#buffers.release(ahead.buffer)
      ahead.waiting?.()
    })
    return ahead
  }

  /** Hands the buffer over: it is the caller's to release. */
  take(ahead: Ahead): void {
    ahead.isDropped = true
    this.#all.delete(ahead)
    this.#bytes -= ahead.buffer.length
  }

  drop(ahead: Ahead): void {
    if (ahead.isDropped) return
    this.take(ahead)
    if (!ahead.isReading) this.#buffers.release(ahead.buffer)
  }

  /** Every few seconds: drops what has been left unused since before the last round. */
  tick(): void {
    for (const ahead of this.#all) {
      if (ahead.age++ > 0 && !ahead.isReading) this.drop(ahead)
    }
  }
}
