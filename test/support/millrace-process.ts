/** `millrace` as a process of its own: what kill -9, ports, directories and exit codes are tested on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
/** The command from its sources: what a test runs, as a build may be stale. */
export const command: readonly string[] = ['--import', 'tsx', join(import.meta.dirname, 'run-cli.ts')]

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `millrace ARGS` to its end. */
export function millrace(
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  return finish(process.execPath, [...command, ...args], options)
}

/** Runs any command to its end; never rejects for an exit code. */
export function finish(
  file: string,
  args: readonly string[],
  options: { input?: string | Buffer; env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, env: { ...process.env, ...options.env }, stdio: 'pipe' })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin.on('error', () => child.stdin.destroy())
    child.once('error', reject)
    child.once('close', (code, signal) =>
      resolve({
        code,
        signal,
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8'),
      }),
    )
    child.stdin.end(options.input)
  })
}

export interface RunningBroker extends AsyncDisposable {
  readonly bootstrap: string
  readonly http: string
  readonly pid: number
  /** Everything printed so far. */
  stdout(): string
  stderr(): string
  /** Resolves with the exit code when the process ends, for whatever reason. */
  readonly exited: Promise<Finished['code']>
  kill(signal: NodeJS.Signals): Promise<Finished['code']>
}

export interface StartOptions {
  /** Another command to run it under (strace, prlimit). */
  readonly wrapper?: readonly string[]
  /** @default any free one */
  readonly port?: number
  /** What node runs. @default the command from its sources */
  readonly command?: readonly string[]
  /** Called at once with the process that leads a group of its own then: it, what wraps it and what it starts. */
  readonly spawned?: (leader: number) => void
}

/** Starts `millrace start ARGS` on free ports and waits for its ready line. */
export async function startMillrace(args: readonly string[], options: StartOptions = {}): Promise<RunningBroker> {
  const [file, ...before] = [...(options.wrapper ?? []), process.execPath]
  const ports = ['--port', String(options.port ?? 0), '--http-port', '0']
  const child = spawn(file, [...before, ...(options.command ?? command), 'start', ...ports, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.spawned !== undefined,
  })
  if (child.pid !== undefined) options.spawned?.(child.pid)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const line = await readyLine(
    child,
    () => stdout,
    () => stderr,
  )
  // The ready line's pid is the broker's own, whatever wraps it.
  const pid = Number(/pid=(\d+)/.exec(line)?.[1])
  const kill = (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) process.kill(pid, signal)
    return exited
  }
  return {
    bootstrap: /kafka=(\S+)/.exec(line)?.[1] ?? '',
    http: `http://${/http=(\S+)/.exec(line)?.[1] ?? ''}`,
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    kill,
    // Not the wrapper: a broker that strace traces would outlive it.
    [Symbol.asyncDispose]: async () => void (await kill('SIGKILL')),
  }
}

function readyLine(child: ChildProcess, stdout: () => string, stderr: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`ended with ${code} before it was ready: ${stderr()}`)))
    child.stdout?.on('data', () => {
      const line = /^ready .*$/m.exec(stdout())
      if (line !== null && stdout().includes('\n')) resolve(line[0])
    })
  })
}

/** A directory that goes when the test ends. */
export function scratch(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
