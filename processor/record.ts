import type { ConsumerRecord } from '../client/consumer/types.ts'

/** Records as the functions of a topology see them. Types only: what carries them is `operators/cursor.ts`. */

export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

/**
 * Where the value that a function was given comes from. One object is reused for all records of a task: read it during
 * the call, copy what is kept.
 */
export interface RecordContext<K = unknown> {
  readonly key: K
  /** Event time in ms since the epoch: what `time` said, else the record's timestamp; a pane has its window's end - 1. */
  readonly timestamp: number
  /** Topic, partition and offset of the input record being worked on. A timer or a closing window has offset -1. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly headers: readonly RecordHeader[]
}

/** A span of event time, `[start, end)` in ms since the epoch. */
export interface Window {
  readonly start: number
  readonly end: number
}

/** Which of a window's results this is. */
export interface Pane {
  /** `on-time` when the watermark passed the end of the window, `late` after it. */
  readonly timing: 'on-time' | 'late'
  /** 0 for the first pane of this key and window. */
  readonly index: number
  readonly isFirst: boolean
  /** True when no later pane of this key and window can come. */
  readonly isLast: boolean
}

/** The context of what a windowed aggregation gives. */
export interface WindowContext<K = unknown> extends RecordContext<K> {
  readonly window: Window
  readonly pane: Pane
}

/** Which version of a model was applied: its record in the models topic. */
export interface ModelVersion<MK = unknown> {
  readonly key: MK | null
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Timestamp of the model's record, ms. */
  readonly timestamp: number
}

/**
 * An input record as a task takes it: what the client's consumer yields. Reading `key` or `value` decodes and may throw;
 * the bytes are slices of a fetched buffer.
 */
export type InputRecord = Pick<
  ConsumerRecord,
  'offset' | 'timestamp' | 'key' | 'value' | 'keyBytes' | 'valueBytes' | 'headers'
>

/** A changelog record: null deletes. */
export interface ChangelogRecord {
  /** The store's name; its topic is `<app>-<store>-changelog`. */
  readonly store: string
  readonly key: Uint8Array
  readonly value: Uint8Array | null
  readonly timestamp: number
}

/** A record on its way out. `partition` is undefined when the key decides, as Kafka's default partitioner does. */
export interface OutputRecord {
  readonly topic: string
  readonly partition: number | undefined
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers: readonly RecordHeader[]
}
