/**
 * A demo in a process of its own: `demo-child.ts BOOTSTRAP DATA_DIR MODELS`. Runs until it is killed, or until it has
 * seen that many versions in service (none counts as one); then it prints its summary.
 */
import { runDemo } from '../../demo/index.ts'
import { CHILD_PACE } from './pace.ts'

const [bootstrap, dataDir, enough] = process.argv.slice(2)
const stop = new AbortController()
const versions = new Set<string>()
const summary = await runDemo({
  ...CHILD_PACE,
  bootstrap,
  dataDir,
  signal: stop.signal,
  onProgress: ({ model }) => {
    versions.add(model)
    if (versions.size >= Number(enough)) stop.abort()
  },
})
process.stdout.write(`${JSON.stringify(summary)}\n`)
