/** What a look at a cluster says about it: pure. Who leads each partition and why that is safe; what is not as it should be. */
import type { BrokerDescription, QuorumDescription, ReplicaEnd, ReplicatedPartition } from '../../client/index.ts'

export interface Look {
  readonly brokers: readonly BrokerDescription[]
  /** Null where the brokers do not describe it. */
  readonly quorum: QuorumDescription | null
  readonly partitions: readonly ReplicatedPartition[]
  readonly ends: readonly ReplicaEnd[]
}

export interface Finding {
  /** `error`: something cannot be used, or may be lost. `warning`: one more fault, and it is. */
  readonly level: 'error' | 'warning'
  readonly text: string
}

export interface PartitionDiagnosis extends ReplicatedPartition {
  readonly ends: readonly { readonly broker: number; readonly endOffset: number }[]
  /** Why the leader has everything that was acknowledged, or why there is none. */
  readonly why: string
  /** It is sure that the leader has everything that was acknowledged. */
  readonly safe: boolean
}

export interface Diagnosis {
  readonly findings: readonly Finding[]
  readonly partitions: readonly PartitionDiagnosis[]
}

const reasons: Readonly<Record<string, (leader: number, leaderEpoch: number) => string>> = {
  // Before metadata.version 2 nobody wrote down why.
  '': (leader, leaderEpoch) =>
    `broker ${leader} has led from the beginning${leaderEpoch === 0 ? '' : ', or since before metadata.version 2'}`,
  'in-sync': (leader) => `broker ${leader} was in sync: it has everything that was acknowledged`,
  eligible: (leader) =>
    `broker ${leader} was eligible: since it left the in-sync set nothing was acknowledged without it`,
  last: (leader) => `broker ${leader} alone was complete last: nobody has more, but its disk may have lost some`,
  longest: (leader) =>
    `all that were complete last were asked, and broker ${leader} has the most, but each disk may have lost some`,
  unclean: (leader) => `broker ${leader} was chosen because it was alive: acknowledged records may be gone`,
}

/** A replica that may have lost something leads: what it has is the most there is, and perhaps not all there was. */
const UNSURE = new Set(['last', 'longest'])
const UNSAFE = new Set([...UNSURE, 'unclean'])

function named(brokers: readonly number[]): string {
  return `${brokers.length === 1 ? 'broker' : 'brokers'} ${brokers.join(', ')}`
}

function whyNoLeader({ inSync, eligible, lastComplete }: ReplicatedPartition): string {
  const complete = inSync.length > 0 ? inSync : eligible
  if (complete.length > 0) return `nobody leads: waits for ${named(complete)}, which has every acknowledged record`
  if (lastComplete.length > 0) return `nobody leads: waits for ${named(lastComplete)}, to ask who has the most`
  return 'nobody leads, and no replica is known to be complete'
}

function diagnosePartition(partition: ReplicatedPartition, ends: readonly ReplicaEnd[]): PartitionDiagnosis {
  const { topic, partition: index, leader, leaderEpoch, electedAs } = partition
  const own = ends
    .filter((end) => end.topic === topic && end.partition === index)
    .map(({ broker, endOffset }) => ({ broker, endOffset }))
    .sort((a, b) => a.broker - b.broker)
  if (leader < 0) return { ...partition, ends: own, why: whyNoLeader(partition), safe: false }
  const reason = reasons[electedAs] ?? (() => `broker ${leader} was chosen as "${electedAs}"`)
  return {
    ...partition,
    ends: own,
    why: reason(leader, leaderEpoch),
    safe: reasons[electedAs] !== undefined && !UNSAFE.has(electedAs),
  }
}

function partitionFinding(partition: PartitionDiagnosis): Finding | null {
  const { topic, partition: index, leader, replicas, inSync, electedAs, why } = partition
  const name = `${topic}-${index}`
  if (leader < 0 || electedAs === 'unclean') return { level: 'error', text: `${name}: ${why}` }
  if (!inSync.includes(leader)) return { level: 'error', text: `${name}: its leader ${leader} is not in sync` }
  if (UNSURE.has(electedAs)) return { level: 'warning', text: `${name}: ${why}` }
  const missing = replicas.filter((id) => !inSync.includes(id))
  if (missing.length === 0) return null
  return { level: 'warning', text: `${name}: ${named(missing)} not in sync` }
}

function quorumFindings({ leader, voters }: QuorumDescription): Finding[] {
  if (leader < 0) return [{ level: 'error', text: 'the metadata quorum has no leader: nothing can be changed' }]
  const end = voters.find(({ id }) => id === leader)?.logEndOffset ?? -1
  const lost = voters.filter(({ id, logEndOffset }) => id !== leader && logEndOffset < 0)
  const findings: Finding[] = lost.map(({ id }) => ({
    level: 'warning',
    text: `voter ${id} of the metadata quorum has not been heard of since ${leader} leads it`,
  }))
  const late = voters.filter(({ logEndOffset }) => logEndOffset >= 0 && end - logEndOffset > LATE_RECORDS)
  for (const { id, logEndOffset } of late) {
    findings.push({
      level: 'warning',
      text: `voter ${id} of the metadata quorum is ${end - logEndOffset} records behind`,
    })
  }
  return findings
}

/** Records that a voter may be behind without anybody caring. */
const LATE_RECORDS = 1_000

export function diagnose({ brokers, quorum, partitions, ends }: Look): Diagnosis {
  const fenced = brokers.filter((broker) => broker.fenced)
  const diagnosed = partitions.map((partition) => diagnosePartition(partition, ends))
  const findings: Finding[] = [
    ...fenced.map(({ id }): Finding => ({ level: 'warning', text: `broker ${id} is fenced: it is down, or cut off` })),
    ...(quorum === null ? [] : quorumFindings(quorum)),
    ...diagnosed.map(partitionFinding).filter((finding) => finding !== null),
  ]
  return { findings, partitions: diagnosed }
}
