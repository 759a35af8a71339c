import { Worker } from 'node:worker_threads'
import { assetPath } from '../proto/assets.ts'
import type { MapTask } from './log/compaction/build-map.ts'
import type { CleanedGroup, GroupTask } from './log/compaction/clean-group.ts'
import type { BuiltMap, CompactionRunner } from './log/compaction/runner.ts'

/** What the thread is started with. */
export interface CompactionWorkerData {
  readonly bytesPerSecond: number
}

export type CompactionRequest =
  | { readonly kind: 'map'; readonly id: number; readonly bytesPerSecond: number; readonly task: MapTask }
  | { readonly kind: 'group'; readonly id: number; readonly bytesPerSecond: number; readonly task: GroupTask }
  | { readonly kind: 'end' }

/** What of an error goes from thread to thread: the way drops its `code`. */
export interface CompactionProblem {
  readonly message: string
  readonly code: unknown
}

export interface CompactionReply {
  readonly id: number
  readonly problem: CompactionProblem | null
  readonly result: unknown
}

type Done<T> = (error: Error | null, result: T | null) => void

interface Waiting {
  readonly id: number
  readonly done: Done<unknown>
}

/** Recopies in a worker thread, which is started for the first cleaning and lives until `close`. */
export class WorkerRunner implements CompactionRunner {
  readonly #path: string
  readonly #bytesPerSecond: () => number
  #worker: Worker | null = null
  #waiting: Waiting | null = null
  #nextId = 0

  /** `path` is that of the built `compaction-worker.js`. */
  constructor(path: string, bytesPerSecond: () => number) {
    this.#path = path
    this.#bytesPerSecond = bytesPerSecond
  }

  buildMap(task: MapTask, done: Done<BuiltMap>): void {
    const id = this.#expect(done as Done<unknown>)
    this.#post({ kind: 'map', id, bytesPerSecond: this.#bytesPerSecond(), task })
  }

  cleanGroup(task: GroupTask, done: Done<CleanedGroup>): void {
    const id = this.#expect(done as Done<unknown>)
    this.#post({ kind: 'group', id, bytesPerSecond: this.#bytesPerSecond(), task })
  }

  end(): void {
    this.#waiting = null
    if (this.#worker !== null) this.#post({ kind: 'end' })
  }

  close(): void {
    this.#waiting = null
    const worker = this.#worker
    this.#worker = null
    void worker?.terminate()
  }

  #expect(done: Done<unknown>): number {
    const id = this.#nextId++
    this.#waiting = { id, done }
    return id
  }

  #post(request: CompactionRequest): void {
    this.#worker ??= this.#start()
    this.#worker.postMessage(request)
  }

  #start(): Worker {
    const workerData: CompactionWorkerData = { bytesPerSecond: this.#bytesPerSecond() }
    const worker = new Worker(this.#path, { workerData, name: 'compaction' })
    worker.unref()
    worker.on('message', ({ id, problem, result }: CompactionReply) => {
      // Else it answers what was given up meanwhile.
      if (this.#waiting?.id === id) this.#answer(problem === null ? null : errorOf(problem), result)
    })
    worker.on('error', (error) => {
      this.#worker = null
      this.#answer(error, null)
    })
    return worker
  }

  #answer(error: Error | null, result: unknown): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.done(error, result)
  }
}

function errorOf({ message, code }: CompactionProblem): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code })
}

/** A runner in a thread of its own, or null where the built file of that thread is not there: from sources, say. */
export function createWorkerRunner(bytesPerSecond: () => number): WorkerRunner | null {
  try {
    return new WorkerRunner(assetPath('broker/compaction-worker.js'), bytesPerSecond)
  } catch {
    return null
  }
}
