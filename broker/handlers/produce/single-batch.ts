import { HEADER_BYTES } from '../../../proto/kafka/batch/header.ts'
import { type Reader, WireError } from '../../../proto/kafka/reader.ts'
import { TOPIC_ID_VERSION } from './answer.ts'

const FLEXIBLE_VERSION = 9

/** A count of one, and null, as compact fields have them. */
const COMPACT_ONE = 2
const COMPACT_NULL = 0

/**
 * A Produce request of one batch for one partition, outside a transaction and without tagged fields, as nearly all are: read
 * field by field, where the generated codec makes six objects. Filled anew for each request: nobody keeps it.
 */
export class SingleBatch {
  acks = 0
  timeoutMs = 0
  /** Its name; its id from version 13 on. */
  topic = ''
  index = 0
  /** The records field, in the reader's buffer. */
  start = 0
  end = 0

  /** Reads the body. False: the request is of another shape, or malformed; the reader stands where it stood. */
  read(reader: Reader, version: number): boolean {
    const { position } = reader
    try {
      if (version >= FLEXIBLE_VERSION ? this.readCompact(reader, version) : this.readPlain(reader)) return true
    } catch (error) {
      // Whoever reads it the usual way finds the same.
      if (!(error instanceof WireError)) throw error
    }
    reader.position = position
    return false
  }

  private readCompact(reader: Reader, version: number): boolean {
    if (reader.unsignedVarint() !== COMPACT_NULL) return false
    this.acks = reader.int16()
    this.timeoutMs = reader.int32()
    if (reader.unsignedVarint() !== COMPACT_ONE) return false
    this.topic = version >= TOPIC_ID_VERSION ? reader.uuid() : reader.compactString()
    if (reader.unsignedVarint() !== COMPACT_ONE) return false
    this.index = reader.int32()
    if (!this.readRecords(reader, reader.unsignedVarint() - 1)) return false
    // No tags: of the partition, of the topic, of the request.
    return reader.unsignedVarint() === 0 && reader.unsignedVarint() === 0 && reader.unsignedVarint() === 0
  }

  private readPlain(reader: Reader): boolean {
    if (reader.int16() !== -1) return false
    this.acks = reader.int16()
    this.timeoutMs = reader.int32()
    if (reader.int32() !== 1) return false
    this.topic = reader.string()
    if (reader.int32() !== 1) return false
    this.index = reader.int32()
    return this.readRecords(reader, reader.int32())
  }

  private readRecords(reader: Reader, length: number): boolean {
    if (length < HEADER_BYTES) return false
    this.start = reader.skip(length)
    this.end = this.start + length
    return true
  }
}
