/** The disks of a stage's brokers: what each wrote and what a power cut leaves of it; perhaps small ones, which fill up. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hasCommand } from '../../support/has-command.ts'
import { chaosDirectory } from '../leftovers.ts'
import { DiskModel } from '../power/disk-model.ts'
import { readTrace, TRACED_CALLS } from '../power/trace.ts'
import type { ChaosContext } from '../scenario.ts'
import { SmallFileSystem } from '../small-file-system.ts'
import { found } from './wiring.ts'
import type { ClusterStage } from './stage.ts'

/** Syncs take at least this long, so that there is always something to lose. */
const SYNC_DELAY_US = 5_000

/** Why the power of a broker cannot be cut here; null = it can. */
export function whyNoPowerCut(): string | null {
  return process.platform === 'linux' && hasCommand('strace') ? null : 'strace is not installed'
}

export interface DisksOptions {
  /** Follow what is written, so that the power can be cut. */
  readonly isTraced: boolean
  /** Every broker has a file system of this size; null = that of the machine. */
  readonly sizeBytes: number | null
}

export class Disks implements Disposable {
  /** Changes lost so far. */
  unsynced = 0
  readonly #options: DisksOptions
  readonly #space = chaosDirectory()
  readonly #small = new Map<number, SmallFileSystem>()
  readonly #models = new Map<number, DiskModel>()
  readonly #dataDirs = new Map<number, string>()
  #cuts = 0

  constructor(nodes: readonly number[], options: DisksOptions) {
    this.#options = options
    for (const node of nodes) {
      const small = options.sizeBytes === null ? null : SmallFileSystem.mount(options.sizeBytes)
      if (small !== null) this.#small.set(node, small)
      this.#dataDirs.set(node, this.#place(node))
    }
  }

  dataDir(node: number): string {
    return found(this.#dataDirs, node)
  }

  /** Traces are appended to: a broker that is killed and started again has not had its disk emptied. */
  wrapper(node: number): readonly string[] {
    if (!this.#options.isTraced) return []
    if (!this.#models.has(node)) this.#models.set(node, new DiskModel(this.dataDir(node)))
    this.#takeIn(node)
    const what = ['-e', `trace=${TRACED_CALLS}`, '-e', `inject=fdatasync:delay_enter=${SYNC_DELAY_US}`]
    return ['strace', '-f', '-A', '--seccomp-bpf', '-qq', '-y', '-x', '-s', '1024', ...what, '-o', this.#trace(node)]
  }

  /** Brokers die, as their power was cut: each goes on with what a disk might have kept. */
  async cutPower(stage: ClusterStage, nodes: readonly number[], context: ChaosContext): Promise<void> {
    await stage.kill(nodes, 'SIGKILL', 'power cut')
    this.relieve()
    this.#cuts++
    for (const node of nodes) {
      this.#takeIn(node)
      const before = this.dataDir(node)
      const left = this.#place(node)
      this.unsynced += found(this.#models, node).cutPower(left, context.random).unsynced
      this.#models.set(node, new DiskModel(left))
      this.#dataDirs.set(node, left)
      stage.replaceDataDir(node, left)
      rmSync(before, { recursive: true })
    }
  }

  /** Leaves a broker no room for what it writes next. */
  fill(stage: ClusterStage, node: number): void {
    found(this.#small, node).fill(0)
    stage.noteFault('disk full')
  }

  relieve(): void {
    for (const small of this.#small.values()) small.relieve()
  }

  [Symbol.dispose](): void {
    for (const small of this.#small.values()) small[Symbol.dispose]()
    this.#space[Symbol.dispose]()
  }

  /** The trace of a broker that is down becomes a part of the model, so that it does not grow for ever. */
  #takeIn(node: number): void {
    const trace = this.#trace(node)
    if (!existsSync(trace)) return
    readTrace(readFileSync(trace, 'utf8'), found(this.#models, node))
    rmSync(trace)
  }

  #place(node: number): string {
    return join(this.#small.get(node)?.path ?? this.#space.path, `broker-${node}-${this.#cuts}`)
  }

  #trace(node: number): string {
    return join(this.#space.path, `trace-${node}`)
  }
}
