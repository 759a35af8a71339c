import type { OpenSocket } from './network/socket.ts'

/** Every asynchronous call takes this; an aborted call rejects with AbortError, work already sent may still take effect. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined
}

export interface ClientOptions {
  /** Bootstrap brokers, `host:port`: a list, or one string separated by commas. */
  readonly brokers: readonly string[] | string
  /** Name in the broker's logs and metrics. @default 'millrace' */
  readonly clientId?: string
  /** Failure-domain label for reading from the nearest replica (KIP-392). @default none */
  readonly rack?: string
  /** @default 10000 */
  readonly connectTimeoutMs?: number
  /** Longest wait for one answer; then the connection is dropped and the outcome is unknown. @default 30000 */
  readonly requestTimeoutMs?: number
  /** Longest time a call may spend on retries, for calls without a deadline of their own. @default 60000 */
  readonly apiTimeoutMs?: number
  /** Age after which metadata is fetched again without need. @default 300000 */
  readonly metadataMaxAgeMs?: number
  /** First pause before a retry or a reconnection; doubles, with 20 % jitter. @default 100 (KIP-580) */
  readonly retryBackoffMs?: number
  /** Longest pause between retries. @default 1000 */
  readonly retryBackoffMaxMs?: number
  /** May asking for a topic's metadata create it, if the broker allows. @default true */
  readonly autoCreateTopics?: boolean
  /** Largest answer accepted. @default 104857600 */
  readonly maxResponseBytes?: number
  /** Warnings that have no caller to go to: a background commit failed, a consumed topic does not exist. @default none */
  readonly onWarning?: (error: Error) => void
  /** Opens the sockets: another way to the brokers than TCP, as a simulated network is. @default TCP */
  readonly openSocket?: OpenSocket
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
