/** Ports that nodes must know of each other before any of them has started. */
import type { Connection, Listener, Network } from './network.ts'
import type { Random } from './random.ts'

/** Below the range that systems take the ports of outgoing connections from: a port stays free while its node is down. */
const LOWEST = 10_000
const HIGHEST = 29_999

/** Draws before giving up: a machine where this many in a row are taken has no room. */
const ATTEMPTS = 100

export interface ReservedPort {
  readonly port: number
  /** Hands the bound port over, once; connections before that are closed. */
  take(onConnection: (connection: Connection) => void): Listener
  /** Frees the port. */
  release(): Promise<void>
}

/** Binds a free port and keeps it. Rejects with the system's error when there is none. */
export async function reservePort(
  network: Pick<Network, 'listen'>,
  random: Pick<Random, 'uint32'>,
  hosts: readonly string[],
): Promise<ReservedPort> {
  let owner = (connection: Connection) => connection.destroy()
  for (let attempt = 1; ; attempt += 1) {
    const port = LOWEST + (random.uint32() % (HIGHEST - LOWEST + 1))
    try {
      const options = { hosts, port, maxConnections: Number.MAX_SAFE_INTEGER }
      const listener = await network.listen(options, (connection) => owner(connection))
      return {
        port,
        take(onConnection) {
          owner = onConnection
          return listener
        },
        release: () => listener.close(),
      }
    } catch (error) {
      if (attempt === ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}
