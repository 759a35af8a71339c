/** Sockets as the broker sees them. A connection hands over bytes as they arrive and takes whole frames. */
export interface Network {
  /** Listens; the listener's `port` is the real one when `port` is 0. Fails with the system's error (`EADDRINUSE`). */
  listen(options: ListenOptions, onConnection: (connection: Connection) => void): Promise<Listener>
  /**
   * Connects to another broker. `done` is called once, in a later turn, with the connection, whose handlers are to be set
   * during the call, or with the system's error.
   */
  connect(options: ConnectOptions, done: (error: Error | null, connection: Connection | null) => void): void
}

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
}

export interface ListenOptions {
  /** Addresses to bind, all on one port, e.g. `['127.0.0.1', '::1']`. A family that the host lacks is skipped. */
  readonly hosts: readonly string[]
  readonly port: number
  /** Connections over this count are closed at once; `onDropped` counts them (trap N4). */
  readonly maxConnections: number
  readonly onDropped?: () => void
}

export interface Listener {
  readonly port: number
  /** Stops listening; open connections stay. */
  close(): Promise<void>
}

export interface Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  /** Bytes written and not yet taken by the peer's kernel: what back-pressure is decided on. */
  readonly bufferedBytes: number
  /**
   * Sends the buffers with one system call; they belong to the connection until `taken` is called: when the kernel has
   * them all, or never, when the connection breaks before. Ignored once closed.
   */
  write(buffers: readonly Buffer[], taken?: () => void): void
  pauseReading(): void
  resumeReading(): void
  /** Flushes what was written, then closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
  /** Set once, right after the connection arrives. `onData` may use the buffer during the call only. */
  handlers: {
    onData(chunk: Buffer): void
    /** Where the next bytes should be put, if it can be chosen; null or absent = wherever. Asked after each `onData`. */
    target?(): Buffer | null
    /** What was written has drained below the socket's high-water mark. */
    onDrain(): void
    /** Called exactly once, whatever closed the connection. */
    onClose(): void
  }
}
