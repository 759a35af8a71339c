import type { Disk, DiskFile } from '../ports/disk.ts'
import { assert } from './errors.ts'

/** A file that is opened when needed. The pool may close it again unless it is pinned. */
export interface FileHandle {
  path: string
  file: DiskFile | null
  /** Over 0 while unsynced bytes are in it: a sync must go through the very descriptor that wrote. */
  pins: number
  /** Second-chance bit of the pool's clock. */
  used: boolean
  /** Set when the file is on its way out: nothing of it need be synced any more. */
  removed: boolean
}

export function fileHandle(path: string): FileHandle {
  return { path, file: null, pins: 0, used: false, removed: false }
}

/**
 * Bounds the descriptors that logs keep open: over `maxOpen`, the file not used for longest (as a clock hand sees it) is
 * closed. Pinned files stay, so the bound is exceeded by at most the files being synced.
 */
export class FilePool {
  readonly #maxOpen: number
  readonly #open: FileHandle[] = []
  #hand = 0

  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen
  }

  get openCount(): number {
    return this.#open.length
  }

  /** The open file of the handle. With `create` a missing one is made. */
  open(disk: Disk, handle: FileHandle, create = false): DiskFile {
    handle.used = true
    if (handle.file !== null) return handle.file
    if (this.#open.length >= this.#maxOpen) this.#closeOne()
    handle.file = disk.openSync(handle.path, { create })
    this.#open.push(handle)
    return handle.file
  }

  close(handle: FileHandle): void {
    if (handle.file === null) return
    const index = this.#open.indexOf(handle)
    assert(index >= 0, `open file ${handle.path} is not in the pool`)
    this.#closeAt(index)
  }

  #closeOne(): void {
    // Two rounds: the first may only clear the second-chance bits.
    for (let step = 0; step < this.#open.length * 2; step++) {
      this.#hand = this.#hand >= this.#open.length - 1 ? 0 : this.#hand + 1
      const handle = this.#open[this.#hand]!
      if (handle.pins > 0) continue
      if (!handle.used) return this.#closeAt(this.#hand)
      handle.used = false
    }
  }

  #closeAt(index: number): void {
    const handle = this.#open[index]!
    const last = this.#open.pop()!
    if (last !== handle) this.#open[index] = last
    handle.file!.closeSync()
    handle.file = null
  }
}
