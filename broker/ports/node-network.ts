/** TCP sockets of Node behind the Network port. One system call per write; never queues more than the caller hands over. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Connection, ConnectOptions, Listener, ListenOptions, Network } from './network.ts'
import { receiveShared } from './node-receive.ts'

/** Buffers smaller than this are joined with their neighbours: a copy costs less than one more element of a `writev` (bytes). */
const SMALL_BYTES = 4096

/** The same bytes in fewer buffers: runs of small ones become one, large ones stay as they are. */
function joinSmall(buffers: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = []
  let run: Buffer[] = []
  const endRun = () => {
    if (run.length > 0) joined.push(run.length === 1 ? (run[0] as Buffer) : Buffer.concat(run))
    run = []
  }
  for (const buffer of buffers) {
    if (buffer.length < SMALL_BYTES) {
      run.push(buffer)
    } else {
      endRun()
      joined.push(buffer)
    }
  }
  endRun()
  return joined
}

class NodeConnection implements Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  handlers: Connection['handlers'] = { onData: () => {}, onDrain: () => {}, onClose: () => {} }
  private readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
    this.remoteAddress = socket.remoteAddress ?? ''
    this.remotePort = socket.remotePort ?? 0
    const onData = (chunk: Buffer) => this.handlers.onData(chunk)
    const target = () => this.handlers.target?.() ?? null
    if (!receiveShared(socket, onData, target)) socket.on('data', onData)
    socket.on('drain', () => this.handlers.onDrain())
    // What failed does not matter here: 'close' follows, and the peer is gone either way.
    socket.on('error', () => {})
    socket.on('close', () => this.handlers.onClose())
  }

  get bufferedBytes(): number {
    return this.socket.writableLength
  }

  write(buffers: readonly Buffer[], taken?: () => void): void {
    const { socket } = this
    if (!socket.writable) return
    const done = taken === undefined ? undefined : (error?: Error | null) => (error ? undefined : taken())
    const joined = buffers.length === 1 ? buffers : joinSmall(buffers)
    const last = joined.length - 1
    if (last > 0) socket.cork()
    for (let index = 0; index < last; index += 1) socket.write(joined[index] as Buffer)
    socket.write(joined[last] as Buffer, done)
    if (last > 0) socket.uncork()
  }

  pauseReading(): void {
    this.socket.pause()
  }

  resumeReading(): void {
    this.socket.resume()
  }

  end(): void {
    this.socket.destroySoon()
  }

  destroy(): void {
    this.socket.destroy()
  }
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => {
      server.off('error', reject)
      // An accept that fails later (EMFILE) is a connection that was not made: the clients retry.
      server.on('error', () => {})
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

/** The host has no such address family or address: not an error when another one is bound. */
function isMissingFamily(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EINVAL'
}

class NodeNetwork implements Network {
  async listen(options: ListenOptions, onConnection: (connection: Connection) => void): Promise<Listener> {
    // With port 0 the second family may find the port taken by a stranger: draw again.
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.listenOnce(options, onConnection)
      } catch (error) {
        if (options.port !== 0 || attempt === 5 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      }
    }
  }

  connect(options: ConnectOptions, done: (error: Error | null, connection: Connection | null) => void): void {
    const { host, port, timeoutMs } = options
    const socket = connect({ host, port, noDelay: true, keepAlive: true })
    const failed = (error: Error) => done(error, null)
    socket.once('error', failed)
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new Error(`${host}:${port} did not accept within ${timeoutMs} ms`)),
    )
    socket.once('connect', () => {
      socket.off('error', failed)
      socket.setTimeout(0)
      done(null, new NodeConnection(socket))
    })
  }

  private async listenOnce(options: ListenOptions, onConnection: (connection: Connection) => void): Promise<Listener> {
    const servers: Server[] = []
    let { port } = options
    let missing: unknown
    try {
      for (const host of options.hosts) {
        const server = createServer({ noDelay: true, keepAlive: true }, (socket) =>
          onConnection(new NodeConnection(socket)),
        )
        server.maxConnections = options.maxConnections
        if (options.onDropped !== undefined) server.on('drop', options.onDropped)
        try {
          port = await listenOn(server, host, port)
          servers.push(server)
        } catch (error) {
          if (!isMissingFamily(error)) throw error
          missing = error
        }
      }
    } catch (error) {
      await Promise.all(servers.map(close))
      throw error
    }
    if (servers.length === 0) throw missing ?? new Error('no address to listen on')
    return {
      port,
      close: async () => {
        // Node's close waits for the connections, which the broker ends itself: only the stop of listening counts here.
        for (const server of servers) server.close()
        await new Promise((resolve) => setImmediate(resolve))
      },
    }
  }
}

export const nodeNetwork: Network = new NodeNetwork()
