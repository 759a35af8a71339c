import {
  close,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  open,
  openSync,
  read,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rm,
  rmSync,
  statSync,
  unlink,
  unlinkSync,
  writeSync,
  writevSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type Disk, type DiskDone, type DiskFile, type DiskLock, ShortWriteError } from './disk.ts'
import { lockDirectory } from './node-lock.ts'

/** The real disk. Stateless but for the locks that this process holds. */
export class NodeDisk implements Disk {
  openSync(path: string, options: { create?: boolean; readOnly?: boolean } = {}): DiskFile {
    const access = options.readOnly === true ? constants.O_RDONLY : constants.O_RDWR
    const fd = openSync(path, access | (options.create === true ? constants.O_CREAT : 0), 0o644)
    try {
      return new NodeDiskFile(path, fd, fstatSync(fd).size)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  existsSync(path: string): boolean {
    return existsSync(path)
  }

  sizeSync(path: string): number {
    return statSync(path, { throwIfNoEntry: false })?.size ?? -1
  }

  listSync(path: string): string[] {
    try {
      return readdirSync(path).sort()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  mkdirSync(path: string): void {
    mkdirSync(path, { recursive: true })
  }

  readFileSync(path: string): Buffer {
    return readFileSync(path)
  }

  replaceSync(path: string, data: Buffer, options: { sync?: boolean } = {}): void {
    const sync = options.sync !== false
    const temporary = `${path}.tmp`
    try {
      writeTemporary(temporary, data, sync)
      renameSync(temporary, path)
    } catch (error) {
      // On a full disk every byte counts, and nobody else would take it away before the next start.
      rmSync(temporary, { force: true })
      throw error
    }
    if (sync) this.syncDirectorySync(dirname(path))
  }

  renameSync(from: string, to: string): void {
    renameSync(from, to)
  }

  unlinkSync(path: string): void {
    unlinkSync(path)
  }

  unlink(path: string, done: DiskDone): void {
    unlink(path, done)
  }

  removeTreeSync(path: string): void {
    rmSync(path, { recursive: true, force: true })
  }

  removeTree(path: string, done: DiskDone): void {
    rm(path, { recursive: true, force: true }, done)
  }

  syncDirectory(path: string, done: DiskDone): void {
    open(path, 'r', (openError, fd) => {
      if (openError) return done(openError)
      fsync(fd, (syncError) => close(fd, (closeError) => done(syncError ?? closeError ?? null)))
    })
  }

  syncDirectorySync(path: string): void {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  lockSync(directory: string): DiskLock {
    return lockDirectory(directory)
  }
}

/** One descriptor. Positions are ours (`pwritev`), so a failed append never moves where the next one goes. */
class NodeDiskFile implements DiskFile {
  readonly path: string
  size: number
  readonly #fd: number
  /** Reads and syncs in flight: the descriptor must outlive them, or its number might be another file's by then. */
  #inFlight = 0
  #closing = false

  constructor(path: string, fd: number, size: number) {
    this.path = path
    this.size = size
    this.#fd = fd
  }

  appendSync(buffers: readonly Buffer[]): void {
    let wanted = 0
    for (const buffer of buffers) wanted += buffer.length
    if (wanted === 0) return
    const written = naming(this.path, () => writevSync(this.#fd, buffers, this.size))
    this.size += written
    if (written !== wanted) this.#appendRest(buffers, wanted, written)
  }

  /** A second try after a partial write either finishes the job or learns the system's reason (trap N1). */
  #appendRest(buffers: readonly Buffer[], wanted: number, already: number): void {
    const rest = Buffer.concat(buffers).subarray(already)
    const written = naming(this.path, () => writeSync(this.#fd, rest, 0, rest.length, this.size))
    this.size += written
    if (already + written !== wanted) throw new ShortWriteError(this.path, wanted, already + written)
  }

  readSync(target: Buffer, targetStart: number, length: number, position: number): number {
    return naming(this.path, () => readSync(this.#fd, target, targetStart, length, position))
  }

  read(
    target: Buffer,
    targetStart: number,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead: number) => void,
  ): void {
    this.#inFlight++
    read(this.#fd, target, targetStart, length, position, (error, bytesRead) => {
      this.#landed()
      done(error && named(this.path, error), error ? 0 : bytesRead)
    })
  }

  writeAtSync(buffer: Buffer, position: number): void {
    writeFully(this.path, this.#fd, buffer, position)
    this.size = Math.max(this.size, position + buffer.length)
  }

  truncateSync(size: number): void {
    naming(this.path, () => ftruncateSync(this.#fd, size))
    this.size = size
  }

  datasync(done: DiskDone): void {
    this.#inFlight++
    fdatasync(this.#fd, (error) => {
      this.#landed()
      done(error && named(this.path, error))
    })
  }

  datasyncSync(): void {
    naming(this.path, () => fdatasyncSync(this.#fd))
  }

  closeSync(): void {
    if (this.#closing) return
    this.#closing = true
    if (this.#inFlight === 0) closeSync(this.#fd)
  }

  #landed(): void {
    this.#inFlight--
    if (this.#closing && this.#inFlight === 0) closeSync(this.#fd)
  }
}

function writeTemporary(path: string, data: Buffer, sync: boolean): void {
  const fd = openSync(path, 'w', 0o644)
  try {
    writeFully(path, fd, data, 0)
    if (sync) naming(path, () => fsyncSync(fd))
  } finally {
    closeSync(fd)
  }
}

function writeFully(path: string, fd: number, data: Buffer, position: number): void {
  if (data.length === 0) return
  naming(path, () => {
    let written = writeSync(fd, data, 0, data.length, position)
    if (written < data.length) written += writeSync(fd, data, written, data.length - written, position + written)
    if (written < data.length) throw new ShortWriteError(path, data.length, written)
  })
}

/** Runs a system call on a descriptor, whose errors know no path. */
function naming<T>(path: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw named(path, error as NodeJS.ErrnoException)
  }
}

function named(path: string, error: NodeJS.ErrnoException): Error {
  if (error.path === undefined) {
    error.path = path
    error.message += ` '${path}'`
  }
  return error
}
