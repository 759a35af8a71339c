/** A network of one side: the test says what becomes of each connection that is asked for. */
import type { Connection, ConnectOptions, Network } from '../../../broker/ports/network.ts'

type Done = (error: Error | null, connection: Connection | null) => void

interface Attempt {
  readonly options: ConnectOptions
  readonly done: Done
}

export class FakeConnection implements Connection {
  readonly remoteAddress = ''
  readonly remotePort = 0
  readonly bufferedBytes = 0
  isDestroyed = false
  handlers: Connection['handlers'] = { onData: () => {}, onDrain: () => {}, onClose: () => {} }

  write(): void {}
  pauseReading(): void {}
  resumeReading(): void {}
  end(): void {}

  destroy(): void {
    this.isDestroyed = true
  }
}

export class FakeNetwork implements Pick<Network, 'connect'> {
  readonly attempts: Attempt[] = []

  connect(options: ConnectOptions, done: Done): void {
    this.attempts.push({ options, done })
  }

  /** The oldest attempt succeeds. */
  accept(): FakeConnection {
    const connection = new FakeConnection()
    this.next().done(null, connection)
    return connection
  }

  /** The oldest attempt fails with this system error. */
  refuse(code: string): void {
    this.next().done(Object.assign(new Error(code), { code }), null)
  }

  private next(): Attempt {
    const attempt = this.attempts.shift()
    if (attempt === undefined) throw new Error('nobody connects')
    return attempt
  }
}
