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
    this,
    () => (this.synced += 1),
  )
  /** Hears of each sync, and what it covers. */
  private began: (covered: number) => void = () => {}
  /** Syncs wait for their turn until `takeTurn`. */
  isCrowded = false
  flushedEndOffset = 0
  durableEndOffset = 0
  private coveredEndOffset = 0
  private inFlight: Done | null = null
  private waiting: (() => void) | null = null

  get isSyncing(): boolean {
    return this.inFlight !== null
  }

  /** Appends and writes so many batches, in a turn each. */
  produce(batches: number): void {
    for (let batch = 0; batch < batches; batch += 1) {
      this.pacer.appended()
      this.flushedEndOffset += 1
      this.pacer.written()
    }
  }

  /** A producer with so many batches in flight, whose answers it follows at once, until all of them ride on one sync. */
  reachRounds(inFlight: number, syncMs: number): void {
    this.produce(inFlight)
    for (let round = 0; round < 10 && this.covered.at(-1) !== inFlight; round += 1) {
      const answered = this.covered.at(-1) ?? 0
      this.endSync(syncMs)
      this.produce(answered)
    }
  }

  /** The same, and they follow an answer after a while, one after another. */
  runClosedLoop(load: { inFlight: number; syncMs: number; firstMs: number; stepMs: number; forMs: number }): void {
    const { clock } = this
    this.began = (covered) => {
      clock.after(load.syncMs, () => this.endSync(0))
      for (let batch = 0; batch < covered; batch += 1)
        clock.after(load.syncMs + load.firstMs + batch * load.stepMs, () => this.produce(1))
    }
    this.produce(load.inFlight)
    for (let step = 0; step < load.forMs / 0.05; step += 1) clock.advance(0.05)
    this.began = () => {}
  }

  /** The sync in flight ends after so many milliseconds. */
  endSync(tookMs: number, problem: Error | null = null): void {
    this.clock.advance(tookMs)
    const done = this.inFlight
    this.inFlight = null
    if (problem === null) this.durableEndOffset = Math.max(this.durableEndOffset, this.coveredEndOffset)
    done?.(problem)
  }

  sync(done: Done, began: () => void): void {
    if (this.inFlight !== null) throw new Error('two syncs at once')
    if (this.durableEndOffset === this.flushedEndOffset) return done(null)
    this.inFlight = done
    this.waiting = () => {
      const covered = this.flushedEndOffset - this.durableEndOffset
      this.covered.push(covered)
      this.coveredEndOffset = this.flushedEndOffset
      began()
      this.began(covered)
    }
    if (!this.isCrowded) this.takeTurn()
  }

  takeTurn(): void {
    this.waiting?.()
    this.waiting = null
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
    log.endSync(0.2)
    log.produce(1)
    log.endSync(0.2)
    log.produce(1)
    expect(log.covered).toEqual([1, 4, 1])
  })

  it('waits for as long as a sync takes at most', () => {
    const log = new PacedLog()
    log.reachRounds(5, 4)
    log.endSync(4)
    log.produce(2)
    log.clock.advance(3.9)
    expect(log.isSyncing).toBe(false)
    log.clock.advance(0.1)
    expect(log.covered.at(-1)).toBe(2)
  })

  it('makes nobody wait who comes later than that', () => {
    for (const firstMs of [0.5, 1.2]) {
      const log = new PacedLog()
      log.runClosedLoop({ inFlight: 6, syncMs: 1, firstMs, stepMs: 0.1, forMs: 100 })
      for (let left = 0; left < 20; left += 1) {
        log.clock.advance(100)
        if (log.isSyncing) log.endSync(1)
      }
      log.clock.advance(60_000)
      expect(log.isSyncing).toBe(false)
      log.produce(1)
      expect(log.isSyncing).toBe(true)
    }
  })

  it('waits for all where they come back sooner than a sync takes', () => {
    const log = new PacedLog()
    log.runClosedLoop({ inFlight: 6, syncMs: 2, firstMs: 0.5, stepMs: 0.1, forMs: 200 })
    expect(log.covered.slice(-20)).toEqual(Array(20).fill(6))
  })

  it('does not wait for all where they take longer than a sync', () => {
    const log = new PacedLog()
    log.runClosedLoop({ inFlight: 6, syncMs: 1, firstMs: 1.2, stepMs: 0.1, forMs: 200 })
    // Two or three groups take turns: while one is synced another comes back.
    expect(Math.max(...log.covered.slice(-20))).toBeLessThan(5)
    expect(log.durableEndOffset).toBeGreaterThan(1.9 * 200)
  })

  it('does not go on waiting for producers that do not come back', () => {
    const log = new PacedLog()
    log.reachRounds(5, 2)
    let waits = 0
    for (let round = 0; round < 100; round += 1) {
      log.endSync(2)
      log.clock.advance(20)
      // Another, who waits for no answer.
      log.produce(1)
      if (!log.isSyncing) waits += 1
      log.clock.advance(20)
    }
    expect(log.covered.length).toBeGreaterThan(100)
    expect(waits).toBe(0)
  })

  it('syncs what was written without being told of a batch', () => {
    const log = new PacedLog()
    for (let write = 0; write < 2; write += 1) {
      log.flushedEndOffset += 1
      log.pacer.written()
    }
    log.endSync(1)
    expect(log.covered).toEqual([1, 1])
  })

  it('counts in what came while a sync waited for its turn among other logs', () => {
    const log = new PacedLog()
    log.isCrowded = true
    for (let round = 0; round < 20; round += 1) {
      log.produce(3)
      log.clock.advance(5)
      log.takeTurn()
      expect(log.covered.at(-1)).toBe(3)
      log.endSync(1)
      expect(log.isSyncing).toBe(false)
    }
  })

  it('puts nothing off where syncs wait for their turn anyway', () => {
    const log = new PacedLog()
    log.reachRounds(5, 2)
    log.isCrowded = true
    log.endSync(2)
    log.produce(5)
    log.takeTurn()
    log.endSync(2)
    log.produce(1)
    expect(log.isSyncing).toBe(true)
  })

  it('asks for no sync of what somebody else had synced, and goes on', () => {
    const log = new PacedLog()
    log.produce(2)
    // Another sync reached everything before the second one of the pacer could begin.
    log.durableEndOffset = 2
    log.isCrowded = true
    log.endSync(1)
    expect(log.isSyncing).toBe(false)
    log.produce(1)
    log.takeTurn()
    expect(log.covered).toEqual([1, 1])
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
