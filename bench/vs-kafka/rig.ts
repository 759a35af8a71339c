/** Apache Kafka beside us: test/oracle/rig in a home of its own, so that a rig somebody else has started stays theirs. */
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { atEnd } from '../support/cleanup.ts'
import { root, scratchDirectory } from '../support/process.ts'

const script = join(root, 'test', 'oracle', 'rig')
/** Where `rig install` keeps Kafka's jars. */
const installed = process.env.RIG_HOME ?? join(homedir(), '.cache', 'kafka-rig')

/** Everything this machine lacks for a Kafka to compare with, each as a sentence; empty when it can be done. */
export function missingForKafka(): string[] {
  const missing: string[] = []
  const has = (command: string) => spawnSync(command, ['-version'], { stdio: 'ignore' }).error === undefined
  if (process.platform !== 'linux') missing.push('CPU and memory are read from /proc: Linux is needed')
  if (!has('java')) missing.push('java: a JDK (17 or newer) must be on PATH')
  if (!existsSync(join(installed, '.done')) && !has('mvn'))
    missing.push(`Kafka's jars: ${installed} has none, and mvn (Maven), which would fetch them, is not on PATH`)
  if (spawnSync('bash', ['-c', ':']).error !== undefined) missing.push('bash: the rig is a bash script')
  return missing
}

export interface Rig {
  /** Runs a Kafka tool to its end and returns what it printed. */
  tool(name: string, args: readonly string[]): Promise<string>
  /** One broker on its own data, on `port` and the next; `launched` is when its process began (performance.now()). */
  start(port: number, properties: readonly string[]): Promise<{ readonly pid: number; readonly launched: number }>
  /** So many brokers on `port`, `port` + 10 and so on; the process ids in order. */
  startMany(count: number, port: number, properties: readonly string[]): Promise<number[]>
  /** Starts the `index`-th again, on its data; its new process id. */
  restart(index: number): Promise<number>
  /** Kills it and deletes its data. */
  stop(): void
}

/** Fetches the jars when they are not there. */
export function createRig(): Rig {
  const { path: home } = scratchDirectory('rig')
  if (!existsSync(join(installed, '.done'))) spawnSync(script, ['install'], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (!existsSync(join(installed, '.done'))) throw new Error(`rig install did not fill ${installed}`)
  symlinkSync(join(installed, 'libs'), join(home, 'libs'))
  copyFileSync(join(installed, 'log4j2.yaml'), join(home, 'log4j2.yaml'))
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, '.done'), '')
  const env = { ...process.env, RIG_HOME: home }
  const stop = () => void spawnSync(script, ['stop'], { env })
  const pidOf = (index: number) => Number(readFileSync(join(home, 'run', String(index), 'pid'), 'utf8'))
  atEnd(stop)
  return {
    tool: (name, args) => run(['tool', name, ...args], env),
    async start(port, properties) {
      const printed = await run(['start', '1', String(port), ...properties], env)
      const startMs = Number(/ (\d+) ms/.exec(printed)?.[1])
      return { pid: pidOf(0), launched: performance.now() - startMs }
    },
    async startMany(count, port, properties) {
      await run(['start', String(count), String(port), ...properties], env)
      return Array.from({ length: count }, (_, index) => pidOf(index))
    },
    async restart(index) {
      await run(['restart', String(index)], env)
      return pidOf(index)
    },
    stop,
  }
}

/** The rig to its end; the last lines of its stderr are the message when it fails. */
function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    // Not a pipe for a broker that outlives the script: it has files of its own.
    const child = spawn(script, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = atEnd(() => void child.kill('SIGKILL'))
    let out = ''
    let problem = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      problem = (problem + text).slice(-2000)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      kill()
      if (code === 0) resolve(out)
      else reject(new Error(`rig ${args.slice(0, 2).join(' ')} ended with ${code}: ${problem.trim()}`))
    })
  })
}

/** The rig takes a port for clients and the next one for the controller. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await freePort(0)
    if ((await freePort(port + 1).catch(() => 0)) === port + 1) return port
  }
}

export function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
