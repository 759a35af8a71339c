import { Option } from 'commander'
import type { Client } from '../client/index.ts'

export interface ConnectOptions {
  readonly bootstrap: string
}

/** The option every client command takes. */
export function bootstrapOption(): Option {
  return new Option('-b, --bootstrap <host:port,...>', 'brokers to connect to')
    .env('KAFKA_BOOTSTRAP_SERVERS')
    .default('127.0.0.1:9092')
}

/** Runs `work` with a client and closes it whatever happens. The SDK loads only when a command needs it. */
export async function withClient<T>(options: ConnectOptions, work: (client: Client) => Promise<T>): Promise<T> {
  const { Client } = await import('../client/index.ts')
  await using client = new Client({ brokers: options.bootstrap, clientId: 'millrace-cli' })
  return await work(client)
}

/** A signal that fires on Ctrl-C or SIGTERM; a second one ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    controller.abort(new Error(name))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
