/** What the supervisor decides, without a process. */
import { describe, expect, it } from 'vitest'
import { SupervisorCore, type SupervisorEffect } from '../../../cli/supervisor/core.ts'

const spawn = (nodeId: number) => ({ kind: 'spawn', nodeId })
const signal = (nodeId: number, name: string) => ({ kind: 'signal', nodeId, signal: name })
const exit = (code: number) => ({ kind: 'exit', code })

/** Three brokers, all of them spawned. */
function begun(): SupervisorCore {
  const core = new SupervisorCore([1, 2, 3])
  core.begin()
  return core
}

/** Three brokers that serve. */
function whole(): SupervisorCore {
  const core = begun()
  for (const nodeId of [1, 2, 3]) core.step({ kind: 'ready', nodeId })
  return core
}

const died = (core: SupervisorCore, nodeId: number, code: number | null = null) =>
  core.step({ kind: 'ended', nodeId, code, signal: code === null ? 'SIGKILL' : null })

const pauseOf = (effects: readonly SupervisorEffect[]) => effects.find(({ kind }) => kind === 'pause')

describe('a supervisor', () => {
  it('starts every broker, and tells once that all of them are ready', () => {
    const core = new SupervisorCore([1, 2, 3])
    expect(core.begin()).toEqual([spawn(1), spawn(2), spawn(3)])
    expect(core.step({ kind: 'ready', nodeId: 2 })).toEqual([])
    expect(core.step({ kind: 'ready', nodeId: 1 })).toEqual([])
    expect(core.step({ kind: 'ready', nodeId: 3 })).toEqual([{ kind: 'tellWhole' }])
    died(core, 1)
    core.step({ kind: 'due', nodeId: 1 })
    expect(core.step({ kind: 'ready', nodeId: 1 })).toEqual([])
  })

  it('starts a broker that died again after one second, as often as it dies', () => {
    const core = whole()
    for (let time = 0; time < 3; time += 1) {
      expect(died(core, 2)).toEqual([
        { kind: 'tellDeath', nodeId: 2, code: null, signal: 'SIGKILL', wasReady: true, restartMs: 1000 },
        { kind: 'pause', nodeId: 2, ms: 1000 },
      ])
      expect(core.step({ kind: 'due', nodeId: 2 })).toEqual([spawn(2)])
      core.step({ kind: 'ready', nodeId: 2 })
    }
  })

  it('waits longer and longer for one that dies before it is ready, and forgets that once it is', () => {
    const core = whole()
    died(core, 2)
    const pauses: unknown[] = []
    for (let time = 0; time < 7; time += 1) {
      core.step({ kind: 'due', nodeId: 2 })
      pauses.push(pauseOf(died(core, 2, 1)))
    }
    expect(pauses).toEqual(
      [1, 2, 4, 8, 16, 30, 30].map((seconds) => ({ kind: 'pause', nodeId: 2, ms: seconds * 1000 })),
    )
    core.step({ kind: 'due', nodeId: 2 })
    core.step({ kind: 'ready', nodeId: 2 })
    expect(pauseOf(died(core, 2))).toEqual({ kind: 'pause', nodeId: 2, ms: 1000 })
  })

  it('starts one again that ended by itself without an error: who wants it to stay away stops the supervisor', () => {
    expect(pauseOf(died(whole(), 3, 0))).toEqual({ kind: 'pause', nodeId: 3, ms: 1000 })
  })

  it('gives up at once, with exit code 2, when one cannot work and nothing has worked yet', () => {
    const core = begun()
    core.step({ kind: 'ready', nodeId: 1 })
    expect(died(core, 2, 2)).toEqual([
      { kind: 'tellRefusal', nodeId: 2, code: 2, signal: null },
      signal(1, 'SIGTERM'),
      signal(3, 'SIGTERM'),
    ])
    expect(died(core, 3, 143)).toEqual([])
    expect(died(core, 1, 0)).toEqual([exit(2)])
  })

  it('does not give up over one that cannot work once all have worked', () => {
    const core = whole()
    died(core, 2)
    core.step({ kind: 'due', nodeId: 2 })
    expect(pauseOf(died(core, 2, 2))).toEqual({ kind: 'pause', nodeId: 2, ms: 1000 })
  })
})

describe('a stop', () => {
  it('ends every process cleanly and waits for all of them', () => {
    const core = whole()
    expect(core.step({ kind: 'stop', signal: 'SIGTERM' })).toEqual([1, 2, 3].map((nodeId) => signal(nodeId, 'SIGTERM')))
    expect(died(core, 1, 0)).toEqual([])
    expect(died(core, 3, 0)).toEqual([])
    expect(died(core, 2, 0)).toEqual([exit(0)])
  })

  it('has exit code 1 when a broker did not stop cleanly', () => {
    const core = whole()
    core.step({ kind: 'stop', signal: 'SIGINT' })
    died(core, 1, 0)
    died(core, 2)
    expect(died(core, 3, 0)).toEqual([exit(1)])
  })

  it('starts nobody any more, and does not wait for one whose pause runs', () => {
    const core = whole()
    died(core, 2)
    expect(core.step({ kind: 'stop', signal: 'SIGTERM' })).toEqual([signal(1, 'SIGTERM'), signal(3, 'SIGTERM')])
    expect(core.step({ kind: 'due', nodeId: 2 })).toEqual([])
    died(core, 1, 0)
    expect(died(core, 3, 0)).toEqual([exit(0)])
  })

  it('while every broker is down ends at once', () => {
    const core = whole()
    for (const nodeId of [1, 2, 3]) died(core, nodeId)
    expect(core.step({ kind: 'stop', signal: 'SIGTERM' })).toEqual([exit(0)])
  })

  it('asked for a second time kills what is left, with the exit code of the signal', () => {
    const core = whole()
    core.step({ kind: 'stop', signal: 'SIGTERM' })
    died(core, 1, 0)
    expect(core.step({ kind: 'stop', signal: 'SIGINT' })).toEqual([
      signal(2, 'SIGKILL'),
      signal(3, 'SIGKILL'),
      exit(130),
    ])
  })
})
