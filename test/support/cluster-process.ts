/** `millrace cluster` as a process of its own, with its brokers: what their deaths and its own are tested on. */
import { spawn } from 'node:child_process'
import { type ReadyBroker, parseReady } from '../../cli/supervisor/broker-process.ts'
import { command, type Finished } from './millrace-process.ts'

export interface RunningCluster extends AsyncDisposable {
  /** The supervisor's own. */
  readonly pid: number
  /** host:port of every broker, comma separated. */
  readonly bootstrap: string
  /** Every ready line so far. */
  ready(): readonly ReadyBroker[]
  /** The newest start of a broker. */
  broker(nodeId: number): ReadyBroker
  /** Resolves when a broker has told that it is ready so many times. */
  untilReady(nodeId: number, times: number): Promise<ReadyBroker>
  stdout(): string
  stderr(): string
  readonly exited: Promise<Finished['code']>
  kill(signal: NodeJS.Signals): Promise<Finished['code']>
}

/** Three processes that load from sources beside other tests, and an election. */
const PATIENCE_MS = 60_000

/** Starts `millrace cluster ARGS` on free ports and waits until every broker is ready. */
export async function startMillraceCluster(args: readonly string[], brokers = 3): Promise<RunningCluster> {
  const ports = ['--port', '0', '--no-http', '--brokers', String(brokers)]
  const child = spawn(process.execPath, [...command, 'cluster', ...ports, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const ready = () =>
    stdout.split('\n').flatMap((line) => {
      const parsed = parseReady(line)
      return parsed === null ? [] : [parsed]
    })
  const untilReady = async (nodeId: number, times: number): Promise<ReadyBroker> => {
    for (const deadline = Date.now() + PATIENCE_MS; ; ) {
      const starts = ready().filter((broker) => broker.nodeId === nodeId)
      const found = starts[times - 1]
      if (found !== undefined) return found
      const isOver = child.exitCode !== null || child.signalCode !== null
      if (isOver || Date.now() > deadline) {
        throw new Error(`broker ${nodeId} was ready ${starts.length} times, not ${times}: ${stdout}${stderr}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const cluster: RunningCluster = {
    pid: child.pid ?? 0,
    get bootstrap() {
      return Array.from({ length: brokers }, (_, index) => this.broker(index + 1).kafka).join(',')
    },
    ready,
    broker(nodeId) {
      const found = ready().findLast((broker) => broker.nodeId === nodeId)
      if (found === undefined) throw new Error(`broker ${nodeId} has not been ready`)
      return found
    },
    untilReady,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    kill(signal) {
      child.kill(signal)
      return exited
    },
    async [Symbol.asyncDispose]() {
      // Its brokers notice, and stop by themselves.
      await this.kill('SIGKILL')
      await untilAllGone(ready().map(({ pid }) => pid))
    },
  }
  try {
    for (let nodeId = 1; nodeId <= brokers; nodeId += 1) await untilReady(nodeId, 1)
  } catch (error) {
    child.kill('SIGTERM')
    throw error
  }
  return cluster
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Resolves when none of the processes is there any more. */
export async function untilAllGone(pids: readonly number[]): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; pids.some(isAlive); ) {
    if (Date.now() > deadline) throw new Error(`still running: ${pids.filter(isAlive).join(', ')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
