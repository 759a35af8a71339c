/** A disk that fails or waits on command, over a MemoryDisk (or any other). */
import type { Disk, DiskDone, DiskFile } from '../../broker/ports/disk.ts'

export class FaultDisk {
  readonly disk: Disk
  /** The next appends fail with this; null = they work. */
  appendError: Error | null = null
  /** The next syncs fail with this; null = they work. */
  syncError: Error | null = null
  /** Opening, or replacing a file whole, fails with this; null = it works. */
  openError: Error | null = null
  /** Reads fail with this; null = they work. */
  readError: Error | null = null
  /** Appends, reads and syncs are failed only in files whose path contains this. */
  only = ''
  /** While true, syncs are kept until `releaseSyncs`. */
  holdSyncs = false
  /** Only those of files whose path contains this are kept. */
  holdOnly = ''
  /** Completed and held syncs so far, by the path of the file. */
  readonly synced: string[] = []
  /** Buffers handed to each append so far: one entry per system call. */
  readonly appends: { readonly path: string; readonly bytes: number }[] = []
  private held: (() => void)[] = []

  constructor(inner: Disk) {
    this.disk = new Proxy(inner, {
      get: (target, name) => {
        if (name === 'openSync') {
          return (path: string, options?: { create?: boolean; readOnly?: boolean }) => {
            if (this.openError !== null) throw this.openError
            return this.wrap(target.openSync(path, options))
          }
        }
        if (name === 'replaceSync' && this.openError !== null) throw this.openError
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  releaseSyncs(): void {
    const held = this.held
    this.held = []
    for (const release of held) release()
  }

  private wrap(file: DiskFile): DiskFile {
    return new Proxy(file, {
      get: (target, name) => {
        if (name === 'appendSync') return (buffers: readonly Buffer[]) => this.append(target, buffers)
        if (name === 'readSync' && this.readError !== null && target.path.includes(this.only)) throw this.readError
        if (name === 'datasync') return (done: DiskDone) => this.sync(target, done)
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  private append(file: DiskFile, buffers: readonly Buffer[]): void {
    if (this.appendError !== null && file.path.includes(this.only)) throw this.appendError
    this.appends.push({ path: file.path, bytes: buffers.reduce((sum, { length }) => sum + length, 0) })
    file.appendSync(buffers)
  }

  private sync(file: DiskFile, done: DiskDone): void {
    this.synced.push(file.path)
    const error = file.path.includes(this.only) ? this.syncError : null
    const start = () => (error === null ? file.datasync(done) : done(error))
    if (this.holdSyncs && file.path.includes(this.holdOnly)) this.held.push(start)
    else start()
  }
}
