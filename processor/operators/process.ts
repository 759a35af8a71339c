import { ProcessorError } from '../errors.ts'
import { KeyedStore } from '../state/keyed-store.ts'
import { type ProcessEntry, processEntryFormat } from '../state/process-entry.ts'
import { type QueuedTimer, TimerQueue } from '../state/timer-queue.ts'
import type { ProcessNode } from '../topology/node.ts'
import type { ProcessContext, Timer, Timers } from '../topology/options.ts'
import type { RecordHeader } from '../record.ts'
import type { Timed } from '../windows/watermark.ts'
import type { Push, Scope } from './scope.ts'

const NO_TIMER = Number.NEGATIVE_INFINITY

/** A state machine per key. Timers live in the key's entry and in a queue each for event time and the wall clock. */
export class ProcessOperator implements Timed {
  readonly store: KeyedStore<ProcessEntry>
  readonly push: Push
  readonly #node: ProcessNode
  readonly #scope: Scope
  readonly #next: Push
  readonly #queues = { event: new TimerQueue(), wall: new TimerQueue() }
  readonly #context: Context
  #watermark = Number.NEGATIVE_INFINITY
  /** Time of the timer that is firing: what is set for no later than that waits for the next round, or it would not end. */
  #firing = { kind: 'event', at: NO_TIMER }
  #deferred: QueuedTimer[] = []

  constructor(node: ProcessNode, scope: Scope, next: Push) {
    this.#node = node
    this.#scope = scope
    this.#next = next
    this.store = new KeyedStore(node.name, node.keySerde, processEntryFormat(node.stateSerde))
    this.#context = new Context(this)
    this.push = this.#build()
  }

  get pendingUntil(): number {
    return this.#queues.event.latest
  }

  get nodeId(): number {
    return this.#node.id
  }

  get watermark(): number {
    return this.#watermark
  }

  get nowMs(): number {
    return this.#scope.nowMs
  }

  get scope(): Scope {
    return this.#scope
  }

  advanceTo(watermark: number): boolean {
    this.#watermark = watermark
    return this.#fire('event', watermark)
  }

  advanceWall(nowMs: number): boolean {
    return this.#fire('wall', nowMs)
  }

  /** The store was restored: its timers are queued again. */
  resume(watermark: number): void {
    this.#watermark = watermark
    for (const entry of this.store.live()) {
      for (const timer of entry.timers) this.#queues[timer.kind].set(timer, timer.at)
    }
  }

  emit(value: unknown, timestamp: number | undefined): void {
    const { cursor } = this.#scope
    if (timestamp === undefined || timestamp === cursor.timestamp) {
      this.#next(value)
    } else {
      const before = cursor.timestamp
      cursor.timestamp = timestamp
      this.#next(value)
      cursor.timestamp = before
    }
    cursor.node = this.#node.id
  }

