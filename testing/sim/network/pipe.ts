import type { SimClock } from '../clock.ts'
import type { Link } from './link.ts'

/** What travels: bytes, the end of them (FIN), or the end of everything (RST). */
export type Packet = Buffer | 'fin' | 'reset'

interface InFlight {
  readonly packet: Packet
  readonly atMs: number
}

/** One direction of a connection: packets arrive in the order in which they were sent, whatever the link does. */
export class Pipe {
  readonly link: Link
  readonly #clock: SimClock
  readonly #arrived: (packet: Packet) => void
  #queue: InFlight[] = []
  #lastAtMs = 0
  /** A delivery is under way. */
  #isArmed = false

  constructor(link: Link, clock: SimClock, arrived: (packet: Packet) => void) {
    this.link = link
    this.#clock = clock
    this.#arrived = arrived
  }

  send(packet: Packet): void {
    const bytes = typeof packet === 'string' ? 0 : packet.length
    const split = this.link.splitOf(bytes)
    if (split === 0 || typeof packet === 'string') return this.#send(packet, bytes)
    this.#send(packet.subarray(0, split), split)
    this.#send(packet.subarray(split), bytes - split)
  }

  /** Everything on the way is lost. */
  clear(): void {
    this.#queue = []
  }

  #send(packet: Packet, bytes: number): void {
    const atMs = Math.max(this.#lastAtMs, this.#clock.monotonic() + this.link.delayOf(bytes))
    this.#lastAtMs = atMs
    this.#queue.push({ packet, atMs })
    this.#arm()
  }

  #arm(): void {
    const [first] = this.#queue
    if (this.#isArmed || first === undefined) return
    this.#isArmed = true
    this.#clock.after(first.atMs - this.#clock.monotonic(), () => this.link.carry(() => this.#deliver()))
  }

  #deliver(): void {
    this.#isArmed = false
    const nowMs = this.#clock.monotonic()
    const due: Packet[] = []
    // The first one is due, whatever rounding says.
    for (
      let next = this.#queue[0];
      next !== undefined && (due.length === 0 || next.atMs <= nowMs);
      next = this.#queue[0]
    ) {
      due.push(next.packet)
      this.#queue.shift()
    }
    this.#arm()
    for (const packet of due) this.#arrived(packet)
  }
}
