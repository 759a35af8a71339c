import type { ClientConfig, HostPort } from '../config.ts'
import { asMillraceError, clientError } from '../errors.ts'
import { abortable, backoffMs, sleep } from '../timing.ts'
import { Connection } from './connection.ts'
import { FrameMemory } from './frame-memory.ts'
import { negotiate } from './negotiate.ts'

/** After this long without failure an address starts over with short pauses. */
const FORGIVEN_AFTER_MS = 60_000

/** Memory of large answers kept for the next ones, all connections together. */
const MAX_IDLE_FRAME_BYTES = 32 * 1024 * 1024

interface Slot {
  connection?: Connection
  opening?: Promise<Connection>
}

interface Failures {
  count: number
  lastAtMs: number
  untilMs: number
}

/**
 * Sockets by address and channel. A channel is a purpose that must not wait behind another: a broker answers one
 * connection in order, so heartbeats do not share with a parked fetch. Failed addresses are left alone for a while.
 */
export class ConnectionPool {
  readonly #config: ClientConfig
  readonly memory = new FrameMemory(MAX_IDLE_FRAME_BYTES)
  readonly #slots = new Map<string, Slot>()
  readonly #failures = new Map<string, Failures>()
  readonly #closing = new AbortController()

  constructor(config: ClientConfig) {
    this.#config = config
  }

  /** An open, negotiated connection; waits out the pause after a failure. Rejects with CLIENT_CONNECTION. */
  get(address: HostPort, channel: string, signal?: AbortSignal): Promise<Connection> {
    const key = `${address.host}:${address.port} ${channel}`
    const slot = this.#slots.get(key)
    if (slot?.connection?.isOpen) return Promise.resolve(slot.connection)
    if (slot?.opening !== undefined) return abortable(slot.opening, signal)
    if (this.#closing.signal.aborted) return Promise.reject(clientError('CLIENT_CLOSED', 'client'))
    const fresh: Slot = {}
    this.#slots.set(key, fresh)
    fresh.opening = this.#open(address, key, fresh)
    fresh.opening.catch(() => undefined)
    return abortable(fresh.opening, signal)
  }

  /** The connection if it is open already. */
  peek(address: HostPort, channel: string): Connection | undefined {
    const connection = this.#slots.get(`${address.host}:${address.port} ${channel}`)?.connection
    return connection?.isOpen ? connection : undefined
  }

  /** Milliseconds until an address that failed is tried again; 0 for now. */
  pauseMs(address: HostPort): number {
    const failures = this.#failures.get(`${address.host}:${address.port}`)
    return failures === undefined ? 0 : Math.max(0, failures.untilMs - Date.now())
  }

  /** Closes the sockets of one channel. */
  closeChannel(channel: string): void {
    for (const [key, slot] of this.#slots) {
      if (!key.endsWith(` ${channel}`)) continue
      this.#slots.delete(key)
      this.#drop(slot)
    }
  }

  close(): void {
    this.#closing.abort()
    for (const slot of this.#slots.values()) this.#drop(slot)
    this.#slots.clear()
  }

  #drop(slot: Slot): void {
    slot.connection?.close()
    slot.opening?.then((connection) => connection.close()).catch(() => undefined)
  }

  async #open(address: HostPort, key: string, slot: Slot): Promise<Connection> {
    const name = `${address.host}:${address.port}`
    try {
      const pause = this.pauseMs(address)
      if (pause > 0) await sleep(pause, this.#closing.signal)
      const connection = await Connection.open(address, { ...this.#config, memory: this.memory })
      connection.onClose(() => {
        if (this.#slots.get(key) === slot) this.#slots.delete(key)
      })
      try {
        await negotiate(connection, Math.min(this.#config.requestTimeoutMs, this.#config.connectTimeoutMs))
      } catch (error) {
        connection.close()
        throw error
      }
      this.#failures.delete(name)
      slot.connection = connection
      delete slot.opening
      return connection
    } catch (error) {
      if (this.#slots.get(key) === slot) this.#slots.delete(key)
      this.#noteFailure(name)
      throw asMillraceError(error, name)
    }
  }

  #noteFailure(name: string): void {
    const now = Date.now()
    const known = this.#failures.get(name)
    const count = known !== undefined && now - known.lastAtMs < FORGIVEN_AFTER_MS ? known.count + 1 : 1
    const pause = backoffMs(count - 1, this.#config.retryBackoffMs, this.#config.retryBackoffMaxMs)
    this.#failures.set(name, { count, lastAtMs: now, untilMs: now + pause })
  }
}
