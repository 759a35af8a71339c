import { describe, expect, it } from 'vitest'
import { TURN_BYTES_MAX } from '../../../broker/limits.ts'
import { Turn } from '../../../broker/replication/turn.ts'
import { ManualClock } from './world.ts'

describe('Turn', () => {
  it('runs its stages once for all that asked, in their order', () => {
    const clock = new ManualClock()
    const turn = new Turn(clock)
    const ran: string[] = []
    for (const phase of ['send', 'append', 'resume'] as const) turn.addStage(phase, () => ran.push(phase))
    turn.request()
    turn.request()
    clock.settle()
    expect(ran).toEqual(['append', 'resume', 'send'])
  })

  it('tells one time for all that is read in a turn, and a later one for its end', () => {
    const clock = new ManualClock()
    const turn = new Turn(clock)
    const ended: number[] = []
    turn.addStage('append', () => ended.push(turn.nowMs(), turn.monotonicMs()))
    const begun = clock.time
    const read = [turn.nowMs(), turn.monotonicMs()]
    clock.time += 7
    read.push(turn.nowMs(), turn.monotonicMs())
    clock.settle()
    expect(read).toEqual([begun, begun, begun, begun])
    expect(ended).toEqual([begun + 7, begun + 7])
  })

  it('looks at the clock again in the next turn, although nothing else asked for an end of the last', () => {
    const clock = new ManualClock()
    const turn = new Turn(clock)
    turn.monotonicMs()
    clock.settle()
    clock.time += 60_000
    expect(turn.monotonicMs()).toBe(clock.time)
  })

  it('asks for no further turn because a stage looked at the time', () => {
    const clock = new ManualClock()
    const turn = new Turn(clock)
    let turns = 0
    turn.addStage('send', () => {
      turns += 1
      turn.monotonicMs()
    })
    turn.request()
    for (let i = 0; i < 10; i += 1) clock.endTurn()
    expect(turns).toBe(1)
  })

  it('ends at once when it has its fill, and again at its end for what came after', () => {
    const clock = new ManualClock()
    const turn = new Turn(clock)
    let turns = 0
    turn.addStage('append', () => (turns += 1))
    turn.request()
    turn.took(TURN_BYTES_MAX - 1)
    expect(turns).toBe(0)
    turn.took(1)
    expect(turns).toBe(1)
    turn.took(TURN_BYTES_MAX - 1)
    turn.request()
    clock.settle()
    expect(turns).toBe(2)
    turn.took(1)
    expect(turns).toBe(2)
  })
})
