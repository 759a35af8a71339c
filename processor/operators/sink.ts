import { EncodeFailure } from '../failure.ts'
import { messageOf } from '../errors.ts'
import type { RecordHeader } from '../record.ts'
import type { Encoder, RepartitionSinkNode, SinkNode } from '../topology/node.ts'
import type { EventClock } from '../windows/watermark.ts'
import type { Push, Scope } from './scope.ts'
import { encodeWatermark } from './watermark-record.ts'

const NO_HEADERS: readonly RecordHeader[] = Object.freeze([])

/** Writes to a topic. Bytes that came in unchanged go out as they are. */
export function sink(node: SinkNode, scope: Scope): Push {
  const { cursor } = scope
  const { id, topic, key: keyOf, partition, timestamp, headers, passKey, passValue } = node
  return (value) => {
    cursor.node = id
    const record = cursor.record
    let keyBytes: Uint8Array | null
    if (keyOf !== undefined) keyBytes = encode(topic.key, keyOf(value, cursor) ?? null)
    else keyBytes = passKey && record !== undefined ? record.keyBytes : encode(topic.key, cursor.key)
    const valueBytes = passValue && record !== undefined ? record.valueBytes : encode(topic.value, value)
    scope.emit({
      topic: topic.name,
      partition: partition === undefined ? undefined : partition(value, cursor),
      key: keyBytes,
      value: valueBytes,
      timestamp: timestamp === undefined ? cursor.timestamp : timestamp(value, cursor),
      headers: headers === undefined ? NO_HEADERS : headers(value, cursor),
    })
  }
}

/** Where this task stands among those that write the same repartition topic, and how wide that is. */
export interface RepartitionPlace {
  readonly task: number
  readonly tasks: number
  readonly partitions: number
}

/** Writes a repartition topic. Watermarks go in band to every partition, after the records they vouch for: once a turn. */
export class RepartitionSink {
  readonly push: Push
  readonly #node: RepartitionSinkNode
  readonly #scope: Scope
  readonly #place: RepartitionPlace
  readonly #clock: EventClock
  #sent = Number.NaN
  #sentIdle = false

  constructor(node: RepartitionSinkNode, scope: Scope, place: RepartitionPlace, clock: EventClock) {
    this.#node = node
    this.#scope = scope
    this.#place = place
    this.#clock = clock
    this.push = this.#build()
  }

  /**
   * Tells every partition how far event time has come, if that is news. The first time it always is: what was said to be
   * idle before a restart is not, until it says so again.
   */
  sendWatermark(): void {
    const { watermark, silentMs } = this.#clock
    const idle = silentMs !== undefined
    if (watermark === this.#sent && idle === this.#sentIdle) return
    this.#sent = watermark
    this.#sentIdle = idle
    const { task, tasks, partitions } = this.#place
    const value = encodeWatermark({ task, tasks, watermark, silentMs })
    for (let partition = 0; partition < partitions; partition++) {
      this.#scope.emit({
        topic: this.#node.topic.name,
        partition,
        key: null,
        value,
        timestamp: this.#scope.nowMs,
        headers: NO_HEADERS,
      })
    }
  }

  #build(): Push {
    const { id, key: keyOf, topic, passThrough } = this.#node
    const scope = this.#scope
    const { cursor } = scope
    return (value) => {
      cursor.node = id
      const key = keyOf(value, cursor)
      if (key === null || key === undefined) {
        scope.drop(id, 'null-key')
        return
      }
      const record = cursor.record
      scope.emit({
        topic: topic.name,
        partition: undefined,
        key: encode(topic.key, key),
        value: passThrough && record !== undefined ? record.valueBytes : encode(topic.value, value),
        timestamp: cursor.timestamp,
        headers: NO_HEADERS,
      })
    }
  }
}

/** The bytes of a key or value; null stays null. Undefined is for the serde to refuse: a tombstone is said, not forgotten. */
export function encode(serde: Encoder, value: unknown): Uint8Array | null {
  if (value === null) return null
  try {
    return serde.encode(value)
  } catch (thrown) {
    throw new EncodeFailure(messageOf(thrown), { cause: thrown })
  }
}
