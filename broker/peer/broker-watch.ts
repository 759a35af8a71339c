/**
 * Keeps a connection to each broker that has a session, for nothing but to see it break: the kernel of a dead process closes
 * it at once. When it cannot be made again the broker is gone; when it can, something is wrong with it or with the network.
 */
import type { BrokerWatch } from '../controller/duties.ts'
import type { BrokerView } from '../controller/view.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Connection, Network } from '../ports/network.ts'
import type { PeerAddress } from './channel.ts'

/** A host that does not answer at all is left to the session's timeout; nobody waits for this one (ms). */
const CONNECT_TIMEOUT_MS = 2_000

/** Before the next connection, when one was made and broke (ms). */
const PAUSE_MS = 100

export interface PeerWatchOptions {
  readonly network: Network
  readonly clock: Clock
  readonly addressOf: (brokerId: number) => PeerAddress | null
  /** Nothing listens there any more. */
  readonly gone: (brokerId: number, brokerEpoch: number) => void
  /** The connection broke and could be made again. */
  readonly shaky: (brokerId: number) => void
}

interface Watched {
  readonly brokerId: number
  readonly brokerEpoch: number
  connection: Connection | null
  timer: Timer | null
  /** A connection had been made and is gone. */
  hasBroken: boolean
}

export class PeerWatch implements BrokerWatch {
  private readonly options: PeerWatchOptions
  private readonly watched = new Map<number, Watched>()
  /** Uptimes that were taken for gone and came back: hints about them are worth nothing. One per broker. */
  private readonly mistaken = new Map<number, number>()

  constructor(options: PeerWatchOptions) {
    this.options = options
  }

  watch({ id, epoch }: Pick<BrokerView, 'id' | 'epoch'>): void {
    if (this.watched.get(id)?.brokerEpoch === epoch) return
    this.unwatch(id)
    if (this.mistaken.get(id) === epoch) return
    const watched: Watched = { brokerId: id, brokerEpoch: epoch, connection: null, timer: null, hasBroken: false }
    this.watched.set(id, watched)
    this.connect(watched)
  }

  unwatch(brokerId: number): void {
    const watched = this.watched.get(brokerId)
    if (watched === undefined) return
    this.watched.delete(brokerId)
    watched.timer?.cancel()
    watched.connection?.destroy()
  }

  close(): void {
    for (const brokerId of [...this.watched.keys()]) this.unwatch(brokerId)
  }

  private isCurrent(watched: Watched): boolean {
    return this.watched.get(watched.brokerId) === watched
  }

  private connect(watched: Watched): void {
    const { network, addressOf, gone, shaky } = this.options
    const { brokerId, brokerEpoch } = watched
    const address = addressOf(brokerId)
    if (address === null) return
    network.connect({ ...address, timeoutMs: CONNECT_TIMEOUT_MS }, (error, connection) => {
      if (!this.isCurrent(watched)) {
        connection?.destroy()
        return
      }
      if (connection === null) {
        if (!isRefusal(error)) return this.tryLater(watched)
        this.mistaken.set(brokerId, brokerEpoch)
        this.unwatch(brokerId)
        gone(brokerId, brokerEpoch)
        return
      }
      if (watched.hasBroken) shaky(brokerId)
      this.keep(watched, connection)
    })
  }

  private keep(watched: Watched, connection: Connection): void {
    watched.connection = connection
    connection.handlers = {
      onData: () => undefined,
      onDrain: () => undefined,
      onClose: () => {
        if (!this.isCurrent(watched) || watched.connection !== connection) return
        watched.connection = null
        const isFirst = !watched.hasBroken
        watched.hasBroken = true
        if (isFirst) this.connect(watched)
        else this.tryLater(watched)
      },
    }
  }

  private tryLater(watched: Watched): void {
    watched.timer = this.options.clock.after(PAUSE_MS, () => this.connect(watched))
  }
}

/** The host answered that nobody listens: the process has ended, or is about to. */
export function isRefusal(error: Error | null): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return code === 'ECONNREFUSED' || code === 'ECONNRESET'
}
