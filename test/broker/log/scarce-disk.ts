/** A disk with few file descriptors, over a MemoryDisk: every open file holds one, and so does each sync of a name. */
import type { Disk, DiskDone, DiskFile } from '../../../broker/ports/disk.ts'
import { systemError } from './small-disk.ts'

export class ScarceDisk {
  readonly disk: Disk
  /** Descriptors there are. */
  limit: number
  /** Descriptors held now. */
  held = 0
  /** Paths whose opening failed for want of a descriptor. */
  readonly refused: string[] = []

  constructor(inner: Disk, limit = Number.POSITIVE_INFINITY) {
    this.limit = limit
    this.disk = new Proxy(inner, {
      get: (target, name) => {
        if (name === 'openSync') return this.#openSync(target)
        if (name === 'replaceSync') {
          return (path: string, data: Buffer, options?: { sync?: boolean }) => {
            this.#take(path)
            this.held--
            target.replaceSync(path, data, options)
          }
        }
        if (name === 'syncDirectory') return this.#syncDirectory(target)
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  #openSync(target: Disk): Disk['openSync'] {
    return (path, options) => {
      this.#take(path)
      try {
        return this.#wrap(target.openSync(path, options))
      } catch (error) {
        this.held--
        throw error
      }
    }
  }

  /** As the real one: opened in a later turn, and the error is told, not thrown. */
  #syncDirectory(target: Disk): Disk['syncDirectory'] {
    return (path, done) => {
      let failure: Error | null = null
      try {
        this.#take(path)
      } catch (error) {
        failure = error as Error
      }
      target.syncDirectory(path, (error) => {
        if (failure === null) this.held--
        done(failure ?? error)
      })
    }
  }

  /** A descriptor is free again once the file is closed and its syncs have landed. */
  #wrap(file: DiskFile): DiskFile {
    let inFlight = 0
    let closing = false
    const settle = (): void => {
      if (!closing || inFlight > 0) return
      closing = false
      this.held--
      file.closeSync()
    }
    return new Proxy(file, {
      get: (target, name) => {
        if (name === 'datasync') {
          return (done: DiskDone) => {
            inFlight++
            target.datasync((error) => {
              inFlight--
              settle()
              done(error)
            })
          }
        }
        if (name === 'closeSync') {
          return () => {
            closing = true
            settle()
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  #take(path: string): void {
    if (this.held >= this.limit) {
      this.refused.push(path)
      throw systemError('EMFILE', path)
    }
    this.held++
  }
}