  setTimer(entry: ProcessEntry, kind: 'event' | 'wall', name: string, at: number): void {
    if (!Number.isFinite(at)) throw new TypeError(`a timer needs a time in ms, got ${at}`)
    if (this.#node.onTimer === undefined) throw new TypeError('a timer was set, but there is no onTimer')
    let timer = entry.timers.find((each) => each.name === name)
    if (timer !== undefined && timer.kind !== kind) {
      this.cancelTimer(entry, name)
      timer = undefined
    }
    if (timer === undefined) {
      timer = { name, kind, at, owner: entry, index: -1, queuedAt: 0 }
      entry.timers.push(timer)
    }
    if (kind === this.#firing.kind && at <= this.#firing.at) {
      this.#queues[kind].remove(timer)
      timer.at = at
      this.#deferred.push(timer)
    } else {
      this.#queues[kind].set(timer, at)
    }
    this.touch(entry)
  }

  cancelTimer(entry: ProcessEntry, name: string): void {
    const index = entry.timers.findIndex((each) => each.name === name)
    if (index < 0) return
    const timer = entry.timers[index]!
    entry.timers.splice(index, 1)
    this.#queues[timer.kind].remove(timer)
    this.touch(entry)
  }

  touch(entry: ProcessEntry): void {
    this.store.touch(entry, this.#scope.cursor.timestamp)
  }

  #build(): Push {
    const { cursor } = this.#scope
    const { id, onRecord } = this.#node
    const context = this.#context
    return (value) => {
      cursor.node = id
      const key = cursor.key
      if (key === null || key === undefined) {
        this.#scope.drop(id, 'null-key')
        return
      }
      const entry = this.store.at(key)
      context.entry = entry
      onRecord(value, context)
      if (!entry.dirty && entry.state === undefined) this.store.forget(entry)
      if (this.#queues.event.next <= this.#watermark) this.fireOverdue()
    }
  }

  /** Timers that were set for an event time that has passed fire at once, in the middle of the record's way. */
  fireOverdue(): void {
    if (this.#queues.event.next > this.#watermark) return
    const { cursor } = this.#scope
    const place = cursor.save()
    this.#fire('event', this.#watermark)
    cursor.restore(place)
  }

  #fire(kind: 'event' | 'wall', until: number): boolean {
    const queue = this.#queues[kind]
    if (queue.next > until) return false
    const { cursor } = this.#scope
    let fired = false
    for (let timer = queue.take(until); timer !== undefined; timer = queue.take(until)) {
      fired = true
      const entry = timer.owner as ProcessEntry
      entry.timers.splice(entry.timers.indexOf(timer), 1)
      cursor.enterKey(entry.key, timer.at)
      cursor.node = this.#node.id
      this.#firing = { kind, at: timer.at }
      this.touch(entry)
      this.#context.entry = entry
      try {
        this.#node.onTimer?.(asTimer(timer), this.#context)
      } catch (thrown) {
        this.#scope.failed(thrown)
      }
    }
    this.#firing = { kind, at: NO_TIMER }
    this.#requeue()
    return fired
  }

  #requeue(): void {
    const deferred = this.#deferred
    this.#deferred = []
    for (const timer of deferred) {
      const isLive = (timer.owner as ProcessEntry).timers.includes(timer)
      if (isLive && timer.index < 0) this.#queues[timer.kind].set(timer, timer.at)
    }
  }
}

/** What `onRecord` and `onTimer` get: the key at hand, its state and its timers. One object, set anew for each call. */
class Context implements ProcessContext<unknown, unknown, unknown>, Timers {
  entry: ProcessEntry | undefined
  readonly #operator: ProcessOperator

  constructor(operator: ProcessOperator) {
    this.#operator = operator
  }

  get key(): unknown {
    return this.#entry.key
  }

  get timestamp(): number {
    return this.#operator.scope.cursor.timestamp
  }

  get topic(): string {
    return this.#operator.scope.cursor.topic
  }

  get partition(): number {
    return this.#operator.scope.cursor.partition
  }

  get offset(): number {
    return this.#operator.scope.cursor.offset
  }

  get headers(): readonly RecordHeader[] {
    return this.#operator.scope.cursor.headers
  }

  get watermark(): number {
    return this.#operator.watermark
  }

  get nowMs(): number {
    return this.#operator.nowMs
  }

  get timers(): Timers {
    return this
  }

  get state(): unknown {
    const { state } = this.#entry
    if (typeof state === 'object' && state !== null) this.#operator.touch(this.#entry)
    return state
  }

  set state(state: unknown) {
    this.#entry.state = state
    this.#operator.touch(this.#entry)
  }

  emit(value: unknown, timestamp?: number): void {
    this.#operator.emit(value, timestamp)
  }

  event(name: string, atMs: number): void {
    this.#operator.setTimer(this.#entry, 'event', name, atMs)
  }

  wall(name: string, atMs: number): void {
    this.#operator.setTimer(this.#entry, 'wall', name, atMs)
  }

  cancel(name: string): void {
    this.#operator.cancelTimer(this.#entry, name)
  }

  get(name: string): Timer | undefined {
    const timer = this.#entry.timers.find((each) => each.name === name)
    return timer === undefined ? undefined : asTimer(timer)
  }

  get #entry(): ProcessEntry {
    if (this.entry === undefined) throw new ProcessorError('PROCESSOR_PROCESSING_FAILED', 'no record is at hand')
    return this.entry
  }
}

function asTimer(timer: QueuedTimer): Timer {
  return { name: timer.name, kind: timer.kind, at: timer.at }
}
