/** A disk that tells which files are read, and how much of each. */
import type { Disk, DiskFile } from '../../broker/ports/disk.ts'

export class WatchDisk {
  readonly disk: Disk
  /** Bytes read of each file since the last `forget`, by path. */
  readonly reads = new Map<string, number>()

  constructor(inner: Disk) {
    this.disk = watching(inner, {
      openSync: (path: string, options?: { create?: boolean; readOnly?: boolean }) =>
        this.#watch(inner.openSync(path, options)),
      readFileSync: (path: string) => {
        const data = inner.readFileSync(path)
        this.#note(path, data.length)
        return data
      },
    })
  }

  forget(): void {
    this.reads.clear()
  }

  /** Paths of the `.log` files that were read. */
  get logsRead(): string[] {
    return [...this.reads.keys()].filter((path) => path.endsWith('.log'))
  }

  #watch(file: DiskFile): DiskFile {
    return watching(file, {
      readSync: (target: Buffer, start: number, length: number, position: number) => {
        const count = file.readSync(target, start, length, position)
        this.#note(file.path, count)
        return count
      },
      read: (...[target, start, length, position, done]: Parameters<DiskFile['read']>) => {
        file.read(target, start, length, position, (error, count) => {
          this.#note(file.path, count)
          done(error, count)
        })
      },
    })
  }

  #note(path: string, bytes: number): void {
    this.reads.set(path, (this.reads.get(path) ?? 0) + bytes)
  }
}

/** The same object, but for the methods given. */
function watching<T extends object>(target: T, instead: Partial<T>): T {
  return new Proxy(target, {
    get(inner, name) {
      if (name in instead) return instead[name as keyof T]
      const value: unknown = Reflect.get(inner, name)
      return typeof value === 'function' ? (value.bind(inner) as unknown) : value
    },
  })
}
