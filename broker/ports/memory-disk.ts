import { DirectoryLockedError, type Disk, type DiskDone, type DiskFile, type DiskLock } from './disk.ts'

/** Bytes of a full chunk of a file. */
const CHUNK_BYTES = 64 * 1024
/** The first chunk starts this small and doubles, so that a thousand idle partitions cost little. */
const FIRST_CHUNK_BYTES = 512

/**
 * The disk of `durability: "memory"` and of tests: the same semantics over chunks of memory that grow as the file does and
 * go when it goes. `defer` runs a completion in a later turn (the Clock's `turnEnd`, or `queueMicrotask`).
 */
export class MemoryDisk implements Disk {
  readonly #defer: (fn: () => void) => void
  readonly #files = new Map<string, MemoryFile>()
  readonly #directories = new Map<string, Set<string>>()
  readonly #locks = new Set<string>()

  constructor(defer: (fn: () => void) => void) {
    this.#defer = defer
  }

  openSync(path: string, options: { create?: boolean; readOnly?: boolean } = {}): DiskFile {
    let file = this.#files.get(path)
    if (file === undefined) {
      if (options.create !== true) throw systemError('ENOENT', 'open', path)
      file = new MemoryFile()
      this.#link(path, file)
    }
    return new MemoryHandle(path, file, this.#defer)
  }

  existsSync(path: string): boolean {
    return this.#files.has(path) || this.#directories.has(path)
  }

  sizeSync(path: string): number {
    return this.#files.get(path)?.size ?? (this.#directories.has(path) ? 0 : -1)
  }

  listSync(path: string): string[] {
    return [...(this.#directories.get(path) ?? [])].sort()
  }

  mkdirSync(path: string): void {
    if (path === '' || this.#directories.has(path)) return
    if (this.#files.has(path)) throw systemError('EEXIST', 'mkdir', path)
    this.#directories.set(path, new Set())
    const parent = parentOf(path)
    if (parent === path) return
    this.mkdirSync(parent)
    this.#directories.get(parent)?.add(nameOf(path))
  }

  readFileSync(path: string): Buffer {
    const file = this.#files.get(path)
    if (file === undefined) throw systemError('ENOENT', 'open', path)
    const data = Buffer.allocUnsafe(file.size)
    file.read(data, 0, file.size, 0)
    return data
  }

  replaceSync(path: string, data: Buffer, _options?: { sync?: boolean }): void {
    const file = new MemoryFile()
    file.write(data, 0)
    this.#link(path, file)
  }

  renameSync(from: string, to: string): void {
    const file = this.#files.get(from)
    if (file !== undefined) {
      this.#unlink(from)
      this.#link(to, file)
      return
    }
    const children = this.#directories.get(from)
    if (children === undefined) throw systemError('ENOENT', 'rename', from)
    if (this.existsSync(to)) throw systemError('ENOTEMPTY', 'rename', to)
    this.mkdirSync(to)
    for (const name of children) this.renameSync(`${from}/${name}`, `${to}/${name}`)
    this.#dropDirectory(from)
  }

  unlinkSync(path: string): void {
    if (!this.#files.has(path)) throw systemError('ENOENT', 'unlink', path)
    this.#unlink(path)
  }

  unlink(path: string, done: DiskDone): void {
    this.#later(() => this.unlinkSync(path), done)
  }

  removeTreeSync(path: string): void {
    if (this.#files.has(path)) this.#unlink(path)
    for (const name of this.listSync(path)) this.removeTreeSync(`${path}/${name}`)
    this.#dropDirectory(path)
  }

  removeTree(path: string, done: DiskDone): void {
    this.#later(() => this.removeTreeSync(path), done)
  }

  syncDirectory(path: string, done: DiskDone): void {
    this.#later(() => this.syncDirectorySync(path), done)
  }

  syncDirectorySync(path: string): void {
    if (!this.#directories.has(path)) throw systemError('ENOENT', 'open', path)
  }

  lockSync(directory: string): DiskLock {
    if (this.#locks.has(directory)) throw new DirectoryLockedError(directory, 0)
    this.#locks.add(directory)
    return { release: () => void this.#locks.delete(directory) }
  }

  #link(path: string, file: MemoryFile): void {
    const siblings = this.#directories.get(parentOf(path))
    if (siblings === undefined || this.#directories.has(path)) throw systemError('ENOENT', 'open', path)
    siblings.add(nameOf(path))
    this.#files.set(path, file)
  }

  #unlink(path: string): void {
    this.#files.delete(path)
    this.#directories.get(parentOf(path))?.delete(nameOf(path))
  }

  #dropDirectory(path: string): void {
    this.#directories.delete(path)
    this.#directories.get(parentOf(path))?.delete(nameOf(path))
  }

  #later(work: () => void, done: DiskDone): void {
    this.#defer(() => {
      try {
        work()
      } catch (error) {
        return done(error as Error)
      }
      done(null)
    })
  }
}

/** The bytes of a file, alive for as long as a name or an open handle leads to them, as on a real disk. */
class MemoryFile {
  size = 0
  #chunks: Buffer[] = []

  write(data: Buffer, position: number): void {
    if (position > this.size) this.#zero(this.size, position)
    let done = 0
    while (done < data.length) {
      const at = position + done
      const within = at % CHUNK_BYTES
      const count = Math.min(data.length - done, CHUNK_BYTES - within)
      data.copy(this.#chunk(Math.floor(at / CHUNK_BYTES), within + count), within, done, done + count)
      done += count
    }
    this.size = Math.max(this.size, position + data.length)
  }

  read(target: Buffer, targetStart: number, length: number, position: number): number {
    const wanted = Math.max(0, Math.min(length, this.size - position))
    let done = 0
    while (done < wanted) {
      const at = position + done
      const within = at % CHUNK_BYTES
      const count = Math.min(wanted - done, CHUNK_BYTES - within)
      this.#chunks[Math.floor(at / CHUNK_BYTES)]!.copy(target, targetStart + done, within, within + count)
      done += count
    }
    return wanted
  }

  truncate(size: number): void {
    if (size > this.size) this.#zero(this.size, size)
    this.size = size
    this.#chunks.length = Math.ceil(size / CHUNK_BYTES)
  }

  #zero(from: number, to: number): void {
    this.write(Buffer.alloc(to - from), from)
  }

  /** Chunk `index`, at least `bytes` long. Only the last one is ever shorter than a full chunk. */
  #chunk(index: number, bytes: number): Buffer {
    const chunk = this.#chunks[index]
    if (chunk !== undefined && chunk.length >= bytes) return chunk
    let length = index === 0 ? FIRST_CHUNK_BYTES : CHUNK_BYTES
    while (length < bytes) length *= 2
    const grown = Buffer.allocUnsafeSlow(length)
    chunk?.copy(grown)
    this.#chunks[index] = grown
    return grown
  }
}

class MemoryHandle implements DiskFile {
  readonly path: string
  readonly #file: MemoryFile
  readonly #defer: (fn: () => void) => void

  constructor(path: string, file: MemoryFile, defer: (fn: () => void) => void) {
    this.path = path
    this.#file = file
    this.#defer = defer
  }

  get size(): number {
    return this.#file.size
  }

  appendSync(buffers: readonly Buffer[]): void {
    for (const buffer of buffers) this.#file.write(buffer, this.#file.size)
  }

  readSync(target: Buffer, targetStart: number, length: number, position: number): number {
    return this.#file.read(target, targetStart, length, position)
  }

  read(
    target: Buffer,
    targetStart: number,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead: number) => void,
  ): void {
    this.#defer(() => done(null, this.#file.read(target, targetStart, length, position)))
  }

  writeAtSync(buffer: Buffer, position: number): void {
    this.#file.write(buffer, position)
  }

  truncateSync(size: number): void {
    this.#file.truncate(size)
  }

  datasync(done: DiskDone): void {
    this.#defer(() => done(null))
  }

  datasyncSync(): void {}

  closeSync(): void {}
}

function parentOf(path: string): string {
  const cut = path.lastIndexOf('/')
  return cut === 0 ? '/' : path.slice(0, Math.max(0, cut))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function systemError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path })
}
