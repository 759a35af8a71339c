/** A disk of a size that a test sets, over a MemoryDisk: writes past it are cut short and fail as a full one's do. */
import type { Disk, DiskFile } from '../../../broker/ports/disk.ts'

export class SmallDisk {
  readonly disk: Disk
  /** Bytes that may still be written; what is cut off or removed does not come back by itself. */
  freeBytes = Number.POSITIVE_INFINITY
  /** What a write without room says. */
  code = 'ENOSPC'
  /** Opening fails with this; null = it works. */
  openError: Error | null = null
  /** Cutting a file fails with this; null = it works. */
  truncateError: Error | null = null
  /** Files made or written, in order of the calls that failed for want of room. */
  readonly refused: string[] = []

  constructor(inner: Disk) {
    this.disk = new Proxy(inner, {
      get: (target, name) => {
        if (name === 'openSync') {
          return (path: string, options?: { create?: boolean; readOnly?: boolean }) => {
            if (this.openError !== null) throw this.openError
            return this.#wrap(target.openSync(path, options))
          }
        }
        if (name === 'replaceSync') {
          return (path: string, data: Buffer, options?: { sync?: boolean }) => {
            this.#take(path, Math.max(1, data.length))
            target.replaceSync(path, data, options)
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  #wrap(file: DiskFile): DiskFile {
    return new Proxy(file, {
      get: (target, name) => {
        if (name === 'appendSync') return (buffers: readonly Buffer[]) => this.#append(target, buffers)
        if (name === 'truncateSync' && this.truncateError !== null) throw this.truncateError
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  /** As much as there is room for reaches the file. */
  #append(file: DiskFile, buffers: readonly Buffer[]): void {
    const data = Buffer.concat(buffers)
    const fits = Math.min(this.freeBytes, data.length)
    if (fits > 0) file.appendSync([data.subarray(0, fits)])
    this.#take(file.path, data.length)
  }

  #take(path: string, bytes: number): void {
    if (bytes <= this.freeBytes) {
      this.freeBytes -= bytes
      return
    }
    this.refused.push(path)
    throw systemError(this.code, path)
  }
}

export function systemError(code: string, path = 'file'): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path })
}
