/** Reads what `strace -f -y` wrote: system calls in the order in which they began and ended. */

/** What a power cut is reconstructed from; to be given to strace's `-e trace=`. */
export const TRACED_CALLS =
  'openat,write,pwrite64,pwritev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat'

export interface Call {
  /** Thread. */
  readonly thread: number
  readonly name: string
  /** The text between the parentheses. */
  readonly text: string
}

export interface FinishedCall extends Call {
  /** Negative for a call that failed. */
  readonly result: number
}

export interface CallObserver {
  began(call: Call): void
  ended(call: FinishedCall): void
}

/** Tells of each call that is whole; one that the end of the trace cuts off has begun and never ends. */
export function readTrace(trace: string, observer: CallObserver): void {
  const open = new Map<number, Call>()
  for (const line of trace.split('\n')) {
    const match = /^(\d+) +(?:<\.\.\. \w+ resumed>(.*)|(\w+)\((.*))$/.exec(line)
    if (match === null) continue
    const [, pid, resumed, name, rest] = match
    const thread = Number(pid)
    if (resumed !== undefined) {
      const begun = open.get(thread)
      open.delete(thread)
      if (begun !== undefined) end({ ...begun, text: begun.text + resumed }, observer)
      continue
    }
    const unfinished = rest.indexOf(' <unfinished ...>')
    const call = { thread, name, text: unfinished < 0 ? rest : rest.slice(0, unfinished) }
    observer.began(call)
    if (unfinished < 0) end(call, observer)
    else open.set(thread, call)
  }
}

function end(call: Call, observer: CallObserver): void {
  const match = /^(.*)\)\s+= (-?\d+)/.exec(call.text)
  if (match !== null) observer.ended({ ...call, text: match[1], result: Number(match[2]) })
}

/** The path that `-y` shows behind the descriptor which is the first argument; null when it shows none. */
export function pathOfDescriptor(text: string): string | null {
  return /^\d+<([^>]*)>/.exec(text)?.[1] ?? null
}

/** The quoted arguments, unescaped; null for one that strace cut short. */
export function stringsOf(text: string): (Buffer | null)[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"(\.\.\.)?/g)].map(([, quoted, cut]) =>
    cut === undefined ? unescape(quoted) : null,
  )
}

const named: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12 }

function unescape(quoted: string): Buffer {
  const plain = quoted.replace(
    /\\(?:x([0-9a-f]{2})|([0-7]{1,3})|(.))/g,
    (_, hex?: string, octal?: string, char = '') => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      const code = named[char]
      return code === undefined ? char : String.fromCharCode(code)
    },
  )
  return Buffer.from(plain, 'latin1')
}
