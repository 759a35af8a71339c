/**
 * Finds out at once that the process of the quorum's leader has ended: the kernel closes its connections, and nothing listens
 * where it did. A hint for an election that would else wait for a timeout; never trusted.
 */
import type { Network } from '../ports/network.ts'
import { isRefusal } from './broker-watch.ts'
import type { PeerAddress } from './channel.ts'

/** A host that does not answer is left to the timeout of fetches (ms). */
const CONNECT_TIMEOUT_MS = 1_000

export interface LeaderWatchOptions {
  readonly network: Network
  /** The leader of the quorum as far as known here. */
  readonly leader: () => number
  readonly addressOf: (nodeId: number) => PeerAddress | null
  readonly leaderDown: (nodeId: number) => void
}

export class LeaderWatch {
  private readonly options: LeaderWatchOptions
  /** At most one attempt at a time. */
  private trying = false
  private closed = false

  constructor(options: LeaderWatchOptions) {
    this.options = options
  }

  /** A connection to the node broke. */
  broke(nodeId: number): void {
    const { leader, addressOf, network, leaderDown } = this.options
    if (this.closed || this.trying || nodeId !== leader()) return
    const address = addressOf(nodeId)
    if (address === null) return
    this.trying = true
    network.connect({ host: address.host, port: address.port, timeoutMs: CONNECT_TIMEOUT_MS }, (error, connection) => {
      this.trying = false
      connection?.destroy()
      if (!this.closed && connection === null && isRefusal(error)) leaderDown(nodeId)
    })
  }

  close(): void {
    this.closed = true
  }
}
