/** Faults put into the system calls of a running process, by strace, and taken out again. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { hasCommand } from '../support/has-command.ts'
import { endGroupAtEnd } from './leftovers.ts'
import { eventually } from './wait.ts'

export interface Fault {
  /** Names of system calls, separated by commas. */
  readonly calls: string
  /** What strace is to do to them: `error=EIO`, `delay_enter=300000` (microseconds), `retval=0:when=2+5`. */
  readonly effect: string
  /** Only those on this file. @default all */
  readonly path?: string
}

export interface Injection {
  /** System calls tampered with so far. */
  count(): number
  /** System calls seen so far, tampered with or not. */
  seen(): number
  /** Lets the process go; whoever waits in a delayed call is let go too. */
  stop(): Promise<void>
}

/** Attaches to every thread of the process; resolves when the faults are in. `output` is a file that may be overwritten. */
export async function inject(pid: number, fault: Fault, output: string): Promise<Injection> {
  const filter = fault.path === undefined ? [] : ['-P', realpathSync(fault.path)]
  const what = ['-e', `trace=${fault.calls}`, '-e', `inject=${fault.calls}:${fault.effect}`]
  const args = ['-f', '-p', String(pid), ...filter, ...what, '-o', output]
  const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  if (tracer.pid !== undefined) tracer.once('close', endGroupAtEnd(tracer.pid))
  let said = ''
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const attached = await eventually(() => said.includes(' attached') || tracer.exitCode !== null, 10_000)
  if (!attached || tracer.exitCode !== null) throw new Error(`strace did not attach: ${said.trim()}`)
  return {
    count: () => linesOf(output).filter((line) => /\((INJECTED|DELAYED)\)/.test(line)).length,
    seen: () => linesOf(output).filter((line) => line.includes('(') && !line.includes('<unfinished')).length,
    stop: () => detach(tracer),
  }
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
}

async function detach(tracer: ChildProcess): Promise<void> {
  if (tracer.exitCode !== null || tracer.signalCode !== null) return
  const gone = new Promise((resolve) => tracer.once('close', resolve))
  tracer.kill('SIGINT')
  await gone
}

/** Why nothing can be injected here; null = it can. */
export function whyNoInjection(): string | null {
  if (process.platform !== 'linux' || !hasCommand('strace')) return 'strace is not installed'
  return attachProblem()
}

/** Containers and Yama may forbid tracing a process that runs already. */
function attachProblem(): string | null {
  const sleeper = spawn('sleep', ['5'], { stdio: 'ignore' })
  const { status } = spawnSync('timeout', ['-s', 'INT', '0.3', 'strace', '-qq', '-p', String(sleeper.pid)])
  sleeper.kill('SIGKILL')
  return status === 124 || status === 130 ? null : 'strace may not attach to a running process here'
}
