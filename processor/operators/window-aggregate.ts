import type { OutputRecord, Pane } from '../record.ts'
import { type OpenWindow, type WindowEntry, WindowStore } from '../state/window-store.ts'
import type { WindowAggregateNode } from '../topology/node.ts'
import { lastWindowStart } from '../windows/assigner.ts'
import type { Timed } from '../windows/watermark.ts'
import { type Push, type Scope, header } from './scope.ts'
import { encode } from './sink.ts'

/**
 * One state per key and window. The on-time panes of a window go on when the watermark passes its end; a record that
 * comes within the lateness gives a late pane at once; one that comes later still goes to the late topic or is counted.
 */
export class WindowAggregateOperator implements Timed {
  readonly store: WindowStore
  readonly push: Push
  readonly #node: WindowAggregateNode
  readonly #scope: Scope
  readonly #next: Push
  #watermark = Number.NEGATIVE_INFINITY
  /** End of the first window that has not fired; when the first that has fired is forgotten. */
  #nextEnd = Number.POSITIVE_INFINITY
  #nextForget = Number.POSITIVE_INFINITY
  #lastEnd = Number.NEGATIVE_INFINITY

  constructor(node: WindowAggregateNode, scope: Scope, next: Push) {
    this.#node = node
    this.#scope = scope
    this.#next = next
    this.store = new WindowStore(node.name, node.assigner.sizeMs, node.keySerde, node.stateSerde)
    this.push = this.#build()
  }

  /** The end of the last window that has not fired: forgetting can wait for records. */
  get pendingUntil(): number {
    return this.#nextEnd === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : this.#lastEnd
  }

  get nodeId(): number {
    return this.#node.id
  }

  advanceTo(reached: number): boolean {
    // After a restart the clock may stand before what has fired.
    const watermark = Math.max(this.#watermark, reached)
    this.#watermark = watermark
    if (watermark < this.#nextEnd && watermark < this.#nextForget) return false
    let fired = false
    for (const window of this.store.windows) {
      if (window.end > watermark) break
      if (window.fired) continue
      window.fired = true
      fired = true
      this.#fire(window)
    }
    this.store.firedUpTo = Math.max(this.store.firedUpTo, watermark)
    this.#forget()
    this.#look()
    return fired
  }

  /** The store was restored. What has fired by its note is not fired again, whatever the watermark was set back to. */
  resume(watermark: number): void {
    this.#watermark = Math.max(watermark, this.store.firedUpTo)
    this.#forget()
    this.#look()
  }

  #build(): Push {
    const { cursor } = this.#scope
    const { id, assigner } = this.#node
    return (value) => {
      cursor.node = id
      const key = cursor.key
      if (key === null || key === undefined) {
        this.#scope.drop(id, 'null-key')
        return
      }
      const earliest = cursor.timestamp - assigner.sizeMs
      for (let start = lastWindowStart(assigner, cursor.timestamp); start > earliest; start -= assigner.advanceMs) {
        this.#add(start, key, value)
      }
    }
  }

  #add(start: number, key: unknown, value: unknown): void {
    const { assigner, latenessMs, init, add, id } = this.#node
    const end = start + assigner.sizeMs
    if (end + latenessMs <= this.#watermark) {
      this.#late(start, end, value)
      return
    }
    const { cursor } = this.#scope
    cursor.node = id
    const entry = this.store.at(start, key)
    entry.state = add(entry.state === undefined ? init(key) : entry.state, value, cursor)
    this.store.touch(entry)
    if (end > this.#watermark) {
      if (end < this.#nextEnd) this.#nextEnd = end
      if (end > this.#lastEnd) this.#lastEnd = end
      return
    }
    entry.window.fired = true
    this.store.firedUpTo = Math.max(this.store.firedUpTo, this.#watermark)
    const forgetAt = end + latenessMs
    if (forgetAt < this.#nextForget) this.#nextForget = forgetAt
    const place = cursor.save()
    this.#pane(entry, 'late')
    cursor.restore(place)
  }

  #fire(window: OpenWindow): void {
    const { cursor } = this.#scope
    for (const entry of window.entries.values()) {
      if (entry.state === undefined) continue
      cursor.enterKey(entry.key, window.end - 1)
      try {
        this.#pane(entry, 'on-time')
      } catch (thrown) {
        this.#scope.failed(thrown)
      }
    }
  }

  #pane(entry: WindowEntry, timing: Pane['timing']): void {
    const { cursor } = this.#scope
    const { window } = entry
    const index = entry.panes++
    cursor.timestamp = window.end - 1
    cursor.window = window.span
    cursor.pane = { timing, index, isFirst: index === 0, isLast: this.#node.latenessMs === 0 }
    const { state } = entry
    if (this.#node.mode === 'discarding') entry.state = undefined
    if (this.#node.latenessMs > 0) this.store.touch(entry)
    this.#next(state)
  }

  /** Windows whose lateness is over. They end in the order in which they are kept. */
  #forget(): void {
    const { latenessMs } = this.#node
    for (let first = this.store.windows[0]; first !== undefined; first = this.store.windows[0]) {
      if (first.end + latenessMs > this.#watermark) return
      this.store.dropFirst()
    }
  }

  #look(): void {
    this.#nextEnd = Number.POSITIVE_INFINITY
    this.#nextForget = Number.POSITIVE_INFINITY
    this.#lastEnd = Number.NEGATIVE_INFINITY
    for (const window of this.store.windows) {
      if (window.fired) {
        this.#nextForget = Math.min(this.#nextForget, window.end + this.#node.latenessMs)
      } else {
        this.#nextEnd = Math.min(this.#nextEnd, window.end)
        this.#lastEnd = window.end
      }
    }
  }

  /** Too late for this window: to the late topic with the reason, else counted. */
  #late(start: number, end: number, value: unknown): void {
    const { id, late, name, keySerde } = this.#node
    this.#scope.drop(id, 'late')
    if (late === undefined) return
    const { cursor } = this.#scope
    const record: OutputRecord = {
      topic: late.name,
      partition: undefined,
      key: cursor.record?.keyBytes ?? encode(keySerde, cursor.key),
      value: encode(late.value, value),
      timestamp: cursor.timestamp,
      headers: [
        header('millrace.reason', 'late'),
        header('millrace.operator', name),
        header('millrace.window', `${start}-${end}`),
        header('millrace.watermark', String(this.#watermark)),
      ],
    }
    this.#scope.emit(record)
  }
}
