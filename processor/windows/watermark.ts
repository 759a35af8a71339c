/**
 * How far event time has come. A channel is one ordered flow of records: a partition of a source, or what one upstream
 * task writes to a repartition topic. A clock is the watermark of operators that hang on the same channels. Pure: the
 * wall clock is an argument, and silence counts only as far as someone has confirmed that there was nothing to read.
 */
export class Channel {
  readonly delayMs: number
  readonly idleMs: number
  /** Newest record's time less the delay: no older record is expected. */
  watermark = Number.NEGATIVE_INFINITY
  idle = false
  /** Wall-clock time since which nothing has come. */
  silentSinceMs = 0
  /** Up to when the silence is known: the end of the partition was looked at and nothing was there. */
  confirmedMs = 0

  constructor(delayMs: number, idleMs: number) {
    this.delayMs = delayMs
    this.idleMs = idleMs
  }

  /** A record of that time has come; true if the clocks must look again. */
  observe(time: number): boolean {
    const watermark = time - this.delayMs
    if (watermark > this.watermark) {
      this.watermark = watermark
      return true
    }
    return false
  }

  /** Something came: silence begins anew. True if the channel was idle. */
  heard(nowMs: number): boolean {
    const wasIdle = this.idle
    this.idle = false
    this.silentSinceMs = nowMs
    this.confirmedMs = nowMs
    return wasIdle
  }

  /** Nothing is there to read at `nowMs`. True if the channel became idle by it. */
  confirmSilence(nowMs: number): boolean {
    this.confirmedMs = nowMs
    if (this.idle || nowMs - this.silentSinceMs < this.idleMs) return false
    this.idle = true
    return true
  }

  /** It cannot be known whether there is something to read: what silence there was does not count. */
  lostTouch(nowMs: number): void {
    this.silentSinceMs = nowMs
    this.confirmedMs = nowMs
  }

  get silentMs(): number {
    return this.confirmedMs - this.silentSinceMs
  }
}

/** An operator that acts when event time passes. */
export interface Timed {
  /** The latest event time that something waits for; -Infinity when nothing does. */
  readonly pendingUntil: number
  /** Event time has come to `watermark`: do what is due. True if anything was. */
  advanceTo(watermark: number): boolean
}

/** The watermark over a set of channels: the lowest of those that are not idle. It never goes back. */
export class EventClock {
  watermark = Number.NEGATIVE_INFINITY
  readonly #channels: readonly (readonly Channel[])[]
  readonly #timed: Timed[] = []

  /** Lists of channels, one per source: a list may grow later. */
  constructor(channels: readonly (readonly Channel[])[]) {
    this.#channels = channels
  }

  /** In topological order: what an operator gives when time passes reaches the next one before time does. */
  register(timed: Timed): void {
    this.#timed.push(timed)
  }

  /** A channel has moved or become idle or active. True if something fired. */
  update(): boolean {
    let lowest = Number.POSITIVE_INFINITY
    let isActive = false
    for (const source of this.#channels) {
      for (const channel of source) {
        if (channel.idle) continue
        isActive = true
        if (channel.watermark < lowest) lowest = channel.watermark
      }
    }
    return isActive && lowest > this.watermark ? this.advanceTo(lowest) : false
  }

  /** Everything silent: time goes on with the wall clock from where the furthest channel was, up to what is waited for. */
  drift(): boolean {
    let furthest = Number.NEGATIVE_INFINITY
    for (const source of this.#channels) {
      for (const channel of source) {
        if (!channel.idle) return false
        furthest = Math.max(furthest, channel.watermark + channel.silentMs)
      }
    }
    let pending = Number.NEGATIVE_INFINITY
    for (const timed of this.#timed) pending = Math.max(pending, timed.pendingUntil)
    const target = Math.min(furthest, pending)
    return target > this.watermark ? this.advanceTo(target) : false
  }

  /** Moves forward to a time, whatever the channels say. */
  advanceTo(watermark: number): boolean {
    if (watermark <= this.watermark) return false
    this.watermark = watermark
    let fired = false
    for (const timed of this.#timed) if (timed.advanceTo(watermark)) fired = true
    return fired
  }

  /** All channels idle, and since when: what a task downstream must know. Undefined while one is active. */
  get silentMs(): number | undefined {
    let least = Number.POSITIVE_INFINITY
    for (const source of this.#channels) {
      for (const channel of source) {
        if (!channel.idle) return undefined
        least = Math.min(least, channel.silentMs)
      }
    }
    return least
  }
}
