import {
  DirectoryLockedError,
  type Disk,
  type DiskDone,
  type DiskFile,
  type DiskLock,
} from '../../../broker/ports/disk.ts'
import type { Clock } from '../../../broker/ports/clock.ts'
import type { SeededRandom } from '../random.ts'
import type { Trace } from '../trace.ts'
import { CrashSignal, DiskMisuse, systemError } from './errors.ts'
import type { Death, DiskFaults } from './faults.ts'
import { SimHandle } from './sim-handle.ts'
import { SimDirectory, SimFile, type SimNode } from './tree.ts'

export interface SimDiskOptions {
  /** Calls back when a sync or a read is done. */
  readonly clock: Pick<Clock, 'after'>
  readonly random: SeededRandom
  readonly faults: DiskFaults
  readonly trace: Trace
  /** What the disk holds at first; nothing unless given. */
  readonly root?: SimDirectory
}

const NOTHING: ReadonlySet<string> = new Set()
const NORMAL_SYNC_MS = 10
const SLOW_SYNC_MS = 3_000
const READ_MS = 2
/** Room that a new name takes. */
const NAME_BYTES = 64

/**
 * One process's view of a disk in memory whose durability is exact: bytes count after a sync of their file, names after a
 * sync of their directory, and what a power cut leaves of the rest is drawn. Faults come from `DiskFaults`. A process that
 * died in a call gets `CrashSignal` from that and every later one; `remount` is what the next one finds.
 */
export class SimDisk implements Disk {
  readonly random: SeededRandom
  readonly faults: DiskFaults
  readonly #options: SimDiskOptions
  readonly #clock: Pick<Clock, 'after'>
  readonly #trace: Trace
  readonly #root: SimDirectory
  readonly #locks = new Set<string>()
  /** Goes on from one process to the next, as unsynced writes outlive a killed one. */
  #order: number
  /** The names in each path: the same few hundred come again and again. */
  readonly #names: Map<string, readonly string[]>
  /** Directories in which something was written, cut or renamed since somebody last asked. */
  #changed = new Set<string>()
  #openFiles = 0
  #death: Death | null = null
  #misuse: string | null = null

  constructor(options: SimDiskOptions, firstOrder = 1, names = new Map<string, readonly string[]>()) {
    this.#options = options
    this.#order = firstOrder
    this.#names = names
    this.#clock = options.clock
    this.random = options.random
    this.faults = options.faults
    this.#trace = options.trace
    this.#root = options.root ?? new SimDirectory()
  }

  /** How the process died in a call; null while it lives. */
  get death(): Death | null {
    return this.#death
  }

  /** Files open now. */
  get openFiles(): number {
    return this.#openFiles
  }

  /** The first call that no correct program makes (a use after close, say); null when there was none. */
  get misuse(): string | null {
    return this.#misuse
  }

  /** Ends the process between two calls. */
  die(death: Death): void {
    this.#death ??= death
  }

