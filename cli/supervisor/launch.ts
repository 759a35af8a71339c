/** A supervised cluster for a command that needs one while it runs: `demo`, `with`. */
import { UsageError } from '../errors.ts'
import { planCluster } from './plan.ts'
import { choosePorts } from './ports.ts'
import { Supervisor, type SupervisorListener } from './supervisor.ts'

const HOST = '127.0.0.1'

export interface LaunchOptions {
  readonly brokers: number
  /** Null = in memory. */
  readonly dataDir: string | null
}

export interface LaunchedCluster extends AsyncDisposable {
  /** host:port of every broker, comma separated. */
  readonly bootstrap: string
  readonly supervisor: Supervisor
}

/** Resolves when every broker serves. Throws UsageError when one cannot. */
export async function launchCluster(
  options: LaunchOptions,
  listener: SupervisorListener = {},
): Promise<LaunchedCluster> {
  const { brokers, dataDir } = options
  const ports = await choosePorts({ brokers, host: HOST, port: 0, peerPort: undefined, httpPort: null })
  const plans = planCluster({ ports, host: HOST, advertisedHost: null, dataDir, args: [] })
  let wholeNow = () => {}
  let why = ''
  const whole = new Promise<void>((resolve) => {
    wholeNow = resolve
  })
  const supervisor = new Supervisor(plans, {
    ...listener,
    whole: () => wholeNow(),
    refused: (_, lastLines) => {
      why = (lastLines.at(-1) ?? 'it did not say why').replace(/^millrace: /, '')
    },
  })
  supervisor.start()
  const failed = supervisor.ended.then(() => Promise.reject(new UsageError(`the brokers did not start: ${why}`)))
  await Promise.race([whole, failed])
  // From here on the end is awaited by whoever stops it.
  failed.catch(() => {})
  return {
    bootstrap: supervisor.bootstrap(HOST),
    supervisor,
    [Symbol.asyncDispose]: async () => void (await supervisor.stop()),
  }
}
