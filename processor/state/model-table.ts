import { messageOf } from '../errors.ts'
import { MODEL_KEYS_MAX, MODEL_VERSIONS_MAX } from '../limits.ts'
import type { InputRecord, ModelVersion } from '../record.ts'
import type { ModelNode } from '../topology/node.ts'
import { type MapKey, mapKeyOf } from './keys.ts'

/** A model that is ready to be applied. */
export interface ReadyModel {
  readonly model: unknown
  readonly version: ModelVersion
}

/** One record of the models topic. Loaded when first needed; then the bytes go. */
interface Entry {
  readonly mapKey: MapKey | null
  readonly version: ModelVersion
  bytes: Buffer | undefined
  ready: ReadyModel | undefined
  /** What was used under this key before: stays if this one cannot be loaded. */
  previous: ReadyModel | undefined
}

/** What is told when a model is refused. */
export type ModelRefused = (version: ModelVersion, reason: string, error: unknown) => void

/**
 * The newest model of a topic, or the newest of each key: a global table, one per `withModel` and process, shared by its
 * tasks. A version that cannot be decoded or loaded is refused, and the one before it stays in use.
 */
export class ModelTable {
  readonly node: ModelNode
  readonly #refused: ModelRefused
  readonly #entries = new Map<MapKey | null, Entry>()
  #newest: Entry | undefined
  /** Models taken and refused so far. */
  applied = 0
  refusals = 0

  constructor(node: ModelNode, refused: ModelRefused) {
    this.node = node
    this.#refused = refused
  }

  /** Versions that can be used now, newest last. */
  versions(): ModelVersion[] {
    return [...this.#entries.values()].map((entry) => entry.version)
  }

  apply(record: InputRecord, partition: number): void {
    const version = {
      key: null,
      topic: this.node.topic.name,
      partition,
      offset: record.offset,
      timestamp: record.timestamp,
    }
    let key: unknown
    let mapKey: MapKey | null = null
    try {
      key = record.key
      if (key !== null && key !== undefined) mapKey = mapKeyOf(key, this.node.topic.key)
    } catch (thrown) {
      this.#refuse(version, 'its key cannot be read', thrown)
      return
    }
    if (record.valueBytes === null) {
      this.#entries.delete(mapKey)
      this.#choose()
      return
    }
    const replaced = this.#entries.get(mapKey)
    const previous = replaced?.ready ?? replaced?.previous
    const bytes = Buffer.from(record.valueBytes)
    const entry: Entry = { mapKey, version: { ...version, key: key ?? null }, bytes, ready: undefined, previous }
    if (this.#isFull(mapKey)) {
      this.#refuse(entry.version, `more than ${MODEL_KEYS_MAX} models by key`, undefined)
      return
    }
    this.applied++
    this.#entries.delete(mapKey)
    this.#entries.set(mapKey, entry)
    this.#choose()
  }

  /** The model of a key; the newest of all when there is no key to choose by. */
  find(key: unknown): ReadyModel | undefined {
    const entry = this.node.key === undefined ? this.#newest : this.#entries.get(this.#mapKey(key))
    return entry === undefined ? undefined : (entry.ready ?? this.#load(entry))
  }

  #mapKey(key: unknown): MapKey | null {
    return key === null || key === undefined ? null : mapKeyOf(key, this.node.topic.key)
  }

  #load(entry: Entry): ReadyModel | undefined {
    try {
      const value = this.node.topic.value.decode(entry.bytes!)
      entry.ready = { model: this.node.load(value, entry.version), version: entry.version }
      entry.bytes = undefined
      entry.previous = undefined
      return entry.ready
    } catch (thrown) {
      this.#refuse(entry.version, messageOf(thrown), thrown)
      return this.#fallBack(entry)
    }
  }

  /** The refused entry gives way to what its key had before, else to the next newest. */
  #fallBack(entry: Entry): ReadyModel | undefined {
    if (entry.previous === undefined) {
      this.#entries.delete(entry.mapKey)
      this.#choose()
      return this.node.key === undefined && this.#newest !== undefined ? this.find(null) : undefined
    }
    const { previous } = entry
    const restored = { ...entry, version: previous.version, bytes: undefined, ready: previous, previous: undefined }
    this.#entries.set(entry.mapKey, restored)
    this.#choose()
    return this.node.key === undefined ? this.find(null) : previous
  }

  /** The newest: by offset within a partition, by time between partitions. */
  #choose(): void {
    let newest: Entry | undefined
    for (const entry of this.#entries.values()) if (newest === undefined || isNewer(entry, newest)) newest = entry
    this.#newest = newest
    if (this.node.key !== undefined || this.#entries.size <= MODEL_VERSIONS_MAX) return
    for (const entry of this.#entries.values()) {
      if (entry === newest) continue
      this.#entries.delete(entry.mapKey)
      return
    }
  }

  #isFull(mapKey: MapKey | null): boolean {
    return this.node.key !== undefined && this.#entries.size >= MODEL_KEYS_MAX && !this.#entries.has(mapKey)
  }

  #refuse(version: ModelVersion, reason: string, error: unknown): void {
    this.refusals++
    this.#refused(version, reason, error)
  }
}

function isNewer(a: Entry, b: Entry): boolean {
  if (a.version.partition === b.version.partition) return a.version.offset > b.version.offset
  return a.version.timestamp > b.version.timestamp
}
