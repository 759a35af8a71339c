import type { SimClock } from '../clock.ts'
import type { SeededRandom } from '../random.ts'

/** How a link behaves while nothing is wrong with it. */
export interface LinkProfile {
  /** Least delay of a packet (ms). */
  readonly delayMs: number
  /** What is added to it at most, at random (ms). */
  readonly jitterMs: number
  readonly bytesPerMs: number
  /** Chance that a chunk arrives in two parts. */
  readonly splitChance: number
}

/** After a cut has healed, a sender tries again within so long (ms): TCP's retransmission backs off. */
const RETRANSMIT_MS = 1_500

/**
 * One direction between two hosts. Packets that it cannot carry are sent again by TCP until it can: a cut delays bytes, and
 * only who gives up waiting loses them.
 */
export class Link {
  readonly from: string
  readonly to: string
  profile: LinkProfile
  readonly #clock: SimClock
  readonly #random: SeededRandom
  #isCut = false
  #stalledUntilMs = 0
  #freeAtMs = 0
  #waiting: (() => void)[] = []

  constructor(from: string, to: string, profile: LinkProfile, clock: SimClock, random: SeededRandom) {
    this.from = from
    this.to = to
    this.profile = profile
    this.#clock = clock
    this.#random = random
  }

  get isCut(): boolean {
    return this.#isCut
  }

  /** Milliseconds that a packet of so many bytes takes from now on. */
  delayOf(bytes: number): number {
    const { delayMs, jitterMs, bytesPerMs } = this.profile
    const nowMs = this.#clock.monotonic()
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + bytes / bytesPerMs
    return this.#freeAtMs - nowMs + delayMs + (jitterMs * this.#random.uint32()) / 0x1_0000_0000
  }

  /** Where a chunk of so many bytes falls apart on the way; 0 = nowhere. */
  splitOf(bytes: number): number {
    return bytes > 1 && this.#random.chance(this.profile.splitChance) ? this.#random.between(1, bytes - 1) : 0
  }

  /** Runs `arrive` now, or when the link carries again. */
  carry(arrive: () => void): void {
    if (this.#isCut) {
      this.#waiting.push(arrive)
      return
    }
    const stallMs = this.#stalledUntilMs - this.#clock.monotonic()
    if (stallMs > 0) this.#clock.after(stallMs, () => this.carry(arrive))
    else arrive()
  }

  cut(): void {
    this.#isCut = true
  }

  heal(): void {
    this.#isCut = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const arrive of waiting) {
      this.#clock.after(this.#random.between(0, RETRANSMIT_MS), () => this.carry(arrive))
    }
  }

  /** Carries nothing for so long. */
  stall(ms: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#clock.monotonic() + ms)
  }
}
