import { render } from 'preact'
import { App } from './app.tsx'
import './style.css'
import './parts.css'

render(<App />, document.getElementById('app')!)
