/**
 * The pump of one ReplicaFetcher: one fetch to one leader in flight, what it brings written and synced, then the next. In
 * `fsync` mode the logs of an answer are synced side by side, and the bytes that arrive meanwhile make the next one larger.
 */
import { Fetch } from '../../../proto/kafka/generated/apis.ts'
import type { FetchRequest, FetchResponse } from '../../../proto/kafka/generated/01-fetch.ts'
import type { PeerChannel } from '../../peer/channel.ts'
import type { Clock, Timer } from '../../ports/clock.ts'
import { ReplicaFetcher, type ReplicaFetcherOptions } from './replica-fetcher.ts'
import type { Replica } from './replica.ts'

export interface LeaderFetcherOptions extends ReplicaFetcherOptions {
  readonly clock: Clock
  /** The way to the leader; null when nobody knows where it is. */
  readonly channel: () => Pick<PeerChannel, 'request'> | null
  /** How long an answer may take beyond the leader's wait (ms): `replica.socket.timeout.ms`. */
  readonly timeoutMs: number
}

export class LeaderFetcher {
  private readonly options: LeaderFetcherOptions
  private readonly fetcher: ReplicaFetcher
  /** A fetch is with the leader, or what it brought is being synced. */
  private busy = false
  /** The leader was asked to give up the fetch that it keeps. */
  private hurried = false
  private scheduled = false
  private timer: Timer | null = null
  private closed = false

  constructor(options: LeaderFetcherOptions) {
    this.options = options
    this.fetcher = new ReplicaFetcher(options)
  }

  get size(): number {
    return this.fetcher.size
  }

  /** The replica is as durable as its next fetch will say. */
  assign(replica: Replica): void {
    this.fetcher.assign(replica)
    this.schedule()
  }

  remove(topicId: string, index: number): void {
    this.fetcher.remove(topicId, index)
  }

  close(): void {
    this.closed = true
    this.timer?.cancel()
  }

  /** Many partitions come at once after a failover: they share a request. */
  private schedule(): void {
    if (this.scheduled || this.closed) return
    this.scheduled = true
    this.options.clock.turnEnd(() => {
      this.scheduled = false
      if (this.busy) this.hurry()
      else this.drive()
    })
  }

  private drive(): void {
    if (this.busy || this.closed) return
    const { clock, channel, maxWaitMs, timeoutMs } = this.options
    const request = this.fetcher.next(clock.monotonic())
    if (request === null) return this.sleep()
    this.busy = true
    this.hurried = false
    const answered = (response: FetchResponse | null): void => this.answered(response)
    const way = channel()
    if (way === null) clock.turnEnd(() => answered(null))
    else way.request(Fetch, request, maxWaitMs + timeoutMs, (_error, response) => answered(response))
    this.sleep()
  }

  private answered(response: FetchResponse | null): void {
    if (this.closed) return
    const nowMs = this.options.clock.monotonic()
    if (response === null) this.fetcher.failed(nowMs)
    const changed = response === null ? [] : this.fetcher.received(response, nowMs)
    let waiting = 1
    const persisted = (): void => {
      waiting -= 1
      if (waiting > 0) return
      this.busy = false
      this.drive()
    }
    for (const replica of changed) {
      waiting += 1
      replica.persist(persisted)
    }
    persisted()
  }

  /** Until something that rests is to be asked for again. */
  private sleep(): void {
    const { clock } = this.options
    const nowMs = clock.monotonic()
    const wakeAtMs = this.fetcher.wakeAtMs(nowMs)
    this.timer?.cancel()
    this.timer = null
    if (wakeAtMs === Number.POSITIVE_INFINITY) return
    this.timer = clock.after(wakeAtMs - nowMs, () => {
      this.timer = null
      this.schedule()
    })
  }

  /**
   * Something is to be asked for that the fetch in flight does not name, and the leader may keep that one for a while. A
   * fetch of nothing makes it answer: a broker waits with one fetch at a time.
   */
  private hurry(): void {
    if (this.hurried) return
    this.hurried = true
    const nothing: FetchRequest = { ...this.fetcher.nothing(), maxWaitMs: 0, minBytes: 0 }
    this.options.channel()?.request(Fetch, nothing, this.options.timeoutMs, () => undefined)
  }
}
