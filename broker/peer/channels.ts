/**
 * The ways to the other brokers: one channel per broker and purpose, so that a fetch that its leader keeps for a while holds
 * up neither votes nor heartbeats. Addresses come from the configured voters, for others from the registrations, and before
 * there are any from the quorum.
 */
import type { Voter } from '../config/voters.ts'
import type { MetadataView } from '../controller/view.ts'
import type { Clock } from '../ports/clock.ts'
import type { Network } from '../ports/network.ts'
import type { Random } from '../ports/random.ts'
import { type PeerAddress, PeerChannel } from './channel.ts'

/**
 * `quorum`: Raft's messages. `control`: registration, heartbeats, in-sync sets. `forward`: requests of clients that the
 * active controller answers. `fetch`: replica fetches.
 */
export type PeerPurpose = 'quorum' | 'control' | 'forward' | 'fetch'

/** Longest wait for a connection (ms): within one machine or one site it takes one round trip. */
const CONNECT_TIMEOUT_MS = 2_000

/** Pause after a connection that failed (ms): short, since a broker that restarts is wanted at once. */
const BACKOFF_MS = 20
const BACKOFF_MAX_MS = 500

export interface PeerChannelsOptions {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly nodeId: number
  /** The voters that this node was started with. */
  readonly configured: readonly Voter[]
  /** The voters of the quorum, as far as known here. */
  readonly voters: () => readonly Voter[]
  /** The metadata as applied here. */
  readonly metadata: () => Pick<MetadataView, 'broker'>
}

export class PeerChannels {
  private readonly options: PeerChannelsOptions
  /** By `node purpose`: as many as brokers times purposes. */
  private readonly channels = new Map<string, PeerChannel>()
  private readonly listeners: ((nodeId: number) => void)[] = []
  private closed = false

  constructor(options: PeerChannelsOptions) {
    this.options = options
  }

  /** Null for this node itself, when nobody knows where the other one is, and after `close`. */
  to(nodeId: number, purpose: PeerPurpose): PeerChannel | null {
    const address = this.addressOf(nodeId, purpose)
    if (address === null || this.closed) return null
    const key = `${nodeId} ${purpose}`
    const present = this.channels.get(key)
    if (present?.address.host === address.host && present.address.port === address.port) return present
    present?.close()
    const { network, clock, random } = this.options
    const channel = new PeerChannel({
      network,
      clock,
      random,
      address,
      clientId: `broker-${this.options.nodeId}-${purpose}`,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      backoffMs: BACKOFF_MS,
      backoffMaxMs: BACKOFF_MAX_MS,
      onDown: () => this.wentDown(nodeId),
    })
    this.channels.set(key, channel)
    return channel
  }

  /** Where the other node listens for brokers; null when nobody knows, and for this node. */
  addressOf(nodeId: number, purpose: PeerPurpose): PeerAddress | null {
    const { metadata, voters, configured } = this.options
    if (nodeId === this.options.nodeId) return null
    // Whoever starts a cluster on other addresses has said so to every node: what the logs say is older.
    const told = configured.find(({ id }) => id === nodeId)
    if (told !== undefined) return told
    const voter = voters().find(({ id }) => id === nodeId)
    // The quorum must find itself before there is metadata, and with old metadata.
    if (purpose === 'quorum' && voter !== undefined) return voter
    const broker = metadata().broker(nodeId)
    if (broker !== undefined && broker.peerPort > 0) return { host: broker.peerHost, port: broker.peerPort }
    return voter ?? null
  }

  /** A connection to the node that had been made is gone: a hint that it may be dead. Told for each connection. */
  onDown(listener: (nodeId: number) => void): void {
    this.listeners.push(listener)
  }

  /** Ends every connection; what is in flight fails. Idempotent. */
  close(): void {
    this.closed = true
    for (const channel of this.channels.values()) channel.close()
  }

  private wentDown(nodeId: number): void {
    for (const listener of this.listeners) listener(nodeId)
  }
}
