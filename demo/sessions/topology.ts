import type { Client } from '../../client/client.ts'
import { msgpack } from '../../client/serde/msgpack.ts'
import { App } from '../../processor/app.ts'
import { type } from '../../processor/topology/options.ts'
import type { Anomaly, Command, Score, Session } from '../messages.ts'
import { Anomalies, Commands, Scores, Sessions } from '../topics.ts'
import { advance, type SessionEffects, type SessionEvent, type SessionTimer } from './machine.ts'

export const SESSIONS_ID = 'iot-sessions'

type Outcome =
  | { readonly to: 'commands'; readonly value: Command }
  | { readonly to: 'sessions'; readonly value: Session }

/** What a session needs of the process operator. */
interface Keeper {
  state: Session | undefined
  readonly timers: { event(name: string, atMs: number): void; cancel(name: string): void }
  emit(value: Outcome): void
}

function eventOf(value: Anomaly | Score): SessionEvent {
  if (!('phase' in value)) return { type: 'sign', atMs: value.atMs }
  if (value.phase === 'CLOSED') return { type: 'closed', atMs: value.atMs, episode: value.episode }
  const cause = value.causes.slice(0, 2).map(({ metric, repeats }) => (repeats > 0 ? `${metric} stands still` : metric))
  return { type: 'opened', atMs: value.atMs, episode: value.episode, cause: cause.join(', ') }
}

function keep(effects: SessionEffects, keeper: Keeper): void {
  keeper.state = effects.session
  for (const [timer, atMs] of effects.timers) {
    if (atMs === null) keeper.timers.cancel(timer)
    else keeper.timers.event(timer, atMs)
  }
  if (effects.command !== undefined) keeper.emit({ to: 'commands', value: effects.command })
  if (effects.changed) keeper.emit({ to: 'sessions', value: effects.session })
}

/**
 * A session per device: its state and timers are the operator's, in a changelog, and so outlive the process. Anomalies and
 * score samples come in, commands and the sessions themselves go out.
 */
export function buildSessions(client?: Client): App {
  const app = new App({
    id: SESSIONS_ID,
    instanceId: `${SESSIONS_ID}-0`,
    sessionTimeout: '10s',
    commitInterval: '200ms',
    ...(client === undefined ? {} : { client }),
  })
  // Scores are the clock by which devices fall silent: it never runs ahead of them, not even when they pause. Anomalies are
  // rare: a partition without any must not hold the clock back.
  const outcomes = app
    .stream(Scores, { watermark: { idle: 'never' } })
    .merge(app.stream(Anomalies, { watermark: { idle: '200ms' } }))
    .groupByKey()
    .process({
      as: 'sessions',
      state: msgpack<Session>(),
      emits: type<Outcome>(),
      onRecord: (value, ctx) => keep(advance(ctx.state, ctx.key, eventOf(value)), ctx),
      onTimer: (timer, ctx) => {
        keep(advance(ctx.state, ctx.key, { type: 'timer', timer: timer.name as SessionTimer, atMs: timer.at }), ctx)
      },
    })
  outcomes
    .filter((o): o is Outcome & { value: Command } => o.to === 'commands')
    .map((o) => o.value)
    .to(Commands)
  outcomes
    .filter((o): o is Outcome & { value: Session } => o.to === 'sessions')
    .map((o) => o.value)
    .to(Sessions)
  return app
}
