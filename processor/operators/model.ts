import type { InputRecord } from '../record.ts'
import type { ModelTable } from '../state/model-table.ts'
import type { ModelNode } from '../topology/node.ts'
import { Channel, type EventClock } from '../windows/watermark.ts'
import type { CursorPlace } from './cursor.ts'
import { header, type Push, type Scope } from './scope.ts'
import { encode } from './sink.ts'

interface Waiting {
  readonly value: unknown
  readonly place: CursorPlace
}

/** Where a model operator stands in its task. */
export interface ModelPlace {
  readonly scope: Scope
  readonly next: Push
  readonly table: ModelTable
  /** Holds event time back for what comes after, while records wait. Undefined when none ever does. */
  readonly gate: Channel | undefined
  readonly clocks: readonly EventClock[]
}

/** A channel that says nothing while it is idle, and stops its clocks while it is not. */
export function waitingGate(): Channel {
  const gate = new Channel(0, 0)
  gate.idle = true
  gate.confirmedMs = Number.POSITIVE_INFINITY
  return gate
}

/**
 * Applies the newest model. Records that come before it wait here, in their order, and hold back the offset that may be
 * committed; when too many wait the task stops reading. Or they are dropped, counted and sent on as rejected.
 */
export class ModelOperator {
  readonly push: Push
  readonly #node: ModelNode
  readonly #scope: Scope
  readonly #place: ModelPlace
  #waiting: Waiting[] = []

  constructor(node: ModelNode, place: ModelPlace) {
    this.#node = node
    this.#scope = place.scope
    this.#place = place
    this.push = this.#build()
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#node.maxWaiting
  }

  /** Offset of the first record of a topic that waits; Infinity when none does. */
  firstWaiting(topic: string): number {
    for (const { place } of this.#waiting) if (place.topic === topic) return place.offset
    return Number.POSITIVE_INFINITY
  }

  /** Models have changed: those that have one now go on. */
  drain(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    const { cursor } = this.#scope
    for (const each of waiting) {
      cursor.restore(each.place)
      try {
        this.push(each.value)
      } catch (thrown) {
        this.#scope.failed(thrown)
      }
    }
    if (this.#waiting.length > 0) return
    this.#place.gate!.idle = true
    for (const clock of this.#place.clocks) clock.update()
  }

  #build(): Push {
    const scope = this.#scope
    const { cursor } = scope
    const { id, key, score, before } = this.#node
    const { table, next, gate } = this.#place
    return (value) => {
      cursor.node = id
      const found = table.find(key === undefined ? null : key(value, cursor))
      if (found !== undefined) {
        cursor.model = found.version
        next(score(value, found.model, cursor))
      } else if (before === 'wait') {
        gate!.idle = false
        this.#waiting.push({ value, place: this.#detached() })
      } else {
        scope.drop(id, 'no-model')
        this.#reject(value, cursor.record)
      }
    }
  }

  /** Where the cursor stands, without holding on to the fetched buffer that the record is a slice of. */
  #detached(): CursorPlace {
    const { cursor } = this.#scope
    const { key } = cursor
    const place = cursor.save()
    const { record } = place
    if (record === undefined) return place
    const keyBytes = record.keyBytes === null ? null : Buffer.from(record.keyBytes)
    const valueBytes = record.valueBytes === null ? null : Buffer.from(record.valueBytes)
    const { offset, timestamp, headers } = record
    return { ...place, key, record: { offset, timestamp, headers, key, value: null, keyBytes, valueBytes } }
  }

  #reject(value: unknown, record: InputRecord | undefined): void {
    const { rejected, name } = this.#node
    if (rejected === undefined) return
    const { cursor } = this.#scope
    this.#scope.emit({
      topic: rejected.name,
      partition: undefined,
      key: record?.keyBytes ?? null,
      value: encode(rejected.value, value),
      timestamp: cursor.timestamp,
      headers: [header('millrace.reason', 'no-model'), header('millrace.operator', name)],
    })
  }
}
