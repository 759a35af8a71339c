/** The process has died: thrown by the disk call it died in, and by every later one. Whoever runs the process discards it. */
export class CrashSignal extends Error {
  constructor() {
    super('the simulated process has died')
    this.name = 'CrashSignal'
  }
}

/** A call that a correct program never makes, such as one through a closed file. */
export class DiskMisuse extends Error {
  constructor(what: string) {
    super(`misuse of the disk: ${what}`)
    this.name = 'DiskMisuse'
  }
}

/** An error as the operating system reports it. */
export function systemError(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path })
}
