/**
 * What a power cut leaves of a directory: its files are followed through the system calls of the process that writes
 * them, and only what a completed fsync or fdatasync covers is sure to be kept. Stricter than most file systems: names
 * need a sync of their directory, and writes that were not synced may be lost singly, in any order.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Random } from '../../../demo/random.ts'
import { DirectoryInode, FileInode, type Inode } from './inode.ts'
import { type Call, type CallObserver, type FinishedCall, pathOfDescriptor, stringsOf } from './trace.ts'

export interface PowerCut {
  /** Writes and names that were not synced when it came. */
  readonly unsynced: number
}

export class DiskModel implements CallObserver {
  readonly #path: string
  readonly #root: DirectoryInode
  /** Syncs under way, by thread: what they will have made durable. */
  readonly #syncs = new Map<number, { readonly inode: Inode; readonly made: number }>()

  /** Follows the directory, which is taken to be synced as it is; it need not exist yet. Absolute, without links in it. */
  constructor(path: string) {
    this.#path = path
    this.#root = load(path)
  }

  began(call: Call): void {
    if (call.name !== 'fsync' && call.name !== 'fdatasync') return
    const inode = this.#find(pathOfDescriptor(call.text))
    if (inode !== null) this.#syncs.set(call.thread, { inode, made: inode.changes.made })
  }

  ended(call: FinishedCall): void {
    const sync = this.#syncs.get(call.thread)
    this.#syncs.delete(call.thread)
    if (call.result < 0) return
    const file = pathOfDescriptor(call.text)
    const [first = null, second = null] = /^(pwrite|write)/.test(call.name) ? [] : stringsOf(call.text).map(String)
    if (call.name.includes('sync')) sync?.inode.changes.sync(sync.made)
    else if (call.name === 'openat') this.#open(first, call.text)
    else if (call.name.startsWith('mkdir')) this.#add(first, new DirectoryInode())
    else if (call.name.startsWith('rename')) this.#rename(first, second)
    else if (call.name.startsWith('unlink') || call.name === 'rmdir') this.#remove(first)
    else if (call.name === 'ftruncate') this.#truncate(file, Number(/(\d+)$/.exec(call.text)?.[1]))
    else this.#write(file, call)
  }

  /** Writes what a power cut now might leave to the directory `to`. The process must be dead. */
  cutPower(to: string, random: Random): PowerCut {
    // From nothing kept to everything: each is a case of its own.
    const kept = random.pick([0, 0.3, 0.7, 1])
    return { unsynced: this.#leave(this.#root, this.#path, to, random, kept) }
  }

  #leave(inode: Inode, from: string, to: string, random: Random, kept: number): number {
    let { unsynced } = inode.changes
    if (inode instanceof FileInode) {
      const contents = inode.afterPowerCut(readOrNull(from), random, kept)
      if (contents !== null) writeFileSync(to, contents)
      return unsynced
    }
    mkdirSync(to, { recursive: true })
    const pathsNow = new Map([...inode.names].map(([name, child]) => [child, join(from, name)]))
    for (const [name, child] of inode.afterPowerCut(random)) {
      unsynced += this.#leave(child, pathsNow.get(child) ?? '', join(to, name), random, kept)
    }
    return unsynced
  }

  #open(path: string | null, text: string): void {
    if (!text.includes('O_CREAT')) return
    const found = this.#find(path)
    if (found === null) this.#add(path, new FileInode())
    else if (found instanceof FileInode && text.includes('O_TRUNC')) found.change({ kind: 'truncate', size: 0 })
  }

  #write(path: string | null, { name, text, result }: FinishedCall): void {
    const inode = this.#find(path)
    if (!(inode instanceof FileInode)) return
    const position = name === 'write' ? inode.size : Number(/, (\d+)$/.exec(text)?.[1])
    const bytes = name === 'pwritev' ? null : (stringsOf(text)[0]?.subarray(0, result) ?? null)
    inode.change({ kind: 'write', position, length: result, bytes })
  }

  #truncate(path: string | null, size: number): void {
    const inode = this.#find(path)
    if (inode instanceof FileInode) inode.change({ kind: 'truncate', size })
  }

  #add(path: string | null, inode: Inode): void {
    const parent = this.#parentOf(path)
    if (path !== null) parent?.change({ added: { name: basename(path), inode }, removed: null })
  }

  #remove(path: string | null): void {
    const parent = this.#parentOf(path)
    if (path !== null) parent?.change({ added: null, removed: basename(path) })
  }

  #rename(from: string | null, to: string | null): void {
    const inode = this.#find(from)
    if (from === null || to === null || inode === null) return
    const change = { added: { name: basename(to), inode }, removed: basename(from) }
    // The broker renames within a directory only.
    if (dirname(from) !== dirname(to)) throw new Error(`${from} was renamed to another directory: ${to}`)
    this.#parentOf(to)?.change(change)
  }

  #parentOf(path: string | null): DirectoryInode | null {
    const parent = path === null ? null : this.#find(dirname(path))
    return parent instanceof DirectoryInode ? parent : null
  }

  #find(path: string | null): Inode | null {
    if (path === this.#path) return this.#root
    if (path === null || !path.startsWith(`${this.#path}/`)) return null
    let inode: Inode | undefined = this.#root
    for (const name of path.slice(this.#path.length + 1).split('/')) {
      inode = inode instanceof DirectoryInode ? inode.names.get(name) : undefined
    }
    return inode ?? null
  }
}

function load(path: string): DirectoryInode {
  const directory = new DirectoryInode()
  for (const name of listOrNone(path)) {
    const child = join(path, name)
    const inode = statSync(child).isDirectory() ? load(child) : loadFile(child)
    directory.change({ added: { name, inode }, removed: null })
  }
  directory.changes.sync(directory.changes.made)
  return directory
}

function loadFile(path: string): FileInode {
  const bytes = readFileSync(path)
  const file = new FileInode()
  file.change({ kind: 'write', position: 0, length: bytes.length, bytes })
  file.changes.sync(1)
  return file
}

function listOrNone(path: string): string[] {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(path) : []
}

function readOrNull(path: string): Buffer | null {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path) : null
}
