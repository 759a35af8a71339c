/** Child processes that a benchmark starts: brokers and baseline servers; what they cost. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd } from './cleanup.ts'

export const root = join(import.meta.dirname, '..', '..')

/** What a process costs, read from /proc (Linux). */
export interface Cost {
  /** Resident bytes now. */
  residentBytes(): number
  /** CPU seconds, user and system, since it started. */
  cpuSeconds(): number
}

export interface Started extends Cost, AsyncDisposable {
  readonly pid: number
  /** The line it printed when it was ready. */
  readonly ready: string
  /** Milliseconds from spawn to that line. */
  readonly startMs: number
}

export function costOf(pid: number): Cost {
  return {
    residentBytes: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
  }
}

/** Starts `node args...` and waits for its first line on stdout. */
export async function startNode(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Started> {
  const begun = performance.now()
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const kill = atEnd(() => void child.kill('SIGKILL'))
  const ready = await firstLine(child)
  const startMs = performance.now() - begun
  const pid = child.pid ?? 0
  const dispose = async () => {
    await stop(child)
    kill()
  }
  return { pid, ready, startMs, ...costOf(pid), [Symbol.asyncDispose]: dispose }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready`)))
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
    })
  })
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

/** The number that a server printed as `port=N`. */
export function portOf(ready: string): number {
  return Number(/port=(\d+)/.exec(ready)?.[1])
}

/** A directory that goes when the benchmark ends; `remove` takes it away sooner. */
export function scratchDirectory(name: string): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `millrace-${name}-`))
  return { path, remove: atEnd(() => rmSync(path, { recursive: true, force: true })) }
}

export interface BrokerProcess extends Started {
  readonly kafkaPort: number
  readonly httpPort: number
}

/** The built `millrace start` on free ports, in a process of its own, on a directory that goes with it. */
export async function startBrokerProcess(
  durability: 'fsync' | 'page-cache' | 'memory',
  extra: readonly string[] = [],
): Promise<BrokerProcess> {
  const directory = scratchDirectory('bench')
  const where = durability === 'memory' ? ['--memory'] : ['--data-dir', directory.path, '--durability', durability]
  const started = await startNode(['dist/cli/bin.cjs', 'start', '--port', '0', '--http-port', '0', ...where, ...extra])
  const portNamed = (name: string) => Number(new RegExp(`${name}=[^ ]*:(\\d+)`).exec(started.ready)?.[1])
  return {
    ...started,
    kafkaPort: portNamed('kafka'),
    httpPort: portNamed('http'),
    [Symbol.asyncDispose]: async () => {
      await started[Symbol.asyncDispose]()
      directory.remove()
    },
  }
}