  /**
   * The disk as the next process finds it, once this one has died. After a kill the page cache is still there; after a
   * power cut, what was synced is, and a random part of the rest. `root` puts other content in its place.
   */
  remount(root = this.#left()): SimDisk {
    return new SimDisk({ ...this.#options, root }, this.#order, this.#names)
  }

  /** What is at the path, for whoever watches the world: no call of the process. */
  peek(path: string): SimNode | undefined {
    return this.#find(path)
  }

  /** The directories in which anything but durability has changed since the last call; no call of the process. */
  takeChanged(): ReadonlySet<string> {
    if (this.#changed.size === 0) return NOTHING
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  /** Something in the directory has changed. */
  noteChange(directory: string): void {
    this.#changed.add(directory)
  }

  openSync(path: string, options: { create?: boolean; readOnly?: boolean } = {}): DiskFile {
    this.enter('open', path)
    if (this.faults.draw('emfile')) throw systemError('EMFILE', 'open', path)
    if (this.faults.draw('eio-open')) throw systemError('EIO', 'open', path)
    const found = this.#find(path)
    if (found instanceof SimFile) return this.#handle(path, found)
    if (found !== undefined) throw systemError('EISDIR', 'open', path)
    if (options.create !== true) throw systemError('ENOENT', 'open', path)
    const file = new SimFile()
    this.#link(path, file)
    return this.#handle(path, file)
  }

  existsSync(path: string): boolean {
    return this.#find(path) !== undefined
  }

  sizeSync(path: string): number {
    const found = this.#find(path)
    return found === undefined ? -1 : found instanceof SimFile ? found.visible.size : 0
  }

  listSync(path: string): string[] {
    this.enter('list', path)
    const found = this.#find(path)
    return found instanceof SimDirectory ? [...found.visible.keys()].sort() : []
  }

  mkdirSync(path: string): void {
    let directory = this.#root
    for (const name of this.#namesOf(path)) {
      let child = directory.visible.get(name)
      if (child === undefined) {
        this.enter('mkdir', path)
        if (!this.faults.takeRoom(NAME_BYTES)) throw systemError('ENOSPC', 'mkdir', path)
        child = new SimDirectory()
        directory.change(this.nextOrder(), null, { name, node: child })
      }
      if (child instanceof SimFile) throw systemError('EEXIST', 'mkdir', path)
      directory = child
    }
  }

  readFileSync(path: string): Buffer {
    this.enter('read', path)
    if (this.faults.draw('eio-read')) throw systemError('EIO', 'read', path)
    return this.#file(path).visible.copy()
  }

  replaceSync(path: string, data: Buffer, options: { sync?: boolean } = {}): void {
    const temporary = `${path}.tmp`
    // Cut to nothing and renamed in one journal: what it held before is not seen under the new name.
    if (this.#find(temporary) !== undefined) this.#change(parentOf(path), nameOf(temporary), null)
    const file = this.openSync(temporary, { create: true })
    try {
      file.truncateSync(0)
      file.appendSync([data])
      if (file.size !== data.length) throw systemError('EIO', 'write', temporary)
      if (options.sync !== false) file.datasyncSync()
    } finally {
      file.closeSync()
    }
    this.renameSync(temporary, path)
    if (options.sync !== false) this.syncDirectorySync(parentOf(path))
  }

  renameSync(from: string, to: string): void {
    this.enter('rename', from)
    if (this.faults.draw('eio-rename')) throw systemError('EIO', 'rename', from)
    const node = this.#find(from)
    if (node === undefined) throw systemError('ENOENT', 'rename', from)
    if (parentOf(from) !== parentOf(to)) throw systemError('EXDEV', 'rename', from)
    this.#change(parentOf(from), nameOf(from), { name: nameOf(to), node })
  }

  unlinkSync(path: string): void {
    this.enter('unlink', path)
    this.#file(path)
    this.#change(parentOf(path), nameOf(path), null)
  }

  unlink(path: string, done: DiskDone): void {
    this.#later('unlink', path, () => this.unlinkSync(path), done)
  }

  removeTreeSync(path: string): void {
    this.enter('rm', path)
    const found = this.#find(path)
    if (found === undefined) return
    if (found instanceof SimDirectory)
      for (const name of [...found.visible.keys()]) this.removeTreeSync(`${path}/${name}`)
    this.#change(parentOf(path), nameOf(path), null)
  }

  removeTree(path: string, done: DiskDone): void {
    this.#later('rm', path, () => this.removeTreeSync(path), done)
  }

  syncDirectory(path: string, done: DiskDone): void {
    this.enter('fsync-dir', path)
    const directory = this.#directory(path)
    const order = this.nextOrder()
    this.complete(this.syncMs(), done, () => this.#coverNames(directory, path, order))
  }

  syncDirectorySync(path: string): void {
    this.enter('fsync-dir', path)
    this.#coverNames(this.#directory(path), path, this.nextOrder())
  }

  lockSync(directory: string): DiskLock {
    this.enter('lock', directory)
    if (this.#locks.has(directory)) throw new DirectoryLockedError(directory, 0)
    this.#locks.add(directory)
    return { release: () => void this.#locks.delete(directory) }
  }

  /** Begins a call: traces it, and dies in it when its time has come. `half` does the part of it that still happens. */
  enter(call: string, path: string, half?: () => void): void {
    if (this.#death !== null) throw new CrashSignal()
    this.#trace.note(`${call} ${path}`)
    this.#death = this.faults.diesNow(path)
    if (this.#death === null) return
    this.#trace.note(`the process dies in it: ${this.#death}`)
    this.faults.count(`${this.#death}-in-call`)
    half?.()
    throw new CrashSignal()
  }

  /** Calls `done` later: with the error that `work` throws then, or null. Never, when the process has died by then. */
  complete(delayMs: number, done: DiskDone, work: () => void): void {
    this.#clock.after(delayMs, () => {
      if (this.#death !== null) return
      let failure: Error | null = null
      try {
        work()
      } catch (error) {
        if (error instanceof CrashSignal) return
        failure = error as Error
      }
      done(failure)
    })
  }

  /** Orders the operations of the whole disk. */
  nextOrder(): number {
    return this.#order++
  }

  readMs(): number {
    return this.random.below(READ_MS * 1000) / 1000
  }

  syncMs(): number {
    const slow = this.faults.draw('slow-sync')
    return this.random.below(slow ? SLOW_SYNC_MS : NORMAL_SYNC_MS)
  }

  closed(): void {
    this.#openFiles--
  }

  noteMisuse(what: string): never {
    this.#misuse ??= what
    throw new DiskMisuse(what)
  }

  #left(): SimDirectory {
    if (this.#death === 'power-cut') return this.#root.afterPowerCut(this.random)
    this.#root.afterKill()
    return this.#root
  }

  #handle(path: string, file: SimFile): DiskFile {
    this.#openFiles++
    return new SimHandle(this, path, file)
  }

  #later(call: string, path: string, work: () => void, done: DiskDone): void {
    this.enter(`${call}-later`, path)
    this.complete(this.readMs(), done, work)
  }

  #coverNames(directory: SimDirectory, path: string, order: number): void {
    if (this.faults.draw('eio-sync')) throw systemError('EIO', 'fsync', path)
    directory.cover(order)
  }

  #link(path: string, node: SimNode): void {
    this.#directory(parentOf(path))
    if (!this.faults.takeRoom(NAME_BYTES)) throw systemError('ENOSPC', 'open', path)
    this.#change(parentOf(path), null, { name: nameOf(path), node })
  }

  #change(path: string, unlink: string | null, link: { readonly name: string; readonly node: SimNode } | null): void {
    const directory = this.#directory(path)
    const gone = directory.visible.get(link?.name ?? unlink ?? '')
    if (gone instanceof SimFile) this.faults.giveRoom(gone.visible.size)
    directory.change(this.nextOrder(), unlink, link)
    this.#changed.add(path)
  }

  #find(path: string): SimNode | undefined {
    let node: SimNode | undefined = this.#root
    for (const name of this.#namesOf(path)) {
      if (!(node instanceof SimDirectory)) return undefined
      node = node.visible.get(name)
    }
    return node
  }

  #namesOf(path: string): readonly string[] {
    let names = this.#names.get(path)
    if (names === undefined) {
      names = path.split('/').filter((name) => name !== '')
      this.#names.set(path, names)
    }
    return names
  }

  #file(path: string): SimFile {
    const found = this.#find(path)
    if (found instanceof SimFile) return found
    throw systemError(found === undefined ? 'ENOENT' : 'EISDIR', 'open', path)
  }

  #directory(path: string): SimDirectory {
    const found = this.#find(path)
    if (found instanceof SimDirectory) return found
    throw systemError(found === undefined ? 'ENOENT' : 'ENOTDIR', 'open', path)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
