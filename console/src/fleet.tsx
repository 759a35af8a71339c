import type { Session, SessionStatus } from './types.ts'

const STATES: readonly (readonly [SessionStatus, string])[] = [
  ['HEALTHY', 'healthy'],
  ['SUSPECT', 'suspect'],
  ['RECOVERING', 'recovering after a restart'],
  ['REPLACED', 'replaced, settling'],
]

interface FleetProps {
  readonly sessions: ReadonlyMap<string, Session>
  readonly chosen: string
  readonly choose: (device: string) => void
}

function title(session: Session): string {
  const { device, state, reason, restarts, replacements } = session
  return `${device}: ${state.toLowerCase()} (${reason}); ${restarts} restarts, ${replacements} replacements`
}

/** One square per device, coloured by its session's state; a click chooses the device. */
export function Fleet({ sessions, chosen, choose }: FleetProps) {
  const devices = [...sessions.values()].sort((a, b) => (a.device < b.device ? -1 : 1))
  return (
    <section class="panel">
      <h2>Devices</h2>
      <p class="legend">
        {STATES.map(([state, label]) => (
          <span key={state}>
            <i class={`key ${state.toLowerCase()}`} /> {devices.filter((d) => d.state === state).length} {label}
          </span>
        ))}
      </p>
      {devices.length === 0 ? <p class="empty">No device has been heard of yet.</p> : null}
      <div class="fleet">
        {devices.map((session) => (
          <button
            key={session.device}
            type="button"
            class={`cell ${session.state.toLowerCase()}${session.silent ? ' silent' : ''}${session.device === chosen ? ' chosen' : ''}`}
            title={title(session)}
            aria-label={title(session)}
            aria-pressed={session.device === chosen}
            onClick={() => choose(session.device)}
          />
        ))}
      </div>
    </section>
  )
}
