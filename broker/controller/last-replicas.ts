/**
 * Partitions that nobody can lead because every replica that was last complete may have lost something: all of these are
 * asked how far they go, and the one with the most leads when all have answered. Only the active controller asks; another
 * one begins anew. Pure.
 */
import type { MetadataRecord } from '../../proto/cluster.ts'
import type { EndTopic } from '../../proto/kafka/generated/63-broker-heartbeat.ts'
import { WANTED_REPLICA_ENDS_MAX } from '../limits.ts'
import type { TopicReplicas } from './broker-life.ts'
import { type CommandContext, minInsyncReplicas, type Outcome } from './core.ts'
import { changePartition, NO_LEADER } from './partition-change.ts'
import type { MetadataView, PartitionView } from './view.ts'

/** How far a log goes; the later epoch has the more, and of one epoch the longer. */
export interface ReplicaEnd {
  /** Of the last record, -1 for none. */
  readonly lastEpoch: number
  readonly endOffset: number
}

interface Report extends ReplicaEnd {
  /** The uptime that told it. */
  readonly brokerEpoch: number
}

interface Chosen {
  readonly topicId: string
  readonly partition: number
  readonly leader: number
}

function isLost({ leader, isr, elr, lastKnownElr }: PartitionView): boolean {
  return leader === NO_LEADER && isr.length === 0 && elr.length === 0 && lastKnownElr.length > 1
}

function hasMore(a: ReplicaEnd, b: ReplicaEnd): boolean {
  return a.lastEpoch > b.lastEpoch || (a.lastEpoch === b.lastEpoch && a.endOffset > b.endOffset)
}

export class LastReplicas {
  /** By `topic id partition`, then by broker. */
  private readonly reports = new Map<string, Map<number, Report>>()
  private lost: readonly { readonly topicId: string; readonly partition: PartitionView }[] = []
  private lookedAt = -1

  /** What a broker is to be asked about; nothing for most of the time. `offset` is that of the metadata. */
  wanted(metadata: MetadataView, offset: number, brokerId: number): TopicReplicas[] {
    this.look(metadata, offset)
    const broker = metadata.broker(brokerId)
    if (this.lost.length === 0 || broker === undefined) return []
    const topics = new Map<string, number[]>()
    let count = 0
    for (const { topicId, partition } of this.lost) {
      if (!partition.lastKnownElr.includes(brokerId) || count >= WANTED_REPLICA_ENDS_MAX) continue
      if (this.reportOf(topicId, partition.index, brokerId)?.brokerEpoch === broker.epoch) continue
      const partitions = topics.get(topicId) ?? []
      topics.set(topicId, partitions)
      partitions.push(partition.index)
      count += 1
    }
    return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }))
  }

  /** What a broker answered; what nobody asked for is forgotten. */
  report(brokerId: number, brokerEpoch: number, topics: readonly EndTopic[]): void {
    for (const { topicId, partitions } of topics) {
      for (const { partition, lastEpoch, endOffset } of partitions) {
        const isAsked = this.lost.some((lost) => lost.topicId === topicId && lost.partition.index === partition)
        if (!isAsked) continue
        const key = `${topicId} ${partition}`
        const reports = this.reports.get(key) ?? new Map<number, Report>()
        this.reports.set(key, reports)
        reports.set(brokerId, { brokerEpoch, lastEpoch, endOffset })
      }
    }
  }

  /** Who has the most, of each partition where everybody has answered and lives; ties go to the first replica. */
  chosen(metadata: MetadataView): Chosen[] {
    const found: Chosen[] = []
    for (const { topicId, partition } of this.lost) {
      const leader = this.mostOf(metadata, topicId, partition)
      if (leader !== null) found.push({ topicId, partition: partition.index, leader })
    }
    return found
  }

  clear(): void {
    this.reports.clear()
    this.lost = []
    this.lookedAt = -1
  }

  private reportOf(topicId: string, partition: number, brokerId: number): Report | undefined {
    return this.reports.get(`${topicId} ${partition}`)?.get(brokerId)
  }

  private mostOf(metadata: MetadataView, topicId: string, partition: PartitionView): number | null {
    let most: { readonly brokerId: number; readonly report: Report } | null = null
    for (const brokerId of partition.replicas.filter((id) => partition.lastKnownElr.includes(id))) {
      const broker = metadata.broker(brokerId)
      const report = this.reportOf(topicId, partition.index, brokerId)
      if (broker === undefined || broker.fenced || report?.brokerEpoch !== broker.epoch) return null
      if (most === null || hasMore(report, most.report)) most = { brokerId, report }
    }
    return most?.brokerId ?? null
  }

  /** Metadata that has not changed is not looked through again. */
  private look(metadata: MetadataView, offset: number): void {
    if (offset === this.lookedAt) return
    this.lookedAt = offset
    this.lost = [...metadata.topics()].flatMap(({ id, partitions }) =>
      partitions.filter(isLost).map((partition) => ({ topicId: id, partition })),
    )
    const keys = new Set(this.lost.map(({ topicId, partition }) => `${topicId} ${partition.index}`))
    for (const key of this.reports.keys()) if (!keys.has(key)) this.reports.delete(key)
  }
}

/** Elects those; whatever has changed meanwhile is left alone. The result is how many were elected. */
export function electChosen(context: CommandContext, chosen: readonly Chosen[]): Outcome<number> {
  const records: MetadataRecord[] = []
  for (const { topicId, partition: index, leader } of chosen) {
    const topic = context.image.topicById(topicId)
    const partition = topic?.partitions[index]
    if (topic === undefined || partition === undefined || !isLost(partition)) continue
    const record = changePartition({
      topicId,
      partition,
      minIsr: minInsyncReplicas(context, topic),
      isActive: (id) => context.image.isActive(id),
      chosen: leader,
    })
    if (record !== null) records.push(record)
  }
  return { records, result: records.length }
}
