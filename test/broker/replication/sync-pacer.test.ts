import { describe, expect, it } from 'vitest'
import { SyncPacer } from '../../../broker/replication/sync-pacer.ts'
import { ManualClock } from './world.ts'

type Done = (problem: Error | null) => void

/** A pacer over a log whose syncs end when the test says. */
class PacedLog {
  readonly clock = new ManualClock()
  /** Batches that each sync covered. */
  readonly covered: number[] = []
  synced = 0
  readonly pacer = new SyncPacer(
    { monotonicMs: () => this.clock.time, after: (ms, fn) => this.clock.after(ms, fn) },
    { sync: (done) => this.begin(done) },
    () => (this.synced += 1),
  )
  private unsynced = 0
  private inFlight: Done | null = null

  get isSyncing(): boolean {
    return this.inFlight !== null
  }

  /** Appends and writes so many batches, in a turn each. */
  produce(batches: number): void {
    for (let batch = 0; batch < batches; batch += 1) {
      this.pacer.appended()
      this.unsynced += 1
      this.pacer.written()
    }
  }

  /** The sync in flight ends after so many milliseconds. */
  endSync(tookMs: number, problem: Error | null = null): void {
    this.clock.advance(tookMs)
    const done = this.inFlight
    this.inFlight = null
    done?.(problem)
  }

  private begin(done: Done): void {
    if (this.inFlight !== null) throw new Error('two syncs at once')
    this.covered.push(this.unsynced)
    this.unsynced = 0
    this.inFlight = done
  }
}

describe('SyncPacer', () => {
  it('syncs the first batch at once, and has one sync in flight at most', () => {
    const log = new PacedLog()
    log.produce(3)
    expect(log.covered).toEqual([1])
    log.endSync(0.2)
    expect(log.covered).toEqual([1, 2])
    expect(log.synced).toBe(1)
  })

  it('carries all that one producer has in flight in each sync, once they have met', () => {
    const log = new PacedLog()
    log.produce(5)
    let answered = log.covered[0] ?? 0
    for (let round = 0; round < 10; round += 1) {
      log.endSync(2)
      // Who was answered sends again.
      log.produce(answered)
      answered = log.covered.at(-1) ?? 0
    }
    expect(log.covered.slice(2)).toEqual(Array(9).fill(5))
  })

  it('puts nothing off when syncs are short', () => {
    const log = new PacedLog()
    log.produce(5)
    log.endSync(0.4)
    expect(log.isSyncing).toBe(true)
  })

  it('waits for a part of the time of a sync at most', () => {
    const log = new PacedLog()
    log.produce(1)
    log.produce(1)
    log.endSync(8)
    expect(log.isSyncing).toBe(false)
    log.clock.advance(4)
    expect(log.covered).toEqual([1, 1])
  })

  it('makes nobody wait who comes later than that', () => {
    const log = new PacedLog()
    log.produce(1)
    log.produce(4)
    log.endSync(2)
    log.produce(1)
    log.endSync(2)
    log.clock.advance(60_000)
    log.produce(1)
    expect(log.covered).toEqual([1, 5, 1])
  })

  it('does not wait again for a while for producers that did not come back', () => {
    const log = new PacedLog()
    log.produce(1)
    let waits = 0
    for (let round = 0; round < 100; round += 1) {
      // Others, who wait for no answer.
      log.produce(3)
      log.endSync(2)
      if (!log.isSyncing) waits += 1
      log.clock.advance(2)
    }
    expect(log.covered.length).toBe(101)
    expect(waits).toBeLessThan(6)
  })

  it('begins no sync after it was stopped, nor after one that failed', () => {
    const stopped = new PacedLog()
    stopped.produce(2)
    stopped.pacer.stop()
    stopped.endSync(1)
    stopped.clock.advance(1000)
    const failed = new PacedLog()
    failed.produce(2)
    failed.endSync(1, new Error('EIO'))
    expect([stopped.covered, failed.covered]).toEqual([[1], [1]])
    expect([stopped.synced, failed.synced]).toEqual([0, 0])
  })
})
