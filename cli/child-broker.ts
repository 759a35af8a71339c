import { type ChildProcess, spawn } from 'node:child_process'

export interface ChildBroker extends AsyncDisposable {
  readonly bootstrap: string
  /** Resolves when the broker ended on its own, with what it said last. */
  readonly ended: Promise<string>
}

/** Starts `millrace start ARGS` as a process of its own, on a core of its own; it ends when this process does. */
export async function startChildBroker(args: readonly string[]): Promise<ChildBroker> {
  const entry = process.argv[1] ?? ''
  const child = spawn(process.execPath, [...process.execArgv, entry, 'start', ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000)
  })
  const closed = new Promise<string>((resolve) => child.once('close', () => resolve(stderr.trim())))
  const line = await firstLine(child, closed)
  return {
    bootstrap: /kafka=(\S+)/.exec(line)?.[1] ?? '',
    ended: closed,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await closed
    },
  }
}

async function firstLine(child: ChildProcess, closed: Promise<string>): Promise<string> {
  const ready = new Promise<string>((resolve) => {
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
    })
  })
  const failed = closed.then((why) =>
    Promise.reject(new Error(`the broker did not start: ${why.replace(/^millrace: /, '')}`)),
  )
  return Promise.race([ready, failed])
}
