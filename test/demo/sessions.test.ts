import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Command, Session } from '../../demo/messages.ts'
import { advance, type SessionEvent, type SessionTimer, TIMING } from '../../demo/sessions/machine.ts'

const MINUTE = 60_000

/** A device with its timers, on a clock of its own. */
class World {
  session: Session | undefined
  nowMs = 0
  readonly commands: Command[] = []
  readonly published: Session[] = []
  readonly timers = new Map<SessionTimer, number>()

  happens(event: SessionEvent): this {
    const effects = advance(this.session, 'd1', event)
    this.session = effects.session
    if (effects.command !== undefined) this.commands.push(effects.command)
    if (effects.changed) this.published.push(effects.session)
    for (const [name, at] of effects.timers) {
      if (at === null) this.timers.delete(name)
      else this.timers.set(name, at)
    }
    return this
  }

  /** Lets time pass to a minute, firing timers in order. */
  at(minute: number): this {
    for (;;) {
      const due = [...this.timers].filter(([, at]) => at <= minute * MINUTE).sort((a, b) => a[1] - b[1])[0]
      if (due === undefined) break
      this.timers.delete(due[0])
      this.nowMs = due[1]
      this.happens({ type: 'timer', timer: due[0], atMs: due[1] })
    }
    this.nowMs = minute * MINUTE
    return this
  }

  sign(): this {
    return this.happens({ type: 'sign', atMs: this.nowMs })
  }

  /** Signs of life every ten minutes up to a minute. */
  alive(until: number): this {
    for (let minute = this.nowMs / MINUTE + 10; minute <= until; minute += 10) this.at(minute).sign()
    return this.at(until)
  }

  opens(episode = 'e1', cause = 'disk_q'): this {
    return this.happens({ type: 'opened', atMs: this.nowMs, episode, cause })
  }

  closes(episode = 'e1'): this {
    return this.happens({ type: 'closed', atMs: this.nowMs, episode })
  }

  get states(): string[] {
    return this.published.map((s) => s.state).filter((state, i, all) => i === 0 || state !== all[i - 1])
  }
}

describe('a device session', () => {
  it('begins healthy with the first sign of life', () => {
    const world = new World().sign()
    expect(world.session).toMatchObject({ state: 'HEALTHY', device: 'd1', silent: false })
    expect(world.published).toHaveLength(1)
  })

  it('stays healthy and quiet as long as signs come', () => {
    const world = new World().sign().alive(600)
    expect(world.states).toEqual(['HEALTHY'])
    expect(world.published).toHaveLength(1)
    expect(world.commands).toEqual([])
  })

  it('forgives an episode that closes before it is confirmed', () => {
    const world = new World().sign().alive(20).opens().at(30).closes().alive(300)
    expect(world.states).toEqual(['HEALTHY', 'SUSPECT', 'HEALTHY'])
    expect(world.commands).toEqual([])
    expect(world.session).toMatchObject({ episodes: 1, restarts: 0, episode: '' })
  })

  it('restarts a device whose episode lasts, names the cause, and lets it recover', () => {
    const world = new World().sign().alive(20).opens().alive(40)
    expect(world.commands).toEqual([
      { device: 'd1', action: 'RESTART', atMs: 35 * MINUTE, reason: 'disk_q', number: 1 },
    ])
    expect(world.session).toMatchObject({ state: 'RECOVERING', restarts: 1 })
    world.alive(50).closes().alive(200)
    expect(world.states).toEqual(['HEALTHY', 'SUSPECT', 'RECOVERING', 'HEALTHY'])
  })

  it('replaces a device that a restart did not cure, and settles', () => {
    const world = new World().sign().alive(20).opens().alive(160)
    expect(world.commands.map((c) => [c.action, c.number])).toEqual([
      ['RESTART', 1],
      ['REPLACE', 2],
    ])
    world.closes().alive(400)
    expect(world.states).toEqual(['HEALTHY', 'SUSPECT', 'RECOVERING', 'REPLACED', 'HEALTHY'])
    expect(world.session).toMatchObject({ restarts: 1, replacements: 1 })
  })

  it('suspects the replacement too, when the trouble goes on', () => {
    const world = new World().sign().alive(20).opens().alive(250)
    expect(world.commands.map((c) => c.action)).toEqual(['RESTART', 'REPLACE', 'RESTART'])
    expect(world.states).toEqual(['HEALTHY', 'SUSPECT', 'RECOVERING', 'REPLACED', 'SUSPECT', 'RECOVERING'])
  })

  it('takes silence for a signal: suspect after an hour, restarted, replaced', () => {
    const world = new World().sign().at(59)
    expect(world.session?.state).toBe('HEALTHY')
    world.at(60)
    expect(world.session).toMatchObject({ state: 'SUSPECT', reason: 'silent', silent: true })
    world.at(300)
    expect(world.commands.map((c) => [c.action, c.reason])).toEqual([
      ['RESTART', 'silent'],
      ['REPLACE', 'silent after a restart'],
      ['RESTART', 'silent after its replacement'],
    ])
  })

  it('is healthy again when a silent device speaks before it is confirmed', () => {
    const world = new World().sign().at(65).sign()
    expect(world.states).toEqual(['HEALTHY', 'SUSPECT', 'HEALTHY'])
    expect(world.commands).toEqual([])
  })

  it('does not take the end of another episode for the end of this one', () => {
    const world = new World().sign().opens('e2').closes('e1')
    expect(world.session).toMatchObject({ state: 'SUSPECT', episode: 'e2' })
  })

  it('is not cured by a silence within an open episode', () => {
    const world = new World().sign().opens().at(61).sign()
    expect(world.session?.state).toBe('RECOVERING')
    expect(world.session?.episode).toBe('e1')
  })
})

describe('every history', () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 90 }), fc.constantFrom('sign', 'open', 'close', 'nothing'))

  it('keeps its promises: numbered commands, a deadline in every passing state, silence watched while alive', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World().sign()
        let minute = 0
        for (const [wait, what] of steps) {
          minute += wait
          world.at(minute)
          if (what === 'sign') world.sign()
          if (what === 'open') world.opens(`e${minute}`)
          if (what === 'close') world.closes(world.session?.episode)
          const session = world.session!
          expect(world.timers.has('deadline')).toBe(session.state !== 'HEALTHY')
          expect(world.timers.has('silence')).toBe(!session.silent)
          if (session.state === 'SUSPECT') expect(session.silent || session.episode !== '').toBe(true)
          expect(world.commands.map((c) => c.number)).toEqual(world.commands.map((_, i) => i + 1))
          expect(session.restarts + session.replacements).toBe(world.commands.length)
          for (let i = 1; i < world.commands.length; i++) {
            expect(world.commands[i].atMs - world.commands[i - 1].atMs).toBeGreaterThanOrEqual(TIMING.confirmMs)
          }
        }
      }),
    )
  })

  it('is a function of its input: the session is not changed in place', () => {
    const before = Object.freeze(advance(undefined, 'd1', { type: 'sign', atMs: 0 }).session)
    const event: SessionEvent = { type: 'opened', atMs: 5, episode: 'e', cause: 'x' }
    expect(advance(before, 'd1', event).session).toEqual(advance(before, 'd1', event).session)
  })
})
