/**
 * The way from a shard's outbox into its log: all appends of one loop turn go as one batch (or a few, when they are many),
 * and each hears its own outcome. One that takes longer than `offsets.commit.timeout.ms` is answered REQUEST_TIMED_OUT;
 * whether it was committed is still told to the shard when it is known.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { COORDINATOR_BATCH_BYTES_MAX, COORDINATOR_RECORD_BYTES_MAX } from '../limits.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Partition } from '../replication/api.ts'
import type { Append, GroupRecord } from './outbox.ts'

interface Pending {
  readonly append: Append
  /** Batches that carry its records and have no outcome yet. */
  batches: number
  error: ErrorCode
  answered: boolean
  deadlineMs: number
}

interface Batch {
  readonly records: { key: Buffer; value: Buffer | null; timestampMs: number }[]
  readonly members: Set<Pending>
  bytes: number
}

export class AppendQueue {
  readonly #partition: Partition
  readonly #clock: Clock
  readonly #timeoutMs: number
  /** Runs a call into the shard as a step of its own. */
  readonly #step: (call: () => void) => void
  #queued: Append[] = []
  readonly #inFlight = new Set<Pending>()
  #timer: Timer | null = null

  constructor(partition: Partition, clock: Clock, timeoutMs: number, step: (call: () => void) => void) {
    this.#partition = partition
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#step = step
  }

  push(appends: readonly Append[]): void {
    if (appends.length === 0) return
    if (this.#queued.length === 0) this.#clock.turnEnd(() => this.#submit())
    this.#queued.push(...appends)
  }

  #submit(): void {
    const appends = this.#queued
    this.#queued = []
    const deadlineMs = this.#clock.monotonic() + this.#timeoutMs
    const batches: Batch[] = []
    for (const append of appends) {
      const pending: Pending = { append, batches: 0, error: Errors.NONE, answered: false, deadlineMs }
      if (append.records.some((record) => sizeOf(record) > COORDINATOR_RECORD_BYTES_MAX)) {
        pending.error = Errors.MESSAGE_TOO_LARGE
      } else {
        this.#pack(pending, batches)
      }
      this.#inFlight.add(pending)
      if (pending.batches === 0) this.#settle(pending)
    }
    for (const { records, members } of batches) {
      this.#partition.appendRecords(records, (error) => this.#batchDone(members, error))
    }
    this.#watchDeadlines()
  }

  #pack(pending: Pending, batches: Batch[]): void {
    for (const record of pending.append.records) {
      const bytes = sizeOf(record)
      let batch = batches.at(-1)
      if (batch === undefined || batch.bytes + bytes > COORDINATOR_BATCH_BYTES_MAX) {
        batch = { records: [], members: new Set(), bytes: 0 }
        batches.push(batch)
      }
      batch.records.push({ ...record, timestampMs: pending.append.timestampMs })
      batch.bytes += bytes
      if (!batch.members.has(pending)) pending.batches += 1
      batch.members.add(pending)
    }
  }

  #batchDone(members: ReadonlySet<Pending>, error: ErrorCode): void {
    for (const pending of members) {
      pending.batches -= 1
      if (pending.error === Errors.NONE) pending.error = error
      if (pending.batches === 0) this.#settle(pending)
    }
  }

  #settle(pending: Pending): void {
    this.#inFlight.delete(pending)
    const { append, error } = pending
    this.#step(() => {
      append.applied(error === Errors.NONE)
      if (!pending.answered) append.answered(error)
    })
  }

  #watchDeadlines(): void {
    const oldest = this.#inFlight.values().next().value
    if (this.#timer !== null || oldest === undefined) return
    const delayMs = Math.max(0, oldest.deadlineMs - this.#clock.monotonic())
    this.#timer = this.#clock.after(delayMs, () => this.#expire())
  }

  #expire(): void {
    this.#timer = null
    const nowMs = this.#clock.monotonic()
    let next: Pending | null = null
    for (const pending of this.#inFlight) {
      if (pending.answered) continue
      if (pending.deadlineMs > nowMs) {
        next = pending
        break
      }
      pending.answered = true
      this.#step(() => pending.append.answered(Errors.REQUEST_TIMED_OUT))
    }
    if (next !== null) this.#timer = this.#clock.after(next.deadlineMs - nowMs, () => this.#expire())
  }
}

function sizeOf({ key, value }: GroupRecord): number {
  return key.length + (value?.length ?? 0) + 16
}
