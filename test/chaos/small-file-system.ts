import { spawnSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { chaosDirectory, unmountAtEnd } from './leftovers.ts'

/** Whoever writes while its disk is made smaller is in the way: tried so often. */
const TRIES = 50

/** A tmpfs of its own: a disk that is full when somebody wants it to be. */
export class SmallFileSystem implements Disposable {
  readonly path: string
  readonly #sizeBytes: number
  readonly #space: Disposable
  readonly #unmount: () => void
  #isFull = false

  private constructor(path: string, sizeBytes: number, space: Disposable) {
    this.path = path
    this.#sizeBytes = sizeBytes
    this.#space = space
    this.#unmount = unmountAtEnd(path)
  }

  /** Null where that is not allowed. */
  static mount(sizeBytes: number): SmallFileSystem | null {
    const space = chaosDirectory()
    const path = join(space.path, 'small')
    mkdirSync(path)
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'millrace-chaos', path])
    if (status === 0) return new SmallFileSystem(path, sizeBytes, space)
    space[Symbol.dispose]()
    return null
  }

  /** Leaves so much room and no more. */
  fill(leftBytes: number): void {
    for (let tries = 0; tries < TRIES; tries++) {
      const { blocks, bfree, bsize } = statfsSync(this.path)
      this.#isFull = this.#resize((blocks - bfree) * bsize + leftBytes)
      if (this.#isFull) return
    }
    throw new Error(`${this.path} cannot be made full`)
  }

  /** Gives back what `fill` took. */
  relieve(): void {
    if (this.#isFull && !this.#resize(this.#sizeBytes)) throw new Error(`${this.path} cannot be given its size back`)
    this.#isFull = false
  }

  [Symbol.dispose](): void {
    this.#unmount()
    this.#space[Symbol.dispose]()
  }

  #resize(sizeBytes: number): boolean {
    const options = `remount,size=${Math.max(sizeBytes, 1)}`
    return spawnSync('mount', ['-o', options, this.path]).status === 0
  }
}

/** Why no file system can be mounted here; null = it can. */
export function whyNoMount(): string | null {
  using small = SmallFileSystem.mount(1024 * 1024)
  return small === null ? 'a tmpfs may not be mounted here (root may)' : null
}
