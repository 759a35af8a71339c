/** A quorum in memory: virtual time, seeded delays and faults, logs that lose what was not synced. */
import type { RaftEffect, RaftEvent, RaftLog, RaftOptions } from '../../../broker/consensus/events.ts'
import type { EpochEnd, RaftMessage } from '../../../broker/consensus/messages.ts'
import { initialQuorumState, type QuorumState } from '../../../broker/consensus/quorum-state.ts'
import { Raft } from '../../../broker/consensus/raft.ts'

/** Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}

export interface Entry {
  readonly epoch: number
  readonly value: string
}

export class MemoryLog implements RaftLog {
  entries: Entry[] = []
  durableEndOffset = 0

  get endOffset(): number {
    return this.entries.length
  }

  get lastEpoch(): number {
    return this.entries.at(-1)?.epoch ?? -1
  }

  endOffsetForEpoch(epoch: number): EpochEnd {
    for (let i = this.entries.length - 1; i >= 0; i -= 1) {
      if (this.entries[i].epoch <= epoch) return { epoch: this.entries[i].epoch, endOffset: i + 1 }
    }
    return { epoch: -1, endOffset: 0 }
  }
}

interface Node {
  readonly id: number
  readonly log: MemoryLog
  persisted: QuorumState
  raft: Raft | null
  /** Everything this node ever reported as committed. */
  committed: number
  /** Bumped by a crash: what was scheduled for the old life is dropped. */
  life: number
}

export interface Faults {
  /** Chance in 1000 that a message is lost, or delivered twice. */
  lossPerMille: number
  duplicatePerMille: number
  /** Messages from a to b are dropped when this says so. */
  cut(from: number, to: number): boolean
}

type Scheduled = { readonly atMs: number; readonly order: number; readonly run: () => void }

export class Quorum {
  readonly nodes = new Map<number, Node>()
  readonly faults: Faults = { lossPerMille: 0, duplicatePerMille: 0, cut: () => false }
  nowMs = 0
  readonly trace: string[] = []
  /** By epoch: who led it. */
  readonly leaders = new Map<number, number>()
  /** The one history: entries that any node reported as committed. */
  readonly history: Entry[] = []
  private readonly random: () => number
  private readonly voters: readonly number[]
  private queue: Scheduled[] = []
  private order = 0

  constructor(voters: readonly number[], seed: number, observers: readonly number[] = []) {
    this.voters = voters
    this.random = seeded(seed)
    for (const id of [...voters, ...observers]) {
      this.nodes.set(id, { id, log: new MemoryLog(), persisted: initialQuorumState, raft: null, committed: 0, life: 0 })
    }
  }

