/**
 * Fetches that wait for records (W12). Keyed by partition: an append wakes those that watch it, and all that a turn woke
 * are answered once, at its end, with everything the turn brought. Must not keep a fetch whose client has gone.
 */
import type { Clock } from '../../ports/clock.ts'
import { TimerWheel, type WheelEntry } from '../../ports/timer-wheel.ts'
import type { Partition, PartitionWatcher } from '../../replication/api.ts'
import type { Turn } from '../../replication/turn.ts'

/** Longest stretch of a wait in one piece: how long a fetch may outlive its connection (milliseconds). */
const LOOK_AGAIN_MS = 5000

/** What waits: told at most once per turn that it is worth trying again. */
export interface ParkedWork {
  /** The client is there to hear the answer. */
  readonly wanted: boolean
  /** Reads again; answers, or parks itself anew. After the deadline it answers with what there is. */
  resume(expired: boolean): void
}

export class FetchPurgatory {
  private readonly clock: Clock
  private readonly turn: Turn
  private readonly wheel: TimerWheel
  private readonly parked = new Set<Parked>()
  private ready: Parked[] = []
  private closed = false

  constructor(clock: Clock, turn: Turn) {
    this.clock = clock
    this.turn = turn
    this.wheel = new TimerWheel(clock)
    turn.addStage('resume', () => this.resumeReady())
  }

  /** Fetches waiting now. */
  get size(): number {
    return this.parked.size
  }

  /** Until `deadlineMs` (monotonic), or until `missingBytes` more have become visible, or a partition is disturbed. */
  park(work: ParkedWork, partitions: readonly Partition[], missingBytes: number, deadlineMs: number): void {
    const parked = new Parked(this, work, partitions, missingBytes, deadlineMs)
    this.parked.add(parked)
    for (const partition of partitions) partition.watch(parked)
    if (this.closed) parked.expire()
    else this.arm(parked)
  }

  /** A parked fetch has got what it waited for. */
  wake(parked: Parked): void {
    if (parked.woken) return
    parked.woken = true
    this.remove(parked)
    this.ready.push(parked)
    this.turn.request()
  }

  /** Answers everything with what there is, now and from now on: the broker stops. */
  close(): void {
    this.closed = true
    for (const parked of this.parked) parked.expire()
    this.resumeReady()
    this.wheel.clear()
  }

  private arm(parked: Parked): void {
    const left = parked.deadlineMs - this.clock.monotonic()
    parked.timer = this.wheel.add(Math.min(left, LOOK_AGAIN_MS), () => this.timeUp(parked))
  }

  private timeUp(parked: Parked): void {
    parked.timer = null
    if (!parked.work.wanted) this.remove(parked)
    else if (parked.deadlineMs <= this.clock.monotonic()) parked.expire()
    else this.arm(parked)
  }

  private remove(parked: Parked): void {
    this.parked.delete(parked)
    if (parked.timer !== null) this.wheel.cancel(parked.timer)
    for (const partition of parked.partitions) partition.unwatch(parked)
  }

  private resumeReady(): void {
    if (this.ready.length === 0) return
    const ready = this.ready
    this.ready = []
    for (const { work, expired } of ready) {
      if (work.wanted) work.resume(expired)
    }
  }
}

class Parked implements PartitionWatcher {
  readonly work: ParkedWork
  readonly partitions: readonly Partition[]
  readonly deadlineMs: number
  timer: WheelEntry | null = null
  woken = false
  expired = false
  private readonly purgatory: FetchPurgatory
  private missingBytes: number

  constructor(
    purgatory: FetchPurgatory,
    work: ParkedWork,
    partitions: readonly Partition[],
    missingBytes: number,
    deadlineMs: number,
  ) {
    this.purgatory = purgatory
    this.work = work
    this.partitions = partitions
    this.missingBytes = missingBytes
    this.deadlineMs = deadlineMs
  }

  advanced(bytes: number): void {
    this.missingBytes -= bytes
    if (this.missingBytes <= 0) this.purgatory.wake(this)
  }

  disturbed(): void {
    this.purgatory.wake(this)
  }

  expire(): void {
    this.expired = true
    this.purgatory.wake(this)
  }
}
