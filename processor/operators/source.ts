import type { InputRecord } from '../record.ts'
import type { RepartitionSourceNode, SourceNode } from '../topology/node.ts'
import { Channel, type EventClock } from '../windows/watermark.ts'
import type { Push, Scope } from './scope.ts'
import { decodeWatermark } from './watermark-record.ts'

/** One way in: reads the records of one topic's partition for one source node. */
export interface Source {
  readonly topic: string
  readonly channels: readonly Channel[]
  /** Clocks that move when these channels do, upstream first. */
  readonly clocks: readonly EventClock[]
  /** A batch begins. */
  begin(): void
  /** Channels go on from what was committed. */
  resume(channels: readonly { readonly watermark: number; readonly idle: boolean }[]): void
  accept(record: InputRecord): void
}

/** Where a source stands in its task. */
export interface SourcePlace {
  readonly scope: Scope
  readonly partition: number
  /** One for a topic; for a repartition topic one per task that writes it, as they become known. */
  readonly channels: Channel[]
  readonly clocks: readonly EventClock[]
  readonly next: Push
}

/** Reads a topic of the user's: decodes, takes the time, lets event time move before the record goes in. */
export class TopicSource implements Source {
  readonly topic: string
  readonly channels: readonly Channel[]
  readonly clocks: readonly EventClock[]
  readonly #node: SourceNode
  readonly #scope: Scope
  readonly #partition: number
  readonly #next: Push
  readonly #channel: Channel

  constructor(node: SourceNode, place: SourcePlace) {
    this.topic = node.topic.name
    this.channels = place.channels
    this.clocks = place.clocks
    this.#node = node
    this.#scope = place.scope
    this.#partition = place.partition
    this.#next = place.next
    this.#channel = place.channels[0]!
  }

  begin(): void {
    this.#channel.heard(this.#scope.nowMs)
  }

  /** What was idle holds the others again until it has been silent again: much may have come in the meantime. */
  resume([committed]: Parameters<Source['resume']>[0]): void {
    if (committed !== undefined) this.#channel.watermark = committed.watermark
  }

  accept(record: InputRecord): void {
    const scope = this.#scope
    const { cursor } = scope
    const node = this.#node
    cursor.enter(record, this.topic, this.#partition)
    cursor.node = node.id
    let value: unknown
    try {
      value = record.value
    } catch (thrown) {
      scope.failedAt('decode', thrown)
      return
    }
    if (value === null && !node.keepTombstones) {
      scope.drop(node.id, 'tombstone')
      return
    }
    try {
      const time = node.time === undefined ? record.timestamp : node.time(value, cursor)
      if (!(time >= 0) || time === Number.POSITIVE_INFINITY)
        throw new TypeError(`not a time in ms since the epoch: ${time}`)
      if (this.#channel.observe(time) && this.#advance()) cursor.enter(record, this.topic, this.#partition)
      cursor.timestamp = time
      this.#next(value)
    } catch (thrown) {
      scope.failed(thrown)
    }
  }

  #advance(): boolean {
    let fired = false
    for (const clock of this.clocks) if (clock.update()) fired = true
    return fired
  }
}

/** Reads a repartition topic: records carry their event time, watermarks come in between from each task that writes it. */
export class RepartitionSource implements Source {
  readonly topic: string
  /** By upstream task. Until one is heard of, one that holds time back. */
  readonly channels: Channel[]
  readonly clocks: readonly EventClock[]
  readonly #node: RepartitionSourceNode
  readonly #scope: Scope
  readonly #partition: number
  readonly #next: Push

  constructor(node: RepartitionSourceNode, place: SourcePlace) {
    this.topic = node.topic.name
    this.channels = place.channels
    this.clocks = place.clocks
    this.#node = node
    this.#scope = place.scope
    this.#partition = place.partition
    this.#next = place.next
  }

  begin(): void {}

  resume(committed: Parameters<Source['resume']>[0]): void {
    while (this.channels.length < committed.length) this.channels.push(upstreamChannel())
    // Idleness was said in band, at a known offset: it holds until something else is said behind it.
    for (const [task, { watermark, idle }] of committed.entries()) {
      this.channels[task]!.watermark = watermark
      this.channels[task]!.idle = idle
    }
  }

  accept(record: InputRecord): void {
    const scope = this.#scope
    const { cursor } = scope
    cursor.enter(record, this.topic, this.#partition)
    cursor.node = this.#node.id
    if (record.keyBytes === null) {
      this.#watermark(record.valueBytes)
      return
    }
    let value: unknown
    try {
      value = record.value
    } catch (thrown) {
      scope.failedAt('decode', thrown)
      return
    }
    try {
      this.#next(value)
    } catch (thrown) {
      scope.failed(thrown)
    }
  }

  #watermark(bytes: Buffer | null): void {
    const said = bytes === null ? undefined : decodeWatermark(bytes)
    if (said === undefined) {
      this.#scope.drop(this.#node.id, 'not-a-watermark')
      return
    }
    while (this.channels.length < said.tasks) this.channels.push(upstreamChannel())
    const channel = this.channels[said.task]!
    const { nowMs } = this.#scope
    channel.watermark = Math.max(channel.watermark, said.watermark)
    channel.idle = said.silentMs !== undefined
    channel.silentSinceMs = nowMs - (said.silentMs ?? 0)
    channel.confirmedMs = nowMs
    for (const clock of this.clocks) clock.update()
  }
}

/** Upstream has taken the delay into account, and says itself when it is idle. */
export function upstreamChannel(): Channel {
  return new Channel(0, Number.POSITIVE_INFINITY)
}
