import type { Disk, DiskFile } from '../ports/disk.ts'
import { assert, FilesPinnedError, isOutOfDescriptors } from './errors.ts'

/** A file that is opened when needed. The pool may close it again unless it is pinned. */
export interface FileHandle {
  path: string
  file: DiskFile | null
  /** Over 0 while unsynced bytes are in it: a sync must go through the very descriptor that wrote. See `FilePool.pin`. */
  pins: number
  /** Second-chance bit of the pool's clock. */
  used: boolean
  /** Set when the file is on its way out: nothing of it need be synced any more. */
  removed: boolean
}

export function fileHandle(path: string): FileHandle {
  return { path, file: null, pins: 0, used: false, removed: false }
}

/** Of the files that may be open this part is never pinned: reads and durable marks find something to close. */
const UNPINNED_SHARE = 1 / 4

/**
 * Bounds the descriptors that logs keep open: over `maxOpen`, the file not used for longest (as a clock hand sees it) is
 * closed. Pinned files stay; whoever asks `expectRoomToPin` before he writes keeps them from taking the whole pool.
 */
export class FilePool {
  readonly #maxOpen: number
  readonly #maxPinned: number
  readonly #open: FileHandle[] = []
  #hand = 0
  #pinned = 0

  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen
    this.#maxPinned = Math.max(1, Math.floor(maxOpen * (1 - UNPINNED_SHARE)))
  }

  get openCount(): number {
    return this.#open.length
  }

  /** Throws FilesPinnedError when the file is not pinned and no other may be, until one is unpinned. */
  expectRoomToPin(handle: FileHandle): void {
    if (handle.pins === 0 && this.#pinned >= this.#maxPinned) throw new FilesPinnedError(handle.path, this.#pinned)
  }

  /** Keeps the file open until as many calls of `unpin`. */
  pin(handle: FileHandle): void {
    if (handle.pins++ === 0) this.#pinned++
  }

  unpin(handle: FileHandle): void {
    assert(handle.pins > 0, `${handle.path} is not pinned`)
    if (--handle.pins === 0) this.#pinned--
  }

  /** The open file of the handle. With `create` a missing one is made. */
  open(disk: Disk, handle: FileHandle, create = false): DiskFile {
    handle.used = true
    if (handle.file !== null) return handle.file
    if (this.#open.length >= this.#maxOpen) this.closeOne()
    handle.file = this.#openFile(disk, handle.path, create)
    this.#open.push(handle)
    return handle.file
  }

  close(handle: FileHandle): void {
    if (handle.file === null) return
    const index = this.#open.indexOf(handle)
    assert(index >= 0, `open file ${handle.path} is not in the pool`)
    this.#closeAt(index)
  }

  /** Closes the file not used for longest; false when all are pinned. */
  closeOne(): boolean {
    // Two rounds: the first may only clear the second-chance bits.
    for (let step = 0; step < this.#open.length * 2; step++) {
      this.#hand = this.#hand >= this.#open.length - 1 ? 0 : this.#hand + 1
      const handle = this.#open[this.#hand]!
      if (handle.pins > 0) continue
      if (!handle.used) {
        this.#closeAt(this.#hand)
        return true
      }
      handle.used = false
    }
    return false
  }

  /** Something else may have taken the descriptors that the pool counts on: then it gets on with those it has. */
  #openFile(disk: Disk, path: string, create: boolean): DiskFile {
    for (;;) {
      try {
        return disk.openSync(path, { create })
      } catch (error) {
        if (!isOutOfDescriptors(error) || !this.closeOne()) throw error
      }
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
