/** One member of a classic group. Owns its parked join and sync; answering them is the business of `group.ts`. */
import type { Done, JoinResult, MemberProtocol, SyncResult } from './api.ts'
import type { Timer } from './timers.ts'

export const EMPTY_BYTES: Buffer = Buffer.alloc(0)

/** What a member costs besides its own bytes: the object, its ids, timer and map entries. */
const MEMBER_OVERHEAD_BYTES = 1024

export interface MemberIdentity {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly protocolType: string
}

export class Member {
  readonly id: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly protocolType: string
  /** Expires the session; scheduled while the member owes a heartbeat. */
  readonly session: Timer
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  /** In the member's order of preference, each name once. */
  protocols: readonly MemberProtocol[]
  assignment: Buffer = EMPTY_BYTES
  awaitingJoin: Done<JoinResult> | null = null
  awaitingSync: Done<SyncResult> | null = null
  /** Joined, but not part of a generation yet: it expires even while its join is parked. */
  isNew = false

  constructor(
    identity: MemberIdentity,
    timeouts: { readonly sessionTimeoutMs: number; readonly rebalanceTimeoutMs: number },
    protocols: readonly MemberProtocol[],
    session: Timer,
  ) {
    this.id = identity.memberId
    this.groupInstanceId = identity.groupInstanceId
    this.clientId = identity.clientId
    this.clientHost = identity.clientHost
    this.protocolType = identity.protocolType
    this.sessionTimeoutMs = timeouts.sessionTimeoutMs
    this.rebalanceTimeoutMs = timeouts.rebalanceTimeoutMs
    this.protocols = protocols
    this.session = session
  }

  /** A member whose request is parked shows that it lives; a newcomer has no id to heartbeat with, so it does not count. */
  get hasSatisfiedHeartbeat(): boolean {
    return !this.isNew && (this.awaitingJoin !== null || this.awaitingSync !== null)
  }

  /** Bytes this member counts for in the budget. */
  get costBytes(): number {
    let bytes = MEMBER_OVERHEAD_BYTES + this.assignment.length
    for (const protocol of this.protocols) bytes += 2 * protocol.name.length + protocol.metadata.length
    return bytes
  }

  /** The subscription for one protocol; null when the member does not speak it. */
  metadataFor(protocolName: string): Buffer | null {
    for (const protocol of this.protocols) if (protocol.name === protocolName) return protocol.metadata
    return null
  }

  /** Whether a rejoin brings the very same protocols, in the same order. */
  hasSameProtocols(protocols: readonly MemberProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every((protocol, i) => {
        const mine = this.protocols[i] as MemberProtocol
        return mine.name === protocol.name && mine.metadata.equals(protocol.metadata)
      })
    )
  }

  /** The member's favourite among the protocols that all members speak. */
  vote(candidates: ReadonlySet<string>): string {
    for (const protocol of this.protocols) if (candidates.has(protocol.name)) return protocol.name
    throw new Error('a member of the group speaks none of the common protocols')
  }
}

/** Keeps the first of each name, and copies what would pin a whole request frame (DESIGN 2.7). */
export function ownProtocols(protocols: readonly MemberProtocol[]): MemberProtocol[] {
  const byName = new Map<string, MemberProtocol>()
  for (const { name, metadata } of protocols) {
    if (!byName.has(name)) byName.set(name, { name, metadata: ownBytes(metadata) })
  }
  return [...byName.values()]
}

/** A buffer that may be kept: itself when it fills at least half of its chunk, else a copy. */
export function ownBytes(bytes: Buffer): Buffer {
  if (bytes.length === 0) return EMPTY_BYTES
  if (bytes.length * 2 >= bytes.buffer.byteLength) return bytes
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
