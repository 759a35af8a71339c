/** One broker as a process of its own: spawned, heard, signalled. Knows nothing of restarts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Ending } from './core.ts'
import { LogFile } from './log-file.ts'
import type { NodePlan } from './plan.ts'

/** What a broker prints once it serves. */
export interface ReadyBroker {
  readonly nodeId: number
  readonly pid: number
  /** host:port for clients. */
  readonly kafka: string
  /** host:port; null = no HTTP door. */
  readonly http: string | null
}

export interface BrokerProcessEvents {
  ready(broker: ReadyBroker): void
  ended(ending: Ending): void
}

/** How much of what a broker without a log file said last is kept for whoever asks why it died (bytes). */
const LAST_WORDS_BYTES = 2_000

export class BrokerProcess {
  readonly nodeId: number
  private readonly child: ChildProcess
  /** Null: its lines go to the supervisor's stderr. */
  private readonly logFile: LogFile | null
  private lastWords = ''

  constructor(plan: NodePlan, events: BrokerProcessEvents) {
    this.nodeId = plan.nodeId
    this.logFile = plan.logFile === null ? null : new LogFile(plan.logFile)
    const log = this.logFile?.open() ?? null
    this.child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...plan.args], {
      stdio: ['ignore', 'pipe', log ?? 'pipe', 'ipc'],
      // A Ctrl-C in the terminal is for the supervisor: it tells the brokers in its own time.
      detached: true,
    })
    if (log !== null) closeSync(log)
    lines(this.child.stdout, (line) => {
      const ready = parseReady(line)
      if (ready !== null) events.ready(ready)
    })
    lines(this.child.stderr, (line) => {
      this.lastWords = `${this.lastWords}${line}\n`.slice(-LAST_WORDS_BYTES)
      process.stderr.write(`[broker ${plan.nodeId}] ${line}\n`)
    })
    this.child.once('error', (error) => {
      this.lastWords = error.message
      events.ended({ nodeId: plan.nodeId, code: 1, signal: null })
    })
    this.child.once('close', (code, signal) => {
      // After 'error' of a spawn that failed, there was no process to end.
      if (this.child.pid !== undefined) events.ended({ nodeId: plan.nodeId, code, signal })
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Bounds its log file; to be called every now and then. */
  rotateLog(): void {
    this.logFile?.rotate()
  }

  /** The last lines of its log, at most `count`. */
  lastLines(count: number): string[] {
    const text = this.logFile?.tail() ?? this.lastWords
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-count)
  }
}

/** Exported for its test. */
export function parseReady(line: string): ReadyBroker | null {
  const match = /^ready kafka=(\S+)(?: http=(\S+))? node=(\d+) pid=(\d+)$/.exec(line)
  if (match === null) return null
  return { nodeId: Number(match[3]), pid: Number(match[4]), kafka: match[1] ?? '', http: match[2] ?? null }
}

function lines(stream: NodeJS.ReadableStream | null, line: (text: string) => void): void {
  let pending = ''
  stream?.setEncoding('utf8')
  stream?.on('data', (text: string) => {
    const parts = (pending + text).split('\n')
    pending = parts.pop() ?? ''
    for (const part of parts) line(part)
  })
  stream?.on('end', () => {
    if (pending !== '') line(pending)
  })
}
