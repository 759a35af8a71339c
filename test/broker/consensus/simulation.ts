/** A quorum in memory: virtual time, seeded delays and faults, logs that lose what was not synced. */
import type { RaftEffect, RaftEvent } from '../../../broker/consensus/events.ts'
import type { RaftMessage, SnapshotId } from '../../../broker/consensus/messages.ts'
import { initialQuorumState, type QuorumState } from '../../../broker/consensus/quorum-state.ts'
import { Raft } from '../../../broker/consensus/raft.ts'
import type { Voter, VoterChange } from '../../../broker/consensus/voters.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { Invariants } from './invariants.ts'
import { type Entry, MemoryLog, type ModelSnapshot } from './model-log.ts'

export { type Entry, MemoryLog } from './model-log.ts'

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

export function endpointsOf(ids: readonly number[]): Voter[] {
  return ids.map((id) => ({ id, host: `node-${id}`, port: 9093, directoryId: ZERO_UUID }))
}

export const timeouts = { electionTimeoutMs: 1000, fetchTimeoutMs: 2000, requestTimeoutMs: 500, retryBackoffMs: 20 }

/** Bytes of one piece of a snapshot: few, so that it takes several. */
const PIECE_BYTES = 200

export interface Node {
  readonly id: number
  readonly log: MemoryLog
  persisted: QuorumState
  raft: Raft | null
  /** Everything this node reported as committed in this life. */
  committed: number
  /** Bumped by a crash: what was scheduled for the old life is dropped. */
  life: number
  /** Bytes of a snapshot that is being fetched. */
  fetched: Buffer
}

export interface Faults {
  /** Chance in 1000 that a message is lost, or delivered twice. */
  lossPerMille: number
  duplicatePerMille: number
  /** Chance in 1000 that a node loses power between two effects of one step; ten times that where state is persisted. */
  powerCutPerMille: number
  /** Messages from a to b are dropped when this says so. */
  cut(from: number, to: number): boolean
}

type Scheduled = { readonly atMs: number; readonly order: number; readonly run: () => void }

/** Where a power cut came between two effects. */
class PowerCut extends Error {}

export class Quorum {
  readonly nodes = new Map<number, Node>()
  readonly faults: Faults = { lossPerMille: 0, duplicatePerMille: 0, powerCutPerMille: 0, cut: () => false }
  readonly invariants = new Invariants(this.nodes)
  nowMs = 0
  readonly trace: string[] = []
  /** Answers to changes of voters, by request. */
  readonly answers = new Map<number, { readonly error: number; readonly message: string | null }>()
  /** Longest time a message or a sync takes, in ms. */
  latencyMs = 30
  onEffect: (node: Node, effect: RaftEffect) => void = () => {}
  onLine: (line: string) => void = (line) => void this.trace.push(line)
  private readonly random: () => number
  private readonly bootstrap: readonly Voter[]
  private queue: Scheduled[] = []
  private order = 0
  private nextChange = 1

  constructor(voters: readonly number[], seed: number, observers: readonly number[] = []) {
    this.bootstrap = endpointsOf(voters)
    this.random = seeded(seed)
    for (const id of [...voters, ...observers]) this.addNode(id)
  }

  addNode(id: number): void {
    this.nodes.set(id, {
      id,
      log: new MemoryLog(),
      persisted: initialQuorumState,
      raft: null,
      committed: 0,
      life: 0,
      fetched: Buffer.alloc(0),
    })
  }

