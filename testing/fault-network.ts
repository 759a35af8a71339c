/**
 * The real sockets of the brokers of one process, with faults: a node that answers nothing and closes nothing, and pairs of
 * nodes between which no byte passes. Neither is seen by anyone but by what no longer arrives.
 */
import type { Connection, ConnectOptions, Listener, ListenOptions, Network } from '../broker/ports/network.ts'
import type { ReservedPort } from '../broker/ports/reserved-port.ts'
import { GatedConnection } from './gated-connection.ts'

/** Whom a connection joins; null = a client. */
interface Ends {
  readonly from: number | null
  readonly to: number | null
}

/** What is wrong between the nodes of one cluster. */
export class FaultPlan {
  private readonly paused = new Set<number>()
  private readonly cuts = new Set<string>()
  private readonly listeners: (() => void)[] = []
  private readonly nodeByPort = new Map<number, number>()

  /** Who listens on the port. */
  place(port: number, nodeId: number): void {
    this.nodeByPort.set(port, nodeId)
  }

  nodeAt(port: number): number | null {
    return this.nodeByPort.get(port) ?? null
  }

  pause(nodeId: number): void {
    this.paused.add(nodeId)
    this.changed()
  }

  resume(nodeId: number): void {
    this.paused.delete(nodeId)
    this.changed()
  }

  cut(a: number, b: number): void {
    this.cuts.add(pairOf(a, b))
    this.changed()
  }

  heal(): void {
    this.cuts.clear()
    this.changed()
  }

  /** Ends every fault. */
  end(): void {
    this.paused.clear()
    this.heal()
  }

  blocks({ from, to }: Ends): boolean {
    if (from !== null && this.paused.has(from)) return true
    if (to !== null && this.paused.has(to)) return true
    return from !== null && to !== null && this.cuts.has(pairOf(from, to))
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }

  private changed(): void {
    for (const listener of this.listeners) listener()
  }
}

function pairOf(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/** One node's sockets. Between two nodes the faults are on the side that connected: both directions pass there. */
export class FaultNetwork implements Network {
  private readonly inner: Network
  private readonly nodeId: number
  private readonly plan: FaultPlan
  private readonly open = new Map<GatedConnection, Ends>()
  /** What waits for bytes to pass again: connections that nobody has seen yet. */
  private waiting: { readonly ends: Ends; readonly go: () => void }[] = []
  private readonly reserved: Map<number, ReservedPort>

  /** `reserved` ports are taken over when they are listened on for the first time. */
  constructor(inner: Network, nodeId: number, plan: FaultPlan, reserved: readonly ReservedPort[]) {
    this.inner = inner
    this.nodeId = nodeId
    this.plan = plan
    this.reserved = new Map(reserved.map((port) => [port.port, port]))
    for (const { port } of reserved) plan.place(port, nodeId)
    plan.onChange(() => this.refresh())
  }

  async listen(options: ListenOptions, onConnection: (connection: Connection) => void): Promise<Listener> {
    // Who connected from another node is not known here, and need not be: that node's side holds its bytes.
    const ends = { from: null, to: this.nodeId }
    const accept = (connection: Connection) => {
      const gated = this.gate(connection, ends)
      this.whenOpen(ends, () => onConnection(gated))
    }
    const reserved = this.reserved.get(options.port)
    this.reserved.delete(options.port)
    return reserved === undefined ? this.inner.listen(options, accept) : reserved.take(accept)
  }

  connect(options: ConnectOptions, done: (error: Error | null, connection: Connection | null) => void): void {
    const ends = { from: this.nodeId, to: this.plan.nodeAt(options.port) }
    let isOver = false
    const timer = setTimeout(() => {
      isOver = true
      done(new Error(`${options.host}:${options.port} did not accept within ${options.timeoutMs} ms`), null)
    }, options.timeoutMs)
    this.whenOpen(ends, () => {
      clearTimeout(timer)
      if (isOver) return
      this.inner.connect(options, (error, connection) =>
        done(error, connection === null ? null : this.gate(connection, ends)),
      )
    })
  }

  /** Frees the ports that were never listened on. */
  async close(): Promise<void> {
    const unused = [...this.reserved.values()]
    this.reserved.clear()
    await Promise.all(unused.map((port) => port.release()))
  }

  private gate(connection: Connection, ends: Ends): GatedConnection {
    const gated = new GatedConnection(connection, () => this.open.delete(gated))
    this.open.set(gated, ends)
    if (this.plan.blocks(ends)) gated.hold()
    return gated
  }

  private whenOpen(ends: Ends, go: () => void): void {
    if (this.plan.blocks(ends)) this.waiting.push({ ends, go })
    else go()
  }

  private refresh(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const { ends, go } of waiting) this.whenOpen(ends, go)
    for (const [connection, ends] of [...this.open]) {
      if (this.plan.blocks(ends)) connection.hold()
      else connection.release()
    }
  }
}