  node(id: number): Node {
    const node = this.nodes.get(id)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  raft(id: number): Raft {
    const { raft } = this.node(id)
    if (raft === null) throw new Error(`node ${id} is down`)
    return raft
  }

  chance(perMille: number): boolean {
    return this.random() % 1000 < perMille
  }

  pick(count: number): number {
    return this.random() % count
  }

  start(id: number): void {
    const node = this.node(id)
    const options: RaftOptions = {
      nodeId: id,
      voters: this.voters,
      electionTimeoutMs: 1000,
      fetchTimeoutMs: 2000,
      requestTimeoutMs: 500,
      retryBackoffMs: 20,
    }
    node.raft = new Raft(options, node.persisted, node.log)
    this.step(id, { type: 'start' })
  }

  startAll(): void {
    for (const id of this.nodes.keys()) this.start(id)
  }

  /** kill -9 and power cut at once: the process ends and what was not synced is gone. */
  crash(id: number): void {
    const node = this.node(id)
    node.raft = null
    node.life += 1
    node.log.entries.length = node.log.durableEndOffset
  }

  /** The application appends through the leader; returns the offset, -1 when this node does not lead. */
  append(id: number, value: string): number {
    const node = this.node(id)
    if (node.raft === null || !node.raft.isLeader) return -1
    const offset = node.log.endOffset
    node.log.entries.push({ epoch: node.raft.epoch, value })
    this.step(id, { type: 'log-appended' })
    this.sync(node)
    return offset
  }

  step(id: number, event: RaftEvent): void {
    const node = this.node(id)
    if (node.raft === null) return
    for (const effect of node.raft.step(event, this.nowMs, this.random())) this.carryOut(node, effect)
    this.checkLeader(node)
  }

  /** Runs for so long in virtual time; `eachStep` looks at the quorum after every event. */
  run(durationMs: number, eachStep: () => void = () => {}): void {
    const endMs = this.nowMs + durationMs
    for (;;) {
      const next = this.queue.reduce<Scheduled | null>(
        (best, item) =>
          best === null || item.atMs < best.atMs || (item.atMs === best.atMs && item.order < best.order) ? item : best,
        null,
      )
      let timer: { id: number; atMs: number } | null = null
      for (const node of this.nodes.values()) {
        const atMs = Math.max(this.nowMs, node.raft?.deadlineMs ?? Number.POSITIVE_INFINITY)
        if (timer === null || atMs < timer.atMs) timer = { id: node.id, atMs }
      }
      const atMs = Math.min(next?.atMs ?? Number.POSITIVE_INFINITY, timer?.atMs ?? Number.POSITIVE_INFINITY)
      if (atMs > endMs) break
      this.nowMs = atMs
      if (next !== null && next.atMs === atMs) {
        this.queue.splice(this.queue.indexOf(next), 1)
        next.run()
      } else if (timer !== null) this.step(timer.id, { type: 'tick' })
      eachStep()
    }
    this.nowMs = endMs
  }

  leader(): number {
    const leading = [...this.nodes.values()].filter((node) => node.raft?.isLeader === true)
    const newest = leading.sort((a, b) => (b.raft?.epoch ?? 0) - (a.raft?.epoch ?? 0))[0]
    return newest?.id ?? -1
  }

  values(id: number): string[] {
    return this.node(id).log.entries.map((entry) => entry.value)
  }

  private later(delayMs: number, run: () => void): void {
    this.queue.push({ atMs: this.nowMs + delayMs, order: this.order++, run })
  }

  private sync(node: Node): void {
    const { life } = node
    const end = node.log.endOffset
    this.later(1 + this.pick(20), () => {
      if (node.life !== life) return
      node.log.durableEndOffset = Math.max(node.log.durableEndOffset, Math.min(end, node.log.endOffset))
      this.step(node.id, { type: 'log-synced' })
    })
  }

  private deliver(from: number, to: number, message: RaftMessage): void {
    this.trace.push(`${this.nowMs} ${from}->${to} ${message.type} epoch ${message.epoch}`)
    if (this.faults.cut(from, to) || this.chance(this.faults.lossPerMille)) return
    const copies = this.chance(this.faults.duplicatePerMille) ? 2 : 1
    for (let i = 0; i < copies; i += 1) {
      this.later(1 + this.pick(30), () => {
        if (!this.faults.cut(from, to)) this.step(to, { type: 'receive', from, message })
      })
    }
  }

  private carryOut(node: Node, effect: RaftEffect): void {
    const { log } = node
    switch (effect.type) {
      case 'persist':
        node.persisted = effect.state
        break
      case 'send':
        this.deliver(node.id, effect.to, effect.message)
        break
      case 'send-records': {
        const entries = log.entries.slice(effect.fetchOffset, effect.fetchOffset + 3)
        this.deliver(node.id, effect.to, {
          type: 'fetch-response',
          requestId: effect.requestId,
          epoch: effect.epoch,
          leader: node.id,
          result: 'ok',
          diverging: null,
          highWatermark: effect.highWatermark,
          records: entries.map((entry) => Buffer.from(JSON.stringify(entry))),
        })
        break
      }
      case 'append-records':
        for (const bytes of effect.records) log.entries.push(JSON.parse(bytes.toString()) as Entry)
        this.sync(node)
        break
      case 'append-leader-change':
        log.entries.push({ epoch: effect.epoch, value: `leader ${node.id}` })
        this.sync(node)
        break
      case 'truncate':
        log.entries.length = effect.offset
        log.durableEndOffset = Math.min(log.durableEndOffset, effect.offset)
        break
      case 'committed':
        this.commit(node, effect.offset)
        break
      case 'leader-changed':
        break
    }
  }

  /** State machine safety (Raft 5.4.3): all nodes commit the same entries in the same order, durably on a majority. */
  private commit(node: Node, offset: number): void {
    if (offset > node.log.durableEndOffset) throw new Error(`node ${node.id} commits ${offset}, which it can lose`)
    for (let i = 0; i < offset; i += 1) {
      const entry = node.log.entries[i]
      const known = this.history[i]
      if (known === undefined) this.history[i] = entry
      else if (known.epoch !== entry.epoch || known.value !== entry.value) {
        throw new Error(
          `offset ${i}: node ${node.id} commits ${JSON.stringify(entry)}, others ${JSON.stringify(known)}`,
        )
      }
    }
    node.committed = offset
    const copies = this.voters.filter((id) => this.node(id).log.durableEndOffset >= offset).length
    if (copies * 2 <= this.voters.length) throw new Error(`offset ${offset} is committed on ${copies} voters only`)
  }

  /** Election safety (Raft 5.2), leader completeness (5.4): one leader an epoch, with all that was committed before. */
  private checkLeader(node: Node): void {
    if (node.raft === null || !node.raft.isLeader) return
    const known = this.leaders.get(node.raft.epoch)
    if (known === node.id) return
    if (known !== undefined) throw new Error(`epoch ${node.raft.epoch} has the leaders ${known} and ${node.id}`)
    this.leaders.set(node.raft.epoch, node.id)
    this.history.forEach((entry, offset) => {
      const own = node.log.entries[offset]
      if (own?.epoch !== entry.epoch || own.value !== entry.value) {
        throw new Error(`leader ${node.id} of epoch ${node.raft?.epoch} lacks committed offset ${offset}`)
      }
    })
  }
}