  get history(): readonly Entry[] {
    return this.invariants.history
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

  directoryOf(id: number): string {
    return `directory-of-${id}`
  }

  start(id: number): void {
    const node = this.node(id)
    const options = { nodeId: id, directoryId: this.directoryOf(id), voters: this.bootstrap, ...timeouts }
    node.raft = new Raft(options, node.persisted, node.log)
    node.committed = node.log.snapshot?.endOffset ?? 0
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
    node.log.crash()
  }

  /** The application appends through the leader; returns the offset, -1 when this node does not lead. */
  append(id: number, value: string): number {
    const node = this.node(id)
    if (node.raft === null || !node.raft.isLeader) return -1
    const offset = node.log.endOffset
    node.log.append({ epoch: node.raft.epoch, value })
    this.step(id, { type: 'log-appended' })
    this.sync(node)
    return offset
  }

  /** Returns the number under which the answer will be found. */
  change(id: number, change: VoterChange): number {
    const requestId = this.nextChange++
    this.step(id, { type: 'change-voters', requestId, change, waits: true })
    return requestId
  }

  add(leader: number, id: number): number {
    const voter = { id, host: `node-${id}`, port: 9093, directoryId: this.directoryOf(id) }
    return this.change(leader, { kind: 'add', voter })
  }

  remove(leader: number, id: number): number {
    const voter = this.node(leader).raft?.voters.find((other) => other.id === id)
    return this.change(leader, { kind: 'remove', id, directoryId: voter?.directoryId ?? this.directoryOf(id) })
  }

  /** The voter moves to another address. */
  update(leader: number, id: number): number {
    const voter = { id, host: `moved-${this.pick(100)}`, port: 9093, directoryId: this.directoryOf(id) }
    return this.change(leader, { kind: 'update', voter })
  }

  /** The node writes a snapshot of what it has committed; it counts when it is durable. False when there is nothing new. */
  takeSnapshot(id: number): boolean {
    const node = this.node(id)
    const endOffset = node.committed
    if (node.raft === null || endOffset <= (node.log.snapshot?.endOffset ?? 0)) return false
    const entries = node.log.entries.slice(0, endOffset)
    const snapshot = { id: { endOffset, epoch: entries[endOffset - 1].epoch }, entries }
    this.whileAlive(node, () => {
      const { snapshot: newest } = node.log
      if (newest === null || newest.endOffset < endOffset) node.log.keep(snapshot)
    })
    return true
  }

  step(id: number, event: RaftEvent): void {
    const node = this.node(id)
    if (node.raft === null) return
    try {
      const effects = node.raft.step(event, this.nowMs, this.random())
      // Where there is something to remember, forgetting it is worth a try.
      const perMille = this.faults.powerCutPerMille * (effects.some(({ type }) => type === 'persist') ? 10 : 1)
      for (const effect of effects) {
        if (perMille > 0 && this.chance(perMille)) throw new PowerCut()
        this.carryOut(node, effect)
      }
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error
      this.crash(id)
      return
    }
    this.invariants.afterStep(node)
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

  /** What a disk does: some time later, unless the power is cut before. */
  private whileAlive(node: Node, run: () => void): void {
    const { life } = node
    this.later(1 + this.pick(this.latencyMs), () => {
      if (node.life === life) run()
    })
  }

  private sync(node: Node): void {
    const end = node.log.endOffset
    this.whileAlive(node, () => {
      node.log.durableEndOffset = Math.max(node.log.durableEndOffset, Math.min(end, node.log.endOffset))
      this.step(node.id, { type: 'log-synced' })
    })
  }

  private deliver(from: number, to: number, message: RaftMessage): void {
    this.onLine(`${this.nowMs} ${from}->${to} ${message.type} epoch ${message.epoch}`)
    if (this.faults.cut(from, to) || this.chance(this.faults.lossPerMille)) return
    const copies = this.chance(this.faults.duplicatePerMille) ? 2 : 1
    for (let i = 0; i < copies; i += 1) {
      this.later(1 + this.pick(this.latencyMs), () => {
        if (!this.faults.cut(from, to) && this.nodes.has(to)) this.step(to, { type: 'receive', from, message })
      })
    }
  }

  private carryOut(node: Node, effect: RaftEffect): void {
    const { log } = node
    this.invariants.effect(node, effect)
    this.onEffect(node, effect)
    switch (effect.type) {
      case 'persist':
        node.persisted = effect.state
        break
      case 'send':
        this.deliver(node.id, effect.to, effect.message)
        break
      case 'send-records':
        this.sendRecords(node, effect)
        break
      case 'append-records':
        for (const bytes of effect.records) log.append(JSON.parse(bytes.toString()) as Entry)
        this.sync(node)
        break
      case 'append-leader-change':
        log.append({ epoch: effect.epoch, value: `leader ${node.id}` })
        if (effect.bootstraps) log.append(votersEntry(effect.epoch, effect.voters))
        this.sync(node)
        break
      case 'append-voters':
        log.append(votersEntry(node.raft?.epoch ?? -1, effect.voters))
        this.later(0, () => this.step(node.id, { type: 'log-appended' }))
        this.sync(node)
        break
      case 'voters-answered':
        this.answers.set(effect.requestId, effect)
        break
      case 'truncate':
        log.truncate(effect.offset)
        break
      case 'committed':
        this.invariants.commit(node, effect.offset)
        node.committed = effect.offset
        break
      case 'send-snapshot':
        this.sendSnapshot(node, effect)
        break
      case 'keep-snapshot':
        node.fetched = Buffer.concat([node.fetched.subarray(0, effect.position), effect.bytes])
        break
      case 'install-snapshot':
        this.install(node, effect.snapshot)
        break
      case 'drop-snapshot':
      case 'leader-changed':
        break
    }
  }

  private sendRecords(node: Node, effect: Extract<RaftEffect, { type: 'send-records' }>): void {
    const { fetchOffset } = effect
    if (fetchOffset < node.log.startOffset) throw new Error(`${fetchOffset} is read below ${node.log.startOffset}`)
    const entries = node.log.entries.slice(fetchOffset, fetchOffset + 3)
    this.deliver(node.id, effect.to, {
      type: 'fetch-response',
      requestId: effect.requestId,
      epoch: effect.epoch,
      leader: node.id,
      result: 'ok',
      diverging: null,
      snapshot: null,
      highWatermark: effect.highWatermark,
      records: entries.map((entry) => Buffer.from(JSON.stringify(entry))),
    })
  }

  private sendSnapshot(node: Node, effect: Extract<RaftEffect, { type: 'send-snapshot' }>): void {
    const { position } = effect
    const found = node.log.snapshots.find(({ id }) => isSame(id, effect.snapshot))
    const bytes = found === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(found.entries))
    this.deliver(node.id, effect.to, {
      type: 'fetch-snapshot-response',
      requestId: effect.requestId,
      epoch: effect.epoch,
      leader: node.id,
      result: position < bytes.length ? 'ok' : 'gone',
      sizeBytes: bytes.length,
      position,
      bytes: bytes.subarray(position, position + PIECE_BYTES),
    })
  }

  private install(node: Node, id: SnapshotId): void {
    const { fetched } = node
    this.whileAlive(node, () => {
      const snapshot: ModelSnapshot = { id, entries: JSON.parse(fetched.toString()) as Entry[] }
      node.log.install(snapshot)
      this.invariants.installed(node, snapshot)
      this.step(node.id, { type: 'snapshot-installed', snapshot: id })
    })
  }
}

function votersEntry(epoch: number, voters: readonly Voter[]): Entry {
  return { epoch, value: `voters ${voters.map(({ id }) => id).join(' ')}`, voters }
}

function isSame(a: SnapshotId, b: SnapshotId): boolean {
  return a.endOffset === b.endOffset && a.epoch === b.epoch
}
