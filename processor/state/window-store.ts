import type { Serde } from '../../client/serde/serde.ts'
import type { ChangelogRecord, Window } from '../record.ts'
import { asBuffer, type MapKey, mapKeyOf } from './keys.ts'
import { ENTRY, NOTE, type Store, type StoredEntry } from './store.ts'

/** The state of one key in one window. */
export interface WindowEntry {
  readonly key: unknown
  readonly window: OpenWindow
  /** Undefined when a discarding pane has taken it. */
  state: unknown
  /** Results given so far. */
  panes: number
  dirty: boolean
  flushed: boolean
}

/** A window of which something is kept. */
export interface OpenWindow {
  readonly start: number
  readonly end: number
  /** The same bounds, to be handed out. */
  readonly span: Window
  readonly entries: Map<MapKey, WindowEntry>
  /** Its on-time result was given. */
  fired: boolean
}

const HAS_STATE = 1
const FIRED_UP_TO = Buffer.from([NOTE, 0])

/**
 * State by window and key. Changelog keys: kind (1), key bytes, start (float64); values: flags (1: state follows), panes
 * (uint32), state bytes. Before the entries of a commit goes a note of how far windows have fired: whoever restores must
 * not fire them again from what is left of them.
 */
export class WindowStore implements Store {
  readonly name: string
  /** Windows whose end is not later have given their on-time results. */
  firedUpTo = Number.NEGATIVE_INFINITY
  readonly #sizeMs: number
  readonly #keySerde: Serde<unknown>
  readonly #stateSerde: Serde<unknown>
  /** By start, oldest first: windows of one size end in the same order. */
  readonly #windows: OpenWindow[] = []
  #last: OpenWindow | undefined
  #dirty: WindowEntry[] = []
  #notedUpTo = Number.NEGATIVE_INFINITY
  #deleted: ChangelogRecord[] = []

  constructor(name: string, sizeMs: number, keySerde: Serde<unknown>, stateSerde: Serde<unknown>) {
    this.name = name
    this.#sizeMs = sizeMs
    this.#keySerde = keySerde
    this.#stateSerde = stateSerde
  }

  get size(): number {
    let size = 0
    for (const window of this.#windows) size += window.entries.size
    return size
  }

  get windows(): readonly OpenWindow[] {
    return this.#windows
  }

  /** The entry of a key in the window that starts then; made if there is none. */
  at(start: number, key: unknown): WindowEntry {
    const window = this.#last !== undefined && this.#last.start === start ? this.#last : this.#open(start)
    this.#last = window
    const mapKey = mapKeyOf(key, this.#keySerde)
    const found = window.entries.get(mapKey)
    if (found !== undefined) return found
    const entry: WindowEntry = { key, window, state: undefined, panes: 0, dirty: false, flushed: false }
    window.entries.set(mapKey, entry)
    return entry
  }

  touch(entry: WindowEntry): void {
    if (entry.dirty) return
    entry.dirty = true
    this.#dirty.push(entry)
  }

  /** Forgets the oldest window and all that is in it. */
  dropFirst(): void {
    const window = this.#windows.shift()!
    if (this.#last === window) this.#last = undefined
    for (const entry of window.entries.values()) {
      entry.dirty = false
      if (entry.flushed) this.#deleted.push(this.#record(entry, null))
    }
    window.entries.clear()
  }

  *entries(): Iterable<StoredEntry> {
    for (const window of this.#windows) {
      for (const { key, state } of window.entries.values()) {
        if (state !== undefined) yield { key, state, windowStart: window.start }
      }
    }
  }

  flush(): ChangelogRecord[] {
    const records: ChangelogRecord[] = []
    if (this.firedUpTo > this.#notedUpTo) {
      this.#notedUpTo = this.firedUpTo
      const value = Buffer.allocUnsafe(8)
      value.writeDoubleBE(this.firedUpTo)
      records.push({
        store: this.name,
        key: FIRED_UP_TO,
        value,
        timestamp: Number.isFinite(this.firedUpTo) ? Math.max(0, this.firedUpTo) : 0,
      })
    }
    for (const deleted of this.#deleted) records.push(deleted)
    this.#deleted = []
    for (const entry of this.#dirty) {
      if (!entry.dirty) continue
      entry.dirty = false
      entry.flushed = true
      records.push(this.#record(entry, this.#encode(entry)))
    }
    this.#dirty = []
    return records
  }

  restore(key: Buffer, value: Buffer | null): void {
    if (key[0] === NOTE && value !== null) {
      this.firedUpTo = value.readDoubleBE(0)
      this.#notedUpTo = this.firedUpTo
      return
    }
    if (key[0] !== ENTRY) throw new RangeError(`a changelog key of kind ${key[0]} is not known`)
    const start = key.readDoubleBE(key.length - 8)
    const decoded = this.#keySerde.decode(Buffer.from(key.subarray(1, key.length - 8)))
    if (value === null) {
      this.#open(start).entries.delete(mapKeyOf(decoded, this.#keySerde))
      return
    }
    const entry = this.at(start, decoded)
    entry.flushed = true
    entry.panes = value.readUInt32BE(1)
    entry.state = (value[0]! & HAS_STATE) === 0 ? undefined : this.#stateSerde.decode(Buffer.from(value.subarray(5)))
  }

  restored(): void {
    const kept = this.#windows.filter((window) => window.entries.size > 0)
    this.#windows.splice(0, this.#windows.length, ...kept)
    this.#last = undefined
    for (const window of kept) window.fired = window.end <= this.firedUpTo
  }

  #open(start: number): OpenWindow {
    const windows = this.#windows
    let at = windows.length
    while (at > 0 && windows[at - 1]!.start > start) at--
    const before = windows[at - 1]
    if (before !== undefined && before.start === start) return before
    const end = start + this.#sizeMs
    const span = Object.freeze({ start, end })
    const window = { start, end, span, entries: new Map<MapKey, WindowEntry>(), fired: end <= this.firedUpTo }
    windows.splice(at, 0, window)
    return window
  }

  #record(entry: WindowEntry, value: Buffer | null): ChangelogRecord {
    const key = asBuffer(this.#keySerde.encode(entry.key))
    const bytes = Buffer.allocUnsafe(key.length + 9)
    bytes[0] = ENTRY
    key.copy(bytes, 1)
    bytes.writeDoubleBE(entry.window.start, key.length + 1)
    return { store: this.name, key: bytes, value, timestamp: Math.max(0, entry.window.start) }
  }

  #encode(entry: WindowEntry): Buffer {
    const state = entry.state === undefined ? undefined : this.#stateSerde.encode(entry.state)
    const bytes = Buffer.allocUnsafe(5 + (state?.length ?? 0))
    bytes[0] = state === undefined ? 0 : HAS_STATE
    bytes.writeUInt32BE(entry.panes, 1)
    if (state !== undefined) bytes.set(state, 5)
    return bytes
  }
}
