/**
 * How one partition answers a change of the world: a broker that went or came, an election asked for. Keeps in-sync set
 * (ISR) and eligible leader replicas (ELR, KIP-966) such that a leader elected from either has every acknowledged record.
 */
import type { PartitionChangeRecord } from '../../proto/cluster.ts'
import type { PartitionView } from './view.ts'

export const NO_LEADER = -1

export interface PartitionChange {
  readonly topicId: string
  readonly partition: PartitionView
  /** `min.insync.replicas` of the topic, as it counts now. */
  readonly minIsr: number
  /** Replicas that may lead: registered and not fenced. */
  isActive(broker: number): boolean
  /** Members of the ISR that stay in it; the whole ISR unless given. */
  readonly targetIsr?: readonly number[]
  /** Replicas whose disk may have lost acknowledged records: they leave the ELR. */
  readonly unclean?: readonly number[]
  /** `preferred`: the first replica if it can. `unclean`: anybody alive as a last resort. Else keep the leader if possible. */
  readonly election?: 'preferred' | 'unclean'
}

interface Elected {
  readonly leader: number
  /** From outside ISR and ELR: acknowledged records may be gone. */
  readonly unclean: boolean
}

interface Target {
  isr: readonly number[]
  elr: readonly number[]
  lastKnownElr: readonly number[]
}

/**
 * ELR: whoever was in ISR or ELR and left it while the ISR is below the minimum is still complete, since the high
 * watermark stands still. With both empty, `lastKnownElr` names all who were last in either.
 */
function targetSets(change: PartitionChange): Target {
  const { partition, unclean = [] } = change
  const isr = change.targetIsr ?? partition.isr
  if (isr.length >= Math.min(change.minIsr, partition.replicas.length)) return { isr, elr: [], lastKnownElr: [] }
  const candidates = [...new Set([...partition.elr, ...partition.isr])]
  const elr = candidates.filter((id) => !isr.includes(id) && !unclean.includes(id))
  const anyLeft = isr.length > 0 || elr.length > 0
  const lastKnown = partition.isr.length > 0 || partition.elr.length > 0 ? candidates : partition.lastKnownElr
  return { isr, elr, lastKnownElr: anyLeft ? [] : lastKnown }
}

function elect(change: PartitionChange, target: Target): Elected {
  const { partition } = change
  const eligible = (id: number) =>
    change.isActive(id) && (target.isr.includes(id) || (target.isr.length === 0 && target.elr.includes(id)))
  const wanted = change.election === 'preferred' ? partition.replicas[0] : partition.leader
  const order = [wanted ?? NO_LEADER, partition.leader, ...partition.replicas]
  const clean = order.find(eligible)
  if (clean !== undefined) return { leader: clean, unclean: false }
  // All who were last complete are one broker, and it is back: nobody can have more than it has.
  const [last] = target.lastKnownElr
  if (last !== undefined && target.lastKnownElr.length === 1 && change.isActive(last))
    return { leader: last, unclean: true }
  const resort = change.election === 'unclean' ? partition.replicas.find((id) => change.isActive(id)) : undefined
  return resort === undefined ? { leader: NO_LEADER, unclean: false } : { leader: resort, unclean: true }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}

/** The record that makes the change; null when nothing changes. A new leader, also none, begins a new leader epoch. */
export function changePartition(change: PartitionChange): PartitionChangeRecord | null {
  const { partition, topicId } = change
  const target = targetSets(change)
  const { leader, unclean } = elect(change, target)
  if (leader !== NO_LEADER && (unclean || !target.isr.includes(leader))) {
    target.isr = [leader]
    target.elr = unclean ? [] : target.elr.filter((id) => id !== leader)
    if (unclean || target.isr.length >= Math.min(change.minIsr, partition.replicas.length)) target.elr = []
    target.lastKnownElr = []
  }
  const replaced = (next: readonly number[], now: readonly number[]) => (same(next, now) ? null : { ids: next })
  const record: PartitionChangeRecord = {
    kind: 'partitionChange',
    topicId,
    partition: partition.index,
    leader: leader === partition.leader ? null : leader,
    replicas: null,
    isr: replaced(target.isr, partition.isr),
    elr: replaced(target.elr, partition.elr),
    lastKnownElr: replaced(target.lastKnownElr, partition.lastKnownElr),
  }
  const nothing = record.leader === null && record.isr === null && record.elr === null && record.lastKnownElr === null
  return nothing ? null : record
}
