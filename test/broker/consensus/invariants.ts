/** What must hold in a simulated quorum after every event, by the names of the Raft paper (figure 3). */
import type { RaftEffect } from '../../../broker/consensus/events.ts'
import { majorityOf } from '../../../broker/consensus/majority.ts'
import type { RaftMessage } from '../../../broker/consensus/messages.ts'
import type { Voter } from '../../../broker/consensus/voters.ts'
import type { Entry, ModelSnapshot } from './model-log.ts'
import type { Node } from './simulation.ts'

/** Logs are compared pair by pair after so many steps. */
const MATCH_EVERY = 50

/** A promise of the quorum was broken. `invariant` is its name. */
export class RaftViolation extends Error {
  readonly invariant: string

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`)
    this.invariant = invariant
  }
}

function must(holds: boolean, invariant: string, message: () => string): void {
  if (!holds) throw new RaftViolation(invariant, message())
}

export class Invariants {
  /** The one history: entries that any node reported as committed. */
  readonly history: Entry[] = []
  /** By epoch: who led it. */
  readonly leaders = new Map<number, number>()
  private readonly nodes: ReadonlyMap<number, Node>
  /** By node and epoch: whom it voted for. */
  private readonly votes = new Map<string, number>()
  private steps = 0

  constructor(nodes: ReadonlyMap<number, Node>) {
    this.nodes = nodes
  }

  /** Before the effect is carried out. */
  effect(node: Node, effect: RaftEffect): void {
    if (effect.type === 'send') this.sent(node, effect.to, effect.message)
    else if (effect.type === 'persist') {
      const { epoch } = node.persisted
      must(
        effect.state.epoch >= epoch,
        'epochs rise',
        () => `node ${node.id} goes from ${epoch} to ${effect.state.epoch}`,
      )
    } else if (effect.type === 'append-voters') this.votersChange(node, effect.voters)
    else if (effect.type === 'truncate') {
      must(
        effect.offset >= node.committed,
        'commits stay',
        () => `node ${node.id} cuts ${effect.offset} of ${node.committed}`,
      )
    }
  }

  afterStep(node: Node): void {
    this.leads(node)
    this.steps += 1
    if (this.steps % MATCH_EVERY === 0) this.logsMatch()
  }

  /** State machine safety (5.4.3): all commit the same entries in the same order, and what is committed survives. */
  commit(node: Node, offset: number): void {
    const { log, committed, id } = node
    must(offset > committed, 'commits stay', () => `node ${id} commits ${offset} after ${committed}`)
    must(offset <= log.durableEndOffset, 'durability', () => `node ${id} commits ${offset}, which it can lose`)
    this.sameAsHistory(node, committed, offset)
    if (offset <= this.history.length) return
    for (let i = this.history.length; i < offset; i += 1) this.history.push(log.entries[i])
    this.onMajority(node, offset)
  }

  installed(node: Node, { id, entries }: ModelSnapshot): void {
    must(entries.length === id.endOffset, 'snapshots', () => `${entries.length} entries up to ${id.endOffset}`)
    must(id.endOffset <= this.history.length, 'snapshots', () => `${id.endOffset} was never committed`)
    this.sameAsHistory(node, 0, id.endOffset)
  }

  private sameAsHistory({ id, log }: Node, from: number, to: number): void {
    for (let i = from; i < Math.min(to, this.history.length); i += 1) {
      const own = log.entries[i]
      const known = this.history[i]
      must(
        same(own, known),
        'state machine safety',
        () => `offset ${i}: ${show(own)} on node ${id}, else ${show(known)}`,
      )
    }
  }

  /** Nobody may lose it: a majority of those that vote now has it on disk. */
  private onMajority({ raft, log, id: committer }: Node, offset: number): void {
    const voters = log.voters?.voters ?? raft?.voters ?? []
    const last = log.entries[offset - 1]
    const copies = voters.filter(({ id }) => {
      const other = this.nodes.get(id)?.log
      return other !== undefined && other.durableEndOffset >= offset && same(other.entries[offset - 1], last)
    })
    must(
      copies.length >= majorityOf(voters.length),
      'durability',
      () => `offset ${offset} is committed on ${copies.length} of ${voters.length} voters`,
    )
    // A voter alone commits what is on its disk.
    const isOwn = last.epoch === raft?.epoch || voters.length === 1
    must(isOwn, 'commit rule', () => `leader ${committer} of ${raft?.epoch} commits ${offset}, of epoch ${last.epoch}`)
  }

  /** Election safety (5.2) and leader completeness (5.4): one leader an epoch, with all that was committed before. */
  private leads(node: Node): void {
    const { raft, id, log } = node
    if (raft === null || !raft.isLeader) return
    const known = this.leaders.get(raft.epoch)
    if (known === id) return
    must(known === undefined, 'election safety', () => `epoch ${raft.epoch} has the leaders ${known} and ${id}`)
    this.leaders.set(raft.epoch, id)
    this.history.forEach((entry, offset) => {
      const has = same(log.entries[offset], entry)
      must(has, 'leader completeness', () => `leader ${id} of epoch ${raft.epoch} lacks committed offset ${offset}`)
    })
  }

  /** Log matching (5.3): where two logs have one epoch at one offset, they are the same up to there. */
  private logsMatch(): void {
    const logs = [...this.nodes.values()]
    for (const [index, one] of logs.entries()) for (const other of logs.slice(index + 1)) matching(one, other)
  }

  /** One vote an epoch (5.2), whatever was lost in between; what is fetched from is on disk. */
  private sent(node: Node, to: number, message: RaftMessage): void {
    if (message.type === 'fetch-request') {
      const { durableEndOffset } = node.log
      const isKept = message.fetchOffset <= durableEndOffset
      must(isKept, 'acknowledgement', () => `node ${node.id} has ${durableEndOffset}, and says ${message.fetchOffset}`)
    }
    const isCandidate = message.type === 'vote-request' && !message.preVote
    const isVote = message.type === 'vote-response' && !message.preVote && message.granted
    if (!isCandidate && !isVote) return
    const candidate = isCandidate ? node.id : to
    const key = `${node.id} ${message.epoch}`
    const known = this.votes.get(key) ?? candidate
    must(
      known === candidate,
      'one vote',
      () => `node ${node.id} votes for ${known} and ${candidate} in ${message.epoch}`,
    )
    this.votes.set(key, candidate)
  }

  /** Thesis 4.1: one voter more or less, after the set before is committed, by a leader that has committed in its epoch. */
  private votersChange({ raft, log, id }: Node, next: readonly Voter[]): void {
    if (raft === null) return
    const before = new Set(raft.voters.map((voter) => voter.id))
    const after = new Set(next.map((voter) => voter.id))
    const moved = [...before, ...after].filter((voter) => before.has(voter) !== after.has(voter))
    must(moved.length <= 1, 'one change at a time', () => `${moved.join()} of the voters differ`)
    const committed = raft.highWatermark
    must((log.voters?.offset ?? -1) < committed, 'one change at a time', () => `node ${id} changes an uncommitted set`)
    must(raft.epochStartOffset < committed, 'one change at a time', () => `node ${id} has not committed in its epoch`)
  }
}

function matching(one: Node, other: Node): void {
  const [a, b] = [one.log.entries, other.log.entries]
  let last = Math.min(a.length, b.length) - 1
  while (last >= 0 && a[last].epoch !== b[last].epoch) last -= 1
  for (let i = last; i >= 0; i -= 1) {
    must(
      same(a[i], b[i]),
      'log matching',
      () => `offset ${i}: ${show(a[i])} on ${one.id}, ${show(b[i])} on ${other.id}`,
    )
  }
}

function same(a: Entry | undefined, b: Entry | undefined): boolean {
  return a !== undefined && b !== undefined && a.epoch === b.epoch && a.value === b.value
}

function show(entry: Entry | undefined): string {
  return entry === undefined ? 'nothing' : `${entry.value} of epoch ${entry.epoch}`
}
