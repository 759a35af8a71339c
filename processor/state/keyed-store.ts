import type { Serde } from '../../client/serde/serde.ts'
import type { ChangelogRecord } from '../record.ts'
import { asBuffer, type MapKey, mapKeyOf } from './keys.ts'
import { ENTRY, type Store, type StoredEntry } from './store.ts'

/** What a keyed store keeps for a key. */
export interface KeyedEntry {
  readonly key: unknown
  readonly mapKey: MapKey
  dirty: boolean
  /** The changelog has a value for this key. */
  flushed: boolean
  /** Event time of the last change, ms: the changelog record's timestamp. */
  changedAt: number
}

/** How entries of one kind are made, and become bytes and back. */
export interface EntryFormat<E extends KeyedEntry> {
  create(key: unknown, mapKey: MapKey): E
  /** Undefined: nothing is left to keep. */
  encode(entry: E): Buffer | undefined
  decode(entry: E, bytes: Buffer): void
  stateOf(entry: E): unknown
}

/** State by key. Entries are live objects; whoever changes one says so with `touch`. */
export class KeyedStore<E extends KeyedEntry> implements Store {
  readonly name: string
  readonly #keySerde: Serde<unknown>
  readonly #format: EntryFormat<E>
  readonly #entries = new Map<MapKey, E>()
  #dirty: E[] = []

  constructor(name: string, keySerde: Serde<unknown>, format: EntryFormat<E>) {
    this.name = name
    this.#keySerde = keySerde
    this.#format = format
  }

  get size(): number {
    return this.#entries.size
  }

  /** The entry of a key; made if there is none. */
  at(key: unknown): E {
    const mapKey = mapKeyOf(key, this.#keySerde)
    const found = this.#entries.get(mapKey)
    if (found !== undefined) return found
    const entry = this.#format.create(key, mapKey)
    this.#entries.set(mapKey, entry)
    return entry
  }

  /** Nothing came to be kept in an entry that `at` made. */
  forget(entry: E): void {
    if (!entry.flushed && this.#format.encode(entry) === undefined) this.#entries.delete(entry.mapKey)
  }

  touch(entry: E, time: number): void {
    entry.changedAt = time
    if (entry.dirty) return
    entry.dirty = true
    this.#dirty.push(entry)
  }

  *entries(): Iterable<StoredEntry> {
    for (const entry of this.#entries.values()) {
      const state = this.#format.stateOf(entry)
      if (state !== undefined) yield { key: entry.key, state, windowStart: undefined }
    }
  }

  live(): IterableIterator<E> {
    return this.#entries.values()
  }

  flush(): ChangelogRecord[] {
    const records: ChangelogRecord[] = []
    for (const entry of this.#dirty) {
      entry.dirty = false
      const bytes = this.#format.encode(entry)
      if (bytes === undefined) {
        this.#entries.delete(entry.mapKey)
        if (!entry.flushed) continue
      }
      entry.flushed = bytes !== undefined
      const key = prefixed(asBuffer(this.#keySerde.encode(entry.key)))
      records.push({ store: this.name, key, value: bytes ?? null, timestamp: entry.changedAt })
    }
    this.#dirty = []
    return records
  }

  restore(key: Buffer, value: Buffer | null): void {
    if (key[0] !== ENTRY) throw new RangeError(`a changelog key of kind ${key[0]} is not known`)
    const decoded = this.#keySerde.decode(Buffer.from(key.subarray(1)))
    const mapKey = mapKeyOf(decoded, this.#keySerde)
    this.#entries.delete(mapKey)
    if (value === null) return
    const entry = this.#format.create(decoded, mapKey)
    this.#format.decode(entry, Buffer.from(value))
    entry.flushed = true
    this.#entries.set(mapKey, entry)
  }

  restored(): void {}
}

function prefixed(key: Buffer): Buffer {
  const out = Buffer.allocUnsafe(key.length + 1)
  out[0] = ENTRY
  key.copy(out, 1)
  return out
}
