/** What must be gone when a benchmark ends, however it ends: child processes and their data. */

const pending = new Set<() => void>()
let listening = false

/** Runs `work` (which must not wait) when the process ends or is told to. The function returned runs it now, once. */
export function atEnd(work: () => void): () => void {
  if (!listening) {
    listening = true
    process.once('exit', cleanUp)
    process.once('SIGINT', () => process.exit(130))
    process.once('SIGTERM', () => process.exit(143))
  }
  pending.add(work)
  return () => {
    if (pending.delete(work)) work()
  }
}

/** Newest first: a process goes before its directory. */
function cleanUp(): void {
  for (const work of [...pending].reverse()) {
    pending.delete(work)
    try {
      work()
    } catch (error) {
      console.error(`at the end: ${(error as Error).message}`)
    }
  }
}
