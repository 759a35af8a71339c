/**
 * What a supervisor of brokers does when something happens to one of them: pure. Events in, effects out; `supervisor.ts` is
 * the pump that spawns, waits and kills.
 */

/** Pause before a broker that died is started again (ms). */
export const RESTART_PAUSE_MS = 1_000

/** Longest pause for one that keeps dying before it is ready (ms). */
export const RESTART_PAUSE_MAX_MS = 30_000

/** Exit code of a command that cannot work: wrong options, a busy port, a directory of somebody else. */
const CANNOT_WORK = 2

export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface Ending {
  readonly nodeId: number
  /** Null when a signal ended the process. */
  readonly code: number | null
  readonly signal: string | null
}

export type SupervisorEvent =
  | { readonly kind: 'ready'; readonly nodeId: number }
  | ({ readonly kind: 'ended' } & Ending)
  /** The pause before a restart is over. */
  | { readonly kind: 'due'; readonly nodeId: number }
  | { readonly kind: 'stop'; readonly signal: StopSignal }

export type SupervisorEffect =
  | { readonly kind: 'spawn'; readonly nodeId: number }
  /** After so long a `due` must follow. */
  | { readonly kind: 'pause'; readonly nodeId: number; readonly ms: number }
  | { readonly kind: 'signal'; readonly nodeId: number; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** Tell that it died, and when it starts again; what it said last is worth showing when it never got ready. */
  | ({ readonly kind: 'tellDeath'; readonly wasReady: boolean; readonly restartMs: number } & Ending)
  /** It cannot work, and nothing has worked yet: the rest is being stopped. */
  | ({ readonly kind: 'tellRefusal' } & Ending)
  /** Every broker is ready, for the first time. */
  | { readonly kind: 'tellWhole' }
  | { readonly kind: 'exit'; readonly code: number }

interface Node {
  state: 'starting' | 'ready' | 'paused' | 'ended'
  /** Deaths in a row before it was ready. */
  failures: number
}

export class SupervisorCore {
  private readonly nodes: ReadonlyMap<number, Node>
  /** Set once everything is to end: with this code, when all processes have. */
  private exitCode: number | null = null
  private wasWhole = false
  private stopSignals = 0

  constructor(nodeIds: readonly number[]) {
    this.nodes = new Map(nodeIds.map((nodeId) => [nodeId, { state: 'starting', failures: 0 }]))
  }

  begin(): SupervisorEffect[] {
    return [...this.nodes.keys()].map((nodeId) => ({ kind: 'spawn', nodeId }))
  }

  step(event: SupervisorEvent): SupervisorEffect[] {
    switch (event.kind) {
      case 'ready':
        return this.ready(event.nodeId)
      case 'ended':
        return this.ended(event)
      case 'due':
        return this.due(event.nodeId)
      case 'stop':
        return this.stop(event.signal)
    }
  }

  private ready(nodeId: number): SupervisorEffect[] {
    const node = this.node(nodeId)
    if (node.state !== 'starting') return []
    node.state = 'ready'
    node.failures = 0
    if (this.wasWhole || [...this.nodes.values()].some(({ state }) => state !== 'ready')) return []
    this.wasWhole = true
    return [{ kind: 'tellWhole' }]
  }

  private ended(ending: { readonly kind: 'ended' } & Ending): SupervisorEffect[] {
    const { nodeId, code, signal } = ending
    const node = this.node(nodeId)
    const wasReady = node.state === 'ready'
    node.state = 'ended'
    if (this.exitCode !== null) {
      // A clean stop is one that every broker took part in.
      if (code !== 0 && this.exitCode === 0) this.exitCode = 1
      return this.exitWhenEmpty()
    }
    if (code === CANNOT_WORK && !this.wasWhole && !wasReady) {
      this.exitCode = CANNOT_WORK
      return [{ kind: 'tellRefusal', nodeId, code, signal }, ...this.signalAll('SIGTERM'), ...this.exitWhenEmpty()]
    }
    node.failures = wasReady ? 0 : node.failures + 1
    const restartMs = Math.min(RESTART_PAUSE_MS * 2 ** Math.max(0, node.failures - 1), RESTART_PAUSE_MAX_MS)
    node.state = 'paused'
    return [
      { kind: 'tellDeath', nodeId, code, signal, wasReady, restartMs },
      { kind: 'pause', nodeId, ms: restartMs },
    ]
  }

  private due(nodeId: number): SupervisorEffect[] {
    const node = this.node(nodeId)
    if (node.state !== 'paused' || this.exitCode !== null) return []
    node.state = 'starting'
    return [{ kind: 'spawn', nodeId }]
  }

  /** The first signal stops cleanly, the second at once. */
  private stop(signal: StopSignal): SupervisorEffect[] {
    this.stopSignals += 1
    if (this.stopSignals > 1) {
      return [...this.signalAll('SIGKILL'), { kind: 'exit', code: signal === 'SIGINT' ? 130 : 143 }]
    }
    this.exitCode ??= 0
    return [...this.signalAll('SIGTERM'), ...this.exitWhenEmpty()]
  }

  private signalAll(signal: 'SIGTERM' | 'SIGKILL'): SupervisorEffect[] {
    return [...this.nodes].flatMap(([nodeId, { state }]) =>
      state === 'starting' || state === 'ready' ? [{ kind: 'signal', nodeId, signal }] : [],
    )
  }

  private exitWhenEmpty(): SupervisorEffect[] {
    const isAnyAlive = [...this.nodes.values()].some(({ state }) => state === 'starting' || state === 'ready')
    return isAnyAlive || this.exitCode === null ? [] : [{ kind: 'exit', code: this.exitCode }]
  }

  private node(nodeId: number): Node {
    const node = this.nodes.get(nodeId)
    if (node === undefined) throw new RangeError(`there is no broker ${nodeId}`)
    return node
  }
}
