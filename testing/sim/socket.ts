import type { Connection, Network } from '../../broker/ports/network.ts'
import type { OpenSocket, SocketEvents } from '../../client/index.ts'

/** Longer than any client waits for a connection (ms): it gives up by itself. */
const CONNECT_TIMEOUT_MS = 3_600_000

/** The sockets of the client SDK on a simulated network. */
export function simulatedSockets(network: Network): OpenSocket {
  return ({ host, port }, events) => {
    let connection: Connection | null = null
    let isDestroyed = false
    let corked: Buffer[] | null = null
    network.connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS }, (error, opened) => {
      if (isDestroyed) return opened?.destroy()
      if (opened === null) return events.failed(error ?? new Error('no connection'))
      connection = opened
      opened.handlers = {
        onData: (chunk) => deliver(chunk, events),
        onDrain: () => {},
        onClose: () => events.closed(),
      }
      events.connected()
    })
    return {
      cork: () => void (corked ??= []),
      uncork: () => {
        const parts = corked ?? []
        corked = null
        if (parts.length > 0) connection?.write(parts)
      },
      write: (part) => {
        // The broker's side keeps what it is given: the client may use its memory again.
        const copy = Buffer.from(part)
        if (corked === null) connection?.write([copy])
        else corked.push(copy)
      },
      destroy: () => {
        isDestroyed = true
        connection?.destroy()
      },
    }
  }
}

function deliver(chunk: Buffer, events: SocketEvents): void {
  for (let at = 0; at < chunk.length; ) {
    const taken = chunk.copy(events.target(), 0, at)
    at += taken
    events.received(taken)
  }
}
