import { Produce } from '../../../proto/kafka/generated/apis.ts'
import { writeInt32, writeInt64 } from '../../../proto/kafka/int64.ts'
import { Writer } from '../../../proto/kafka/writer.ts'
import { PRODUCE_REPLIES_KEPT } from '../../limits.ts'
import type { AppendResult } from '../../replication/api.ts'
import { emptyAnswer, produceResponse } from './answer.ts'

const LOG_START_VERSION = 5

/** From the partition's index on: its error, base offset, append time and, if the version has it, log start. */
const AT_BASE_OFFSET = 6
const AT_LOG_APPEND_TIME = 14
const AT_LOG_START = 22

interface Prepared {
  readonly bytes: Buffer
  /** Where the partition's index is. */
  readonly at: number
}

/**
 * Replies to requests of one accepted batch, which differ in four numbers only: each is written by the codec once for a topic
 * and version, and filled in from then on.
 */
export class AcceptedReplies {
  /** By version, then by the topic's name or id. */
  private readonly byVersion: Map<string, Prepared>[] = []

  /** The reply's body; to be copied before the next is asked for. */
  body(version: number, topic: string, index: number, result: AppendResult): Buffer {
    const { bytes, at } = this.find(version, topic)
    writeInt32(bytes, at, index)
    writeInt64(bytes, at + AT_BASE_OFFSET, result.baseOffset)
    writeInt64(bytes, at + AT_LOG_APPEND_TIME, result.logAppendTimeMs)
    if (version >= LOG_START_VERSION) writeInt64(bytes, at + AT_LOG_START, result.logStartOffset)
    return bytes
  }

  private find(version: number, topic: string): Prepared {
    let byTopic = this.byVersion[version]
    if (byTopic === undefined) {
      byTopic = new Map()
      this.byVersion[version] = byTopic
    }
    let prepared = byTopic.get(topic)
    if (prepared === undefined) {
      if (byTopic.size >= PRODUCE_REPLIES_KEPT) byTopic.clear()
      prepared = prepare(version, topic)
      byTopic.set(topic, prepared)
    }
    return prepared
  }
}

/** Two replies that differ in the partition's index show where it is. */
function prepare(version: number, topic: string): Prepared {
  const bytes = encode(version, topic, 0)
  const other = encode(version, topic, -1)
  return { bytes, at: bytes.findIndex((byte, position) => byte !== other[position]) }
}

function encode(version: number, topic: string, index: number): Buffer {
  const writer = new Writer()
  Produce.writeResponse(writer, produceResponse(version, topic, emptyAnswer(index), []), version)
  return Buffer.from(writer.toBuffer())
}
