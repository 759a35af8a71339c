/** The thread that recopies compacted logs: a pump around the same steps that run on the event loop where there is none. */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { CompactionReply, CompactionRequest, CompactionWorkerData } from './node-compaction.ts'
import { StepRunner } from './log/compaction/runner.ts'
import { NodeDisk } from './ports/node-disk.ts'

/** Nice value of this thread (Linux keeps one per thread): the loop that serves goes first where cores are short. */
const NICE = 10

function main(): void {
  const port = parentPort
  if (port === null) throw new Error('this file is the entry of a worker thread')
  let { bytesPerSecond } = workerData as CompactionWorkerData
  try {
    setPriority(0, NICE)
  } catch {
    // Not allowed here: then it competes as an equal.
  }
  const runner = new StepRunner(new NodeDisk(), {
    bytesPerSecond: () => bytesPerSecond,
    monotonic: () => performance.now(),
    // A turn in between lets the messages in: to end it, above all.
    after: (delayMs, fn) => (delayMs < 1 ? setImmediate(fn) : setTimeout(fn, delayMs)),
  })
  const reply = (id: number, error: (Error & { code?: unknown }) | null, result: unknown) => {
    const problem = error === null ? null : { message: error.message, code: error.code }
    port.postMessage({ id, problem, result } satisfies CompactionReply)
  }
  port.on('message', (request: CompactionRequest) => {
    if (request.kind === 'end') return runner.end()
    bytesPerSecond = request.bytesPerSecond
    if (request.kind === 'map') runner.buildMap(request.task, (error, map) => reply(request.id, error, map))
    else runner.cleanGroup(request.task, (error, group) => reply(request.id, error, group))
  })
}

main()
