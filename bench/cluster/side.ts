/** Three brokers of one kind, started alike, killed alike: `millrace cluster` as users start it, and Kafka by the rig. */
import { spawn } from 'node:child_process'
import { atEnd } from '../support/cleanup.ts'
import { costOf, root, scratchDirectory } from '../support/process.ts'
import { freePort, type Rig } from '../vs-kafka/rig.ts'

export const BROKERS = 3

export interface RunningBroker {
  readonly nodeId: number
  readonly port: number
  readonly pid: number
}

export interface ClusterSide extends AsyncDisposable {
  readonly name: 'millrace' | 'kafka'
  /** Milliseconds from the start of the first process until all brokers serve. */
  readonly startMs: number
  /** Those that serve now. */
  brokers(): readonly RunningBroker[]
  /** kill -9; returns when the signal is sent. */
  kill(nodeId: number): void
  /** Resolves when all brokers serve again. */
  whole(): Promise<void>
  residentBytes(): number
  /** Of all brokers since they started; those killed are forgotten. */
  cpuSeconds(): number
}

/** The supervisor of `millrace cluster` starts again what is killed. */
export async function startOurs(
  durability: 'fsync' | 'page-cache',
  overrides: readonly string[] = [],
): Promise<ClusterSide> {
  const directory = scratchDirectory('cluster')
  const launched = performance.now()
  const child = spawn(
    process.execPath,
    [
      ...['dist/cli/bin.cjs', 'cluster', '--brokers', String(BROKERS), '--port', '0', '--http-port', '0'],
      ...['--data-dir', directory.path, '--durability', durability],
      ...overrides.flatMap((override) => ['--override', override]),
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const stopNow = atEnd(() => void child.kill('SIGTERM'))
  const serving = new Map<number, RunningBroker>()
  const waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  child.once('exit', (code) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`millrace cluster ended with ${code}`))
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) {
      const match = /^ready kafka=\S+:(\d+) .*node=(\d+) pid=(\d+)$/.exec(line)
      if (match === null) continue
      const [port, nodeId, pid] = match.slice(1).map(Number) as [number, number, number]
      serving.set(nodeId, { nodeId, port, pid })
    }
    if (serving.size === BROKERS) for (const { resolve } of waiting.splice(0)) resolve()
  })
  const whole = () =>
    new Promise<void>((resolve, reject) => {
      if (serving.size === BROKERS) resolve()
      else waiting.push({ resolve, reject })
    })
  await whole()
  const startMs = performance.now() - launched
  return {
    name: 'millrace',
    startMs,
    ...sums(() => [...serving.values()]),
    kill(nodeId) {
      const broker = serving.get(nodeId)
      serving.delete(nodeId)
      if (broker !== undefined) process.kill(broker.pid, 'SIGKILL')
    },
    whole,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      stopNow()
      await ended
      directory.remove()
    },
  }
}

/** Each broker of the rig takes two ports, ten apart from the next. */
export async function startTheirs(rig: Rig, properties: readonly string[]): Promise<ClusterSide> {
  const port = await freePorts()
  const launched = performance.now()
  const pids = await rig.startMany(BROKERS, port, properties)
  const startMs = performance.now() - launched
  const serving = new Map(pids.map((pid, nodeId) => [nodeId, { nodeId, port: port + 10 * nodeId, pid }]))
  const killed = new Set<number>()
  return {
    name: 'kafka',
    startMs,
    ...sums(() => [...serving.values()]),
    kill(nodeId) {
      const broker = serving.get(nodeId)
      if (broker === undefined) return
      serving.delete(nodeId)
      killed.add(nodeId)
      process.kill(broker.pid, 'SIGKILL')
    },
    async whole() {
      for (const nodeId of killed) {
        const pid = await rig.restart(nodeId)
        serving.set(nodeId, { nodeId, port: port + 10 * nodeId, pid })
      }
      killed.clear()
    },
    [Symbol.asyncDispose]: async () => rig.stop(),
  }
}

function sums(brokers: () => readonly RunningBroker[]): Pick<ClusterSide, 'brokers' | 'residentBytes' | 'cpuSeconds'> {
  const sum = (of: (pid: number) => number) => brokers().reduce((total, { pid }) => total + of(pid), 0)
  return {
    brokers,
    residentBytes: () => sum((pid) => costOf(pid).residentBytes()),
    cpuSeconds: () => sum((pid) => costOf(pid).cpuSeconds()),
  }
}

async function freePorts(): Promise<number> {
  for (;;) {
    const port = await freePort(0)
    const wanted = Array.from({ length: BROKERS }, (_, index) => [port + 10 * index, port + 10 * index + 1]).flat()
    const free = await Promise.all(wanted.map((one) => freePort(one).catch(() => 0)))
    if (free.every((one) => one > 0)) return port
  }
}
