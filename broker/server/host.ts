import type { ReaderOptions } from '../../proto/kafka/reader.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger, Services } from '../services.ts'
import type { ClientConnection } from './connection.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { ReplyWriters } from './output.ts'
import type { AssemblyPool, ChunkLender } from './receiver.ts'

/** What a connection needs from the server that accepted it. */
export interface ConnectionHost {
  readonly dispatcher: Dispatcher
  readonly services: Services
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: ServerLimits
  /** Memory for frames that arrive in parts. */
  readonly assembly: AssemblyPool
  /** The log's, for large frames; null = they are put together like the others. */
  readonly chunks: ChunkLender | null
  /** Memory for replies. */
  readonly writers: ReplyWriters
  /** How requests are read. */
  readonly readerOptions: ReaderOptions
  /** Host and port of this node as clients see it. */
  readonly listener: string
  /** Monotonic time: one look at the clock serves all that is read in a turn, another one all that its end completes. */
  turnMs(): number
  /** So many bytes have been read and worked on; the turn may end within the call. */
  took(bytes: number): void
  /** Asks for `flush` at the end of this turn. */
  markDirty(connection: ClientConnection): void
  /** False: replies over all connections are at their ceiling; the connection is flushed again once they are not. */
  mayReserve(connection: ClientConnection): boolean
  replyBytesChanged(change: number): void
  partialBytesChanged(change: number): void
  removed(connection: ClientConnection, partialBytes: number): void
  countClosed(reason: string): void
  /** Logs a closed peer, a few times a second at most; `fields` may hold client input, the message never does. */
  logPeer(address: string, reason: string, fields: object): void
}

/** The ceilings of `broker/limits.ts` and the options that concern connections; tests give smaller ones. */
export interface ServerLimits {
  /** `socket.request.max.bytes`. */
  readonly requestBytesMax: number
  readonly requestsInFlightMax: number
  readonly requestBytesInFlightMax: number
  readonly replyBytesMax: number
  /** Bytes handed to a socket at once. */
  readonly writeBytesMax: number
  readonly brokerReplyBytesMax: number
  readonly brokerPartialBytesMax: number
  readonly unreadTimeoutMs: number
  /** `connections.max.idle.ms`; -1 = never. */
  readonly idleTimeoutMs: number
  readonly connectionsMax: number
  readonly drainTimeoutMs: number
}
