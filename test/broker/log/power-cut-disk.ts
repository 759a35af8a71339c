/**
 * A disk whose power can be cut: it remembers what was synced, and `afterPowerCut` makes the disk that a restart would
 * find. Of what was not synced, a random part is there: appended bytes up to some point (the last sector of them perhaps
 * zeros or rubbish), an overwritten record old or new, a new file's name or not.
 */
import type { Disk, DiskDone, DiskFile } from '../../../broker/ports/disk.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'

const SECTOR_BYTES = 512

interface PendingSync {
  readonly path: string
  covered: Buffer
  readonly order: number
}

export class PowerCutDisk {
  readonly disk: Disk
  readonly #inner: MemoryDisk
  readonly #directories = new Set<string>()
  readonly #names = new Set<string>()
  /** Names that a sync of their directory has covered. */
  readonly #durableNames = new Set<string>()
  /** Content as of the last sync of each file. */
  readonly #synced = new Map<string, Buffer>()
  readonly #syncedBy = new Map<string, number>()
  readonly #inFlight = new Set<PendingSync>()
  #order = 1

  constructor(inner: MemoryDisk) {
    this.#inner = inner
    this.disk = new Proxy(inner as Disk, {
      get: (target, name) => this.#overrides(target, String(name)) ?? bound(target, name),
    })
  }

  /** `random` gives integers in [0, n). */
  afterPowerCut(random: (n: number) => number, defer: (fn: () => void) => void): MemoryDisk {
    const after = new MemoryDisk(defer)
    for (const directory of this.#directories) after.mkdirSync(directory)
    for (const path of this.#names) {
      const now = this.#inner.readFileSync(path)
      const synced = this.#synced.get(path)
      if (!this.#durableNames.has(path) && random(2) === 0) continue
      after.replaceSync(path, torn(synced ?? Buffer.alloc(0), now, random))
    }
    return after
  }

  #overrides(target: Disk, name: string): unknown {
    switch (name) {
      case 'mkdirSync':
        return (path: string) => {
          this.#directories.add(path)
          target.mkdirSync(path)
        }
      case 'openSync':
        return (path: string, options?: { create?: boolean; readOnly?: boolean }) => {
          const file = target.openSync(path, options)
          this.#names.add(path)
          return this.#watch(file)
        }
      case 'replaceSync':
        return (path: string, data: Buffer, options?: { sync?: boolean }) => {
          target.replaceSync(path, data)
          this.#names.add(path)
          if (options?.sync === false) return
          this.#synced.set(path, Buffer.from(data))
          this.#durableNames.add(path)
        }
      case 'renameSync':
        return (from: string, to: string) => {
          target.renameSync(from, to)
          this.#names.delete(from)
          this.#names.add(to)
          if (this.#durableNames.delete(from)) this.#durableNames.add(to)
          const synced = this.#synced.get(from)
          this.#synced.delete(from)
          if (synced !== undefined) this.#synced.set(to, synced)
        }
      case 'syncDirectorySync':
        return (path: string) => this.#coverNames(path)
      case 'syncDirectory':
        return (path: string, done: DiskDone) => {
          const covered = [...this.#names].filter((name) => name.startsWith(`${path}/`))
          target.syncDirectory(path, (error) => {
            for (const name of covered) if (this.#names.has(name)) this.#durableNames.add(name)
            done(error)
          })
        }
      case 'unlinkSync':
        return (path: string) => {
          target.unlinkSync(path)
          this.#forget(path)
        }
      case 'unlink':
        return (path: string, done: DiskDone) => {
          target.unlink(path, (error) => {
            this.#forget(path)
            done(error)
          })
        }
      default:
        return undefined
    }
  }

  #forget(path: string): void {
    this.#names.delete(path)
    this.#durableNames.delete(path)
    this.#synced.delete(path)
  }

  #coverNames(directory: string): void {
    for (const name of this.#names) if (name.startsWith(`${directory}/`)) this.#durableNames.add(name)
  }

  #watch(file: DiskFile): DiskFile {
    const content = () => {
      const data = Buffer.alloc(file.size)
      file.readSync(data, 0, data.length, 0)
      return data
    }
    return new Proxy(file, {
      get: (target, name) => {
        if (name === 'datasyncSync')
          return () => this.#cover({ path: target.path, covered: content(), order: this.#order++ })
        if (name === 'truncateSync') {
          return (size: number) => {
            target.truncateSync(size)
            const synced = this.#synced.get(target.path)
            if (synced !== undefined) this.#synced.set(target.path, synced.subarray(0, size))
            for (const sync of this.#inFlight)
              if (sync.path === target.path) sync.covered = sync.covered.subarray(0, size)
          }
        }
        if (name !== 'datasync') return bound(target, name)
        return (done: DiskDone) => {
          // What the sync covers is what was written when it was asked for.
          const sync = { path: target.path, covered: content(), order: this.#order++ }
          this.#inFlight.add(sync)
          target.datasync((error) => {
            this.#inFlight.delete(sync)
            if (error === null && this.#names.has(target.path)) this.#cover(sync)
            done(error)
          })
        }
      },
    })
  }

  /** Takes over what a sync covered, unless one that was asked for later is done already. */
  #cover({ path, covered, order }: PendingSync): void {
    if (order < (this.#syncedBy.get(path) ?? 0)) return
    this.#syncedBy.set(path, order)
    this.#synced.set(path, covered)
  }
}

function torn(synced: Buffer, now: Buffer, random: (n: number) => number): Buffer {
  // What fits a sector is mostly there whole or not at all.
  if (now.length <= SECTOR_BYTES && synced.length <= SECTOR_BYTES && random(4) > 0)
    return random(2) === 0 ? synced : now
  const isAppend = now.length > synced.length && now.subarray(0, synced.length).equals(synced)
  if (!isAppend) return random(2) === 0 ? synced : now
  const kept = Buffer.from(now.subarray(0, synced.length + random(now.length - synced.length + 1)))
  const rubbish = random(4)
  const from = Math.max(synced.length, kept.length - 1 - random(SECTOR_BYTES))
  if (rubbish === 1) kept.fill(0, from)
  if (rubbish === 2) for (let i = from; i < kept.length; i++) kept[i] = random(256)
  return kept
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name)
  return typeof value === 'function' ? (value.bind(target) as unknown) : value
}
