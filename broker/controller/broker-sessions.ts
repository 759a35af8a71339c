/**
 * Which brokers the active controller takes for alive. A heartbeat renews a session; silence, or a hint followed by shorter
 * silence, ends it. Ending one is always safe: a broker that lives after all is fenced, hears so, and registers anew. Pure.
 */
export interface BrokerSessionsOptions {
  /** `broker.session.timeout.ms`. */
  readonly sessionTimeoutMs: number
  /** Silence that is enough after a hint of death (ms): a live broker has made a new connection and a heartbeat by then. */
  readonly suspectTimeoutMs: number
}

interface Session {
  brokerEpoch: number
  deadlineMs: number
}

export class BrokerSessions {
  private readonly options: BrokerSessionsOptions
  private readonly sessions = new Map<number, Session>()

  constructor(options: BrokerSessionsOptions) {
    this.options = options
  }

  /**
   * A controller that has just become active has heard nobody yet: everybody who is not fenced gets a full session. So does
   * a broker that has just been unfenced.
   */
  begin(brokerId: number, brokerEpoch: number, nowMs: number): void {
    this.sessions.set(brokerId, { brokerEpoch, deadlineMs: nowMs + this.options.sessionTimeoutMs })
  }

  /** A heartbeat. One of an earlier uptime, or of a broker without a session, renews nothing. */
  heard(brokerId: number, brokerEpoch: number, nowMs: number): void {
    const session = this.sessions.get(brokerId)
    if (session?.brokerEpoch === brokerEpoch) session.deadlineMs = nowMs + this.options.sessionTimeoutMs
  }

  /** Its connection broke, or refuses to be made: a hint, and no more than that. */
  suspect(brokerId: number, nowMs: number): void {
    const session = this.sessions.get(brokerId)
    if (session !== undefined) session.deadlineMs = Math.min(session.deadlineMs, nowMs + this.options.suspectTimeoutMs)
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
  expired(nowMs: number): { readonly brokerId: number; readonly brokerEpoch: number }[] {
    const late: { brokerId: number; brokerEpoch: number }[] = []
    for (const [brokerId, { brokerEpoch, deadlineMs }] of this.sessions) {
      if (deadlineMs <= nowMs) late.push({ brokerId, brokerEpoch })
    }
    return late
  }

  /** When to look at `expired` next; infinity when nobody has a session. */
  get deadlineMs(): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const session of this.sessions.values()) deadline = Math.min(deadline, session.deadlineMs)
    return deadline
  }
}
