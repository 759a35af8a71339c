/**
 * Which brokers live, and how far they have applied the metadata, as far as the active controller knows. A heartbeat renews
 * a session; silence, or a hint followed by shorter silence, ends it. Ending one is always safe: a broker that lives after
 * all is fenced, hears so, and is unfenced again. Pure.
 */
import type { BrokerUptime } from './broker-life.ts'

export interface BrokerSessionsOptions {
  /** The controller's own broker: it is silent only when the controller is, and so is never taken for dead. */
  readonly nodeId: number
  /** `broker.session.timeout.ms`. */
  readonly sessionTimeoutMs: number
  /** Silence that is enough after a hint of death (ms): a live broker has sent a heartbeat or two by then. */
  readonly suspectTimeoutMs: number
}

/** Of a session's length: before sessions end one by one, and long enough for a live broker on a busy machine. */
const SETTLED_SHARE = 0.8

interface Session {
  brokerEpoch: number
  deadlineMs: number
  /** Metadata applied there, as its last heartbeat said; -1 before the first. */
  metadataOffset: number
  /** Where the metadata was when it began to shut down; null unless it does. */
  shutdownOffset: number | null
  /** False for a broker that this controller only knows from the metadata. */
  isHeard: boolean
  /** Its last heartbeat named no replica without room. */
  hasRoom: boolean
}

export class BrokerSessions {
  private readonly options: BrokerSessionsOptions
  private readonly sessions = new Map<number, Session>()
  private openedMs = Number.NEGATIVE_INFINITY
  private sooner: () => void = () => {}

  constructor(options: BrokerSessionsOptions) {
    this.options = options
  }

  /** This node has become the active controller, and has heard nobody yet. */
  open(nowMs: number): void {
    this.openedMs = nowMs
  }

  /**
   * A broker that is not fenced gets a full session unless this uptime of it has one: when it has just been unfenced
   * (`isHeard`), and when the controller has just become active.
   */
  begin(brokerId: number, brokerEpoch: number, nowMs: number, isHeard = true): void {
    if (this.sessions.get(brokerId)?.brokerEpoch === brokerEpoch) return
    const deadlineMs = this.deadline(brokerId, nowMs)
    const unknown = { metadataOffset: -1, shutdownOffset: null, hasRoom: true }
    this.sessions.set(brokerId, { brokerEpoch, deadlineMs, isHeard, ...unknown })
  }

  /** Brokers that have been silent since this node became the active controller, but for `brokerId`. */
  silent(brokerId: number): BrokerUptime[] {
    const silent: BrokerUptime[] = []
    for (const [id, { brokerEpoch, isHeard }] of this.sessions) {
      if (!isHeard && id !== brokerId) silent.push({ brokerId: id, brokerEpoch })
    }
    return silent
  }

  /** Whoever lives has had the time to be heard since this node became the active controller. */
  isSettled(nowMs: number): boolean {
    return nowMs - this.openedMs >= this.options.sessionTimeoutMs * SETTLED_SHARE
  }

  /** A heartbeat. One of an earlier uptime, or of a broker without a session, renews nothing. */
  heard(brokerId: number, brokerEpoch: number, metadataOffset: number, nowMs: number, hasRoom = true): void {
    const session = this.sessions.get(brokerId)
    if (session?.brokerEpoch !== brokerEpoch) return
    session.deadlineMs = this.deadline(brokerId, nowMs)
    session.metadataOffset = metadataOffset
    session.isHeard = true
    session.hasRoom = hasRoom
  }

  /** Whether another broker has been heard, and has room. */
  get hasRoomElsewhere(): boolean {
    return [...this.sessions].some(([id, { isHeard, hasRoom }]) => id !== this.options.nodeId && isHeard && hasRoom)
  }

  /** Called when a hint has brought `deadlineMs` nearer. */
  onSooner(listener: () => void): void {
    this.sooner = listener
  }

  /** Its connection broke, or refuses to be made: a hint, and no more than that. */
  suspect(brokerId: number, nowMs: number): void {
    const session = this.sessions.get(brokerId)
    const deadlineMs = nowMs + this.options.suspectTimeoutMs
    if (session === undefined || session.deadlineMs <= deadlineMs) return
    session.deadlineMs = deadlineMs
    this.sooner()
  }

  /** The hint was as good as proof, or nobody could have been heard: the session is over, or begins anew. */
  expire(brokerId: number, brokerEpoch: number, nowMs: number): void {
    const session = this.sessions.get(brokerId)
    if (session?.brokerEpoch === brokerEpoch && brokerId !== this.options.nodeId) session.deadlineMs = nowMs
  }

  /** This process stood still, so that it could hear nobody: everybody gets a full session. */
  renewAll(nowMs: number): void {
    for (const [brokerId, session] of this.sessions) session.deadlineMs = this.deadline(brokerId, nowMs)
  }

  /** The broker hands its leaders over since the metadata was there. The first call counts. */
  shuttingDown(brokerId: number, metadataOffset: number): void {
    const session = this.sessions.get(brokerId)
    if (session !== undefined) session.shutdownOffset ??= metadataOffset
  }

  /** Null unless it shuts down. */
  shutdownOffset(brokerId: number): number | null {
    return this.sessions.get(brokerId)?.shutdownOffset ?? null
  }

  /** What every live broker that stays has applied; infinity when there is none. */
  lowestOffset(): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const { metadataOffset, shutdownOffset } of this.sessions.values()) {
      if (shutdownOffset === null) lowest = Math.min(lowest, metadataOffset)
    }
    return lowest
  }

  /** Whether this broker has been heard, or may still be. An earlier uptime of the own one ended with the process before. */
  isLive(brokerId: number, nowMs: number): boolean {
    const session = this.sessions.get(brokerId)
    if (session === undefined || session.deadlineMs <= nowMs) return false
    return session.isHeard || brokerId !== this.options.nodeId
  }

  /** Brokers with a session. */
  ids(): Iterable<number> {
    return this.sessions.keys()
  }

  /** Fenced, unregistered, or stopped by its own wish. */
  end(brokerId: number): void {
    this.sessions.delete(brokerId)
  }

  /** No longer the active controller: whoever is keeps its own account. */
  clear(): void {
    this.sessions.clear()
  }

  /** Brokers whose time is up, with the uptime that has to be fenced. They stay until `end`. */
  expired(nowMs: number): BrokerUptime[] {
    const late: BrokerUptime[] = []
    for (const [brokerId, { brokerEpoch, deadlineMs }] of this.sessions) {
      if (deadlineMs <= nowMs) late.push({ brokerId, brokerEpoch })
    }
    return late
  }

  /** When to look at `expired` next; infinity when nobody's time can be up. */
  get deadlineMs(): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const session of this.sessions.values()) deadline = Math.min(deadline, session.deadlineMs)
    return deadline
  }

  private deadline(brokerId: number, nowMs: number): number {
    return brokerId === this.options.nodeId ? Number.POSITIVE_INFINITY : nowMs + this.options.sessionTimeoutMs
  }
}
