import type { Command, Session, SessionStatus } from '../messages.ts'

/** What can happen to a session. Times are event time, ms. */
export type SessionEvent =
  | { readonly type: 'sign'; readonly atMs: number }
  | { readonly type: 'opened'; readonly atMs: number; readonly episode: string; readonly cause: string }
  | { readonly type: 'closed'; readonly atMs: number; readonly episode: string }
  | { readonly type: 'timer'; readonly atMs: number; readonly timer: SessionTimer }

/** `silence`: no sign of life for too long. `deadline`: the state has lasted as long as it may. */
export type SessionTimer = 'silence' | 'deadline'

export interface SessionTiming {
  /** Without a sign of life for this long a device counts as silent. */
  readonly silenceMs: number
  /** How long a device may be suspect before it is restarted: shorter troubles pass by themselves. */
  readonly confirmMs: number
  /** How long a restarted device has to come back healthy before it is replaced. */
  readonly recoverMs: number
  /** How long a replaced device is left to settle. */
  readonly settleMs: number
}

const MINUTE_MS = 60_000

/** A reading a minute: the demo's devices. */
export const TIMING: SessionTiming = {
  silenceMs: 60 * MINUTE_MS,
  confirmMs: 15 * MINUTE_MS,
  recoverMs: 120 * MINUTE_MS,
  settleMs: 60 * MINUTE_MS,
}

/** What a transition asks for beside the new session. */
export interface SessionEffects {
  readonly session: Session
  readonly command: Command | undefined
  /** Timers to set (a time) or to cancel (null). */
  readonly timers: ReadonlyMap<SessionTimer, number | null>
  /** Something changed that others should know: the session is published. */
  readonly changed: boolean
}

/** The session of a device that was never heard of. */
export function newSession(device: string, atMs: number): Session {
  return {
    device,
    state: 'HEALTHY',
    sinceMs: atMs,
    reason: 'first sign of life',
    restarts: 0,
    replacements: 0,
    episodes: 0,
    episode: '',
    silent: false,
  }
}

/** In trouble: an episode is open, or nothing is heard. */
function troubled(session: Session): boolean {
  return session.silent || session.episode !== ''
}

/**
 * The transition function of a device's session: pure, total, and the only place where decisions about devices are made.
 *
 * ```
 * healthy -- episode opens, or silence --> suspect -- still so after confirmMs / restart --> recovering
 * suspect -- over by itself --> healthy
 * recovering -- well after recoverMs --> healthy;  not so / replace --> replaced -- settleMs --> healthy or suspect
 * ```
 */
export function advance(
  before: Session | undefined,
  device: string,
  event: SessionEvent,
  timing: SessionTiming = TIMING,
): SessionEffects {
  const step = new Step(before ?? newSession(device, event.atMs), before === undefined, event.atMs, timing)
  switch (event.type) {
    case 'sign':
      step.heard()
      break
    case 'opened':
      step.heard()
      step.note({ episode: event.episode, episodes: step.session.episodes + 1 })
      if (step.session.state === 'HEALTHY') step.suspect(event.cause)
      break
    case 'closed':
      step.heard()
      if (step.session.episode === event.episode) step.note({ episode: '' })
      break
    case 'timer':
      if (event.timer === 'silence') step.fellSilent()
      else step.deadline()
  }
  if (step.session.state === 'SUSPECT' && !troubled(step.session)) step.enter('HEALTHY', 'passed by itself', null)
  return step
}

class Step implements SessionEffects {
  session: Session
  command: Command | undefined = undefined
  readonly timers = new Map<SessionTimer, number | null>()
  changed: boolean
  readonly #atMs: number
  readonly #timing: SessionTiming

  constructor(session: Session, changed: boolean, atMs: number, timing: SessionTiming) {
    this.session = session
    this.changed = changed
    this.#atMs = atMs
    this.#timing = timing
  }

  note(change: Partial<Session>): void {
    this.session = { ...this.session, ...change }
    this.changed = true
  }

  /** A sign of life of any kind. */
  heard(): void {
    this.timers.set('silence', this.#atMs + this.#timing.silenceMs)
    if (this.session.silent) this.note({ silent: false })
  }

  fellSilent(): void {
    if (!this.session.silent) this.note({ silent: true })
    if (this.session.state === 'HEALTHY') this.suspect('silent')
  }

  suspect(reason: string): void {
    this.enter('SUSPECT', reason, this.#timing.confirmMs)
  }

  /** The state has lasted as long as it may. */
  deadline(): void {
    const { state, restarts, replacements } = this.session
    const reason = this.session.silent ? 'silent' : 'still anomalous'
    if (state === 'SUSPECT') {
      this.#send('RESTART', this.session.reason)
      this.note({ restarts: restarts + 1 })
      this.enter('RECOVERING', this.session.reason, this.#timing.recoverMs)
    } else if (state === 'RECOVERING' && troubled(this.session)) {
      this.#send('REPLACE', `${reason} after a restart`)
      this.note({ replacements: replacements + 1 })
      this.enter('REPLACED', `${reason} after a restart`, this.#timing.settleMs)
    } else if (state === 'RECOVERING') {
      this.enter('HEALTHY', 'well after a restart', null)
    } else if (state === 'REPLACED' && troubled(this.session)) {
      this.suspect(`${reason} after its replacement`)
    } else if (state === 'REPLACED') {
      this.enter('HEALTHY', 'well after its replacement', null)
    }
  }

  /** Changes state; `lastsMs` is how long it may last, null without limit. */
  enter(state: SessionStatus, reason: string, lastsMs: number | null): void {
    this.note({ state, reason, sinceMs: this.#atMs })
    this.timers.set('deadline', lastsMs === null ? null : this.#atMs + lastsMs)
  }

  #send(action: Command['action'], reason: string): void {
    const { device, restarts, replacements } = this.session
    this.command = { device, action, atMs: this.#atMs, reason, number: restarts + replacements + 1 }
  }
}
