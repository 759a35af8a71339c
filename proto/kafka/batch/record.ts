/** A header of a record. */
export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** One record as it is read. Byte fields are slices of the batch (or of its decompressed records), not copies. */
export interface KafkaRecord {
  readonly offset: number
  /** Milliseconds; the append time of the batch on topics with LogAppendTime. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** A header of a record to be written. */
export interface RecordHeaderInput {
  readonly key: string
  readonly value: Buffer | string | null
}

/** The fewest bytes a record takes: length, attributes, two deltas, two lengths and the header count, one byte each. */
export const MIN_RECORD_BYTES = 7

/** Shared by all records without headers. */
export const NO_HEADERS: readonly RecordHeader[] = Object.freeze([])
