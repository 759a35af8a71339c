import { useEffect, useRef, useState } from 'preact/hooks'
import { Anomalies } from './anomalies.tsx'
import { Brokers } from './brokers.tsx'
import { Device } from './device.tsx'
import { EMPTY, listen, type View } from './feed.ts'
import { Fleet } from './fleet.tsx'
import { Models, Pace, Tiles } from './overview.tsx'
import { useTheme } from './theme.ts'

const CONNECTION: Record<View['connection'], string> = {
  connecting: 'connecting',
  open: 'live',
  lost: 'no demo is running here: start one with `npx millrace demo iot`',
}

function chosenByUrl(): string {
  return decodeURIComponent(location.hash.slice(1))
}

/** The page: follows one device in detail and all of them at a glance. */
export function App() {
  const [theme, toggleTheme] = useTheme()
  const [device, setDevice] = useState(chosenByUrl)
  const [view, setView] = useState<View>(EMPTY)
  const latest = useRef(view)
  latest.current = view
  useEffect(() => listen(device, latest.current, setView), [device])
  const unchosen = view.device === '' ? [...view.sessions.keys()].sort()[0] : undefined
  useEffect(() => {
    if (unchosen !== undefined) setDevice(unchosen)
  }, [unchosen])
  const choose = (name: string): void => {
    history.replaceState(null, '', `#${encodeURIComponent(name)}`)
    setDevice(name)
  }
  return (
    <>
      <header>
        <h1>
          Millrace <small>IoT demo</small>
        </h1>
        <span class={`status ${view.connection}`}>{CONNECTION[view.connection]}</span>
        <button type="button" class="theme" onClick={toggleTheme} title="Change between light and dark">
          {theme === 'dark' ? 'Light' : 'Dark'}
        </button>
      </header>
      <main>
        <Tiles view={view} />
        <div class="columns">
          <div class="column">
            <Device key={view.device} view={view} theme={theme} />
            <div class="halves">
              <Pace view={view} theme={theme} />
              <Models models={view.models} />
            </div>
          </div>
          <div class="column side">
            <Brokers cluster={view.cluster} />
            <Fleet sessions={view.sessions} chosen={view.device} choose={choose} />
            <Anomalies episodes={view.episodes} chosen={view.device} choose={choose} />
          </div>
        </div>
      </main>
    </>
  )
}
