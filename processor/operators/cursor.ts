import type { InputRecord, ModelVersion, Pane, RecordHeader, Window, WindowContext } from '../record.ts'

const NO_HEADERS: readonly RecordHeader[] = Object.freeze([])
const NO_WINDOW: Window = Object.freeze({ start: 0, end: 0 })
const NO_PANE: Pane = Object.freeze({ timing: 'on-time', index: 0, isFirst: true, isLast: true })
const NO_MODEL: ModelVersion = Object.freeze({ key: null, topic: '', partition: -1, offset: -1, timestamp: -1 })

/**
 * The record that a task is working on: what functions get as their context. One per task, set anew at each root (an
 * input record, a timer, a closing window); an operator that changes it further down puts it back.
 */
export class Cursor implements WindowContext {
  /** The input record, if one is at hand. */
  record: InputRecord | undefined
  topic = ''
  partition = -1
  offset = -1
  timestamp = 0
  window: Window = NO_WINDOW
  pane: Pane = NO_PANE
  model: ModelVersion = NO_MODEL
  /** Id of the node whose function runs, for errors. */
  node = -1
  #key: unknown = null
  #keyOf: InputRecord | undefined

  /** Decoded when first asked for: many topologies never do. */
  get key(): unknown {
    if (this.#keyOf !== undefined) {
      this.#key = this.#keyOf.key
      this.#keyOf = undefined
    }
    return this.#key
  }

  get headers(): readonly RecordHeader[] {
    return this.record === undefined ? NO_HEADERS : this.record.headers
  }

  /** Stands on an input record. */
  enter(record: InputRecord, topic: string, partition: number): void {
    this.record = record
    this.topic = topic
    this.partition = partition
    this.offset = record.offset
    this.timestamp = record.timestamp
    this.#keyOf = record
  }

  /** Stands on a key of some state, with no input record at hand. */
  enterKey(key: unknown, timestamp: number): void {
    this.record = undefined
    this.offset = -1
    this.timestamp = timestamp
    this.#key = key
    this.#keyOf = undefined
  }

  /** Where it stands, to come back to. */
  save(): CursorPlace {
    const { record, topic, partition, offset, timestamp, window, pane } = this
    return { record, topic, partition, offset, timestamp, window, pane, key: record === undefined ? this.#key : null }
  }

  restore(place: CursorPlace): void {
    this.record = place.record
    this.topic = place.topic
    this.partition = place.partition
    this.offset = place.offset
    this.timestamp = place.timestamp
    this.window = place.window
    this.pane = place.pane
    this.#key = place.key
    this.#keyOf = place.record
  }
}

export interface CursorPlace {
  readonly record: InputRecord | undefined
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly window: Window
  readonly pane: Pane
  readonly key: unknown
}
