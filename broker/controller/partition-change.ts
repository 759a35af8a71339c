/**
 * How one partition answers a change of the world: a broker that went or came, an election or a move asked for. Keeps in-sync
 * set (ISR) and eligible leader replicas (ELR, KIP-966) such that a leader elected from either has every acknowledged record.
 */
import type { Election, PartitionChangeRecord } from '../../proto/cluster.ts'
import type { PartitionView } from './view.ts'

export const NO_LEADER = -1

/** A move to other replicas (KIP-455): while it lasts, `replicas` holds the ones that come and the ones that leave. */
export interface Move {
  /** Those wanted first, in their order; then the ones that leave. */
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

export interface PartitionChange {
  readonly topicId: string
  readonly partition: PartitionView
  /** `min.insync.replicas` of the topic, as it counts now. */
  readonly minIsr: number
  /** Replicas that may lead: registered and not fenced. */
  isActive(broker: number): boolean
  /** Members of the ISR that stay in it; the whole ISR unless given. */
  readonly targetIsr?: readonly number[]
  /** The move that begins, changes or is taken back; the one under way unless given. */
  readonly move?: Move
  /** Replicas whose disk may have lost acknowledged records: they leave the ELR. */
  readonly unclean?: readonly number[]
  /** `preferred`: the first replica if it can. `unclean`: anybody alive as a last resort. Else keep the leader if possible. */
  readonly election?: 'preferred' | 'unclean'
  /** Of those that were last complete the one with the most: it leads when nobody else can. */
  readonly chosen?: number
}

interface Elected {
  readonly leader: number
  readonly as: Election
}

interface Target extends Move {
  isr: readonly number[]
  elr: readonly number[]
  lastKnownElr: readonly number[]
}

/** Done as soon as everybody who was to come is in sync, and somebody who stays is: those that leave go. */
function withMoveCompleted(
  move: Move,
  isr: readonly number[],
): { readonly move: Move; readonly isr: readonly number[] } {
  if (move.adding.length === 0 && move.removing.length === 0) return { move, isr }
  const staying = isr.filter((id) => !move.removing.includes(id))
  if (staying.length === 0 || !move.adding.every((id) => staying.includes(id))) return { move, isr }
  const replicas = move.replicas.filter((id) => !move.removing.includes(id))
  return { move: { replicas, adding: [], removing: [] }, isr: staying }
}

/**
 * ELR: whoever was in ISR or ELR and left it while the ISR is below the minimum is still complete, since the high
 * watermark stands still. `lastKnownElr` names those of them whose disks may have lost something since: with ISR and ELR
 * empty, one of these has the most there is.
 */
function targetSets(change: PartitionChange): Target {
  const { partition, unclean = [] } = change
  const present = {
    replicas: partition.replicas,
    adding: partition.addingReplicas,
    removing: partition.removingReplicas,
  }
  const { move, isr } = withMoveCompleted(change.move ?? present, change.targetIsr ?? partition.isr)
  if (isr.length >= Math.min(change.minIsr, move.replicas.length)) return { ...move, isr, elr: [], lastKnownElr: [] }
  const candidates = [...new Set([...partition.elr, ...partition.isr])].filter((id) => move.replicas.includes(id))
  const elr = candidates.filter((id) => !isr.includes(id) && !unclean.includes(id))
  const distrusted = candidates.filter((id) => !isr.includes(id) && unclean.includes(id))
  const known = partition.lastKnownElr.filter((id) => move.replicas.includes(id) && !isr.includes(id))
  return { ...move, isr, elr, lastKnownElr: [...new Set([...known, ...distrusted])] }
}

function elect(change: PartitionChange, target: Target): Elected {
  const { partition } = change
  const eligible = (id: number) =>
    change.isActive(id) && (target.isr.includes(id) || (target.isr.length === 0 && target.elr.includes(id)))
  const wanted = change.election === 'preferred' ? target.replicas[0] : partition.leader
  const order = [wanted ?? NO_LEADER, partition.leader, ...target.replicas]
  const clean = order.find(eligible)
  if (clean !== undefined) return { leader: clean, as: target.isr.includes(clean) ? 'in-sync' : 'eligible' }
  if (target.isr.length === 0 && target.elr.length === 0) {
    // All who were last complete are one broker, and it is back: nobody can have more than it has.
    const only = target.lastKnownElr.length === 1 ? target.lastKnownElr[0] : undefined
    const last = target.lastKnownElr.find((id) => id === (change.chosen ?? only))
    if (last !== undefined && change.isActive(last)) return { leader: last, as: last === only ? 'last' : 'longest' }
  }
  const resort = change.election === 'unclean' ? target.replicas.find((id) => change.isActive(id)) : undefined
  return resort === undefined ? { leader: NO_LEADER, as: '' } : { leader: resort, as: 'unclean' }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}

/** The record that makes the change; null when nothing changes. A new leader, also none, begins a new leader epoch. */
export function changePartition(change: PartitionChange): PartitionChangeRecord | null {
  const { partition, topicId } = change
  const target = targetSets(change)
  const { leader, as } = elect(change, target)
  // From outside ISR and ELR: what nobody else has is gone.
  const unclean = as !== 'in-sync' && as !== 'eligible'
  if (leader !== NO_LEADER && (unclean || !target.isr.includes(leader))) {
    target.isr = [leader]
    target.elr = unclean ? [] : target.elr.filter((id) => id !== leader)
    const isEnough = target.isr.length >= Math.min(change.minIsr, target.replicas.length)
    if (unclean || isEnough) target.elr = []
    if (unclean || isEnough) target.lastKnownElr = []
  }
  // A replica that left may still fetch under the epoch it knows: a new one keeps it out of the in-sync set for good.
  const someoneLeft = partition.replicas.some((id) => !target.replicas.includes(id))
  const replaced = (next: readonly number[], now: readonly number[]) => (same(next, now) ? null : { ids: next })
  const record: PartitionChangeRecord = {
    kind: 'partitionChange',
    topicId,
    partition: partition.index,
    leader: leader === partition.leader && !someoneLeft ? null : leader,
    replicas: replaced(target.replicas, partition.replicas),
    isr: replaced(target.isr, partition.isr),
    elr: replaced(target.elr, partition.elr),
    lastKnownElr: replaced(target.lastKnownElr, partition.lastKnownElr),
    addingReplicas: replaced(target.adding, partition.addingReplicas),
    removingReplicas: replaced(target.removing, partition.removingReplicas),
    // A leader that only begins a new epoch is the one that it was.
    electedAs: leader === partition.leader ? null : as,
  }
  const { kind: _kind, topicId: _topicId, partition: _partition, ...changes } = record
  return Object.values(changes).every((value) => value === null) ? null : record
}
