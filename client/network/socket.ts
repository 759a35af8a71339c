import { connect } from 'node:net'
import type { HostPort } from '../config.ts'

/** A stream of bytes to one broker, as `Connection` writes to it. */
export interface ClientSocket {
  /** Keeps what is written until `uncork`, so that it leaves at once. */
  cork(): void
  uncork(): void
  write(part: Buffer): void
  /** Closes at once. */
  destroy(): void
}

/** What becomes of a socket. */
export interface SocketEvents {
  connected(): void
  /** Where the next bytes shall go. */
  target(): Buffer
  /** So many bytes have been put there. */
  received(count: number): void
  /** The socket is of no use any more. */
  failed(error: Error): void
  closed(): void
}

/** Opens a socket; nothing is told before the call returns. */
export type OpenSocket = (address: HostPort, events: SocketEvents) => ClientSocket

/** TCP. */
export const openTcpSocket: OpenSocket = ({ host, port }, events) => {
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    onread: {
      buffer: () => events.target(),
      callback: (count) => {
        events.received(count)
        return true
      },
    },
  })
  socket.once('connect', () => events.connected())
  socket.on('error', (error) => events.failed(error))
  socket.on('close', () => events.closed())
  return socket
}
