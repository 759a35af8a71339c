/** A file or a directory as a disk has it: what is on the platter, and what is only on its way there. */
import type { Random } from '../../../demo/random.ts'

/** A change of contents. `bytes` is null where the trace did not show them: then they are those of the file as it is now. */
export type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly length: number; readonly bytes: Buffer | null }
  | { readonly kind: 'truncate'; readonly size: number }

/** A change of names. A rename within a directory is one change: both names or neither. */
export interface NameChange {
  readonly added: { readonly name: string; readonly inode: Inode } | null
  readonly removed: string | null
}

/** Changes in the order they were made, of which the first `durable` are synced. */
class Changes<C> {
  readonly #all: C[] = []
  #durable = 0

  get made(): number {
    return this.#all.length
  }

  get unsynced(): number {
    return this.#all.length - this.#durable
  }

  make(change: C): void {
    this.#all.push(change)
  }

  /** A sync that began when `made` changes had been made has come back. */
  sync(made: number): void {
    this.#durable = Math.max(this.#durable, made)
  }

  synced(): readonly C[] {
    return this.#all.slice(0, this.#durable)
  }

  pending(): readonly C[] {
    return this.#all.slice(this.#durable)
  }
}

export class FileInode {
  readonly changes = new Changes<FileChange>()
  size = 0

  change(change: FileChange): void {
    this.changes.make(change)
    this.size = change.kind === 'truncate' ? change.size : Math.max(this.size, change.position + change.length)
  }

  /**
   * The contents after a power cut: all that was synced, each later write with the probability `kept`, and one in five of
   * those torn. `now` is the file as it is, or null when it is gone; null is returned where that would be needed.
   */
  afterPowerCut(now: Buffer | null, random: Random, kept: number): Buffer | null {
    let contents = Buffer.alloc(0)
    const isKept = () => random.uniform() < kept
    const share = () => (random.below(5) === 0 ? random.uniform() : 1)
    const changes = [
      ...this.changes.synced().map((change) => ({ change, share: 1 })),
      ...this.changes
        .pending()
        .filter(isKept)
        .map((change) => ({ change, share: share() })),
    ]
    for (const { change, share } of changes) {
      if (change.kind === 'truncate') {
        contents = resized(contents, change.size)
        continue
      }
      const { position, length } = change
      const bytes = change.bytes ?? now?.subarray(position, position + length)
      if (bytes === undefined) return null
      const part = bytes.subarray(0, Math.ceil(bytes.length * share))
      if (position + part.length > contents.length) contents = resized(contents, position + part.length)
      part.copy(contents, position)
    }
    return contents
  }
}

export class DirectoryInode {
  readonly changes = new Changes<NameChange>()
  /** As the process sees it. */
  readonly names = new Map<string, Inode>()

  change(change: NameChange): void {
    this.changes.make(change)
    apply(this.names, change)
  }

  /** The names after a power cut: those synced, and some of the later changes, but none without those before it. */
  afterPowerCut(random: Random): Map<string, Inode> {
    const names = new Map<string, Inode>()
    for (const change of this.changes.synced()) apply(names, change)
    const pending = this.changes.pending()
    for (const change of pending.slice(0, random.below(pending.length + 1))) apply(names, change)
    return names
  }
}

export type Inode = FileInode | DirectoryInode

function apply(names: Map<string, Inode>, { added, removed }: NameChange): void {
  if (removed !== null) names.delete(removed)
  if (added !== null) names.set(added.name, added.inode)
}

function resized(contents: Buffer, size: number): Buffer<ArrayBuffer> {
  const next = Buffer.alloc(size)
  contents.copy(next, 0, 0, size)
  return next
}
