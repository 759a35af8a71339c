/** Brokers come and go: registration, unfencing, fencing. Each moves the leaders and in-sync sets that it touches. */
import type { FeatureRange, MetadataRecord, RegisterBrokerRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { topicProperties } from '../config/effective.ts'
import type { ItemResult } from './api.ts'
import { afterwards, type CommandContext, failure, minInsyncReplicas, type Outcome, success } from './core.ts'
import { changePartition, NO_LEADER } from './partition-change.ts'

export interface Registration {
  readonly brokerId: number
  /** Chosen at random by each start: tells a retry from a restart. */
  readonly incarnationId: string
  readonly directoryId: string
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Nothing acknowledged can be missing from this broker's disk. */
  readonly clean: boolean
  /** Empty and 0 for a broker without a listener for others. */
  readonly peerHost: string
  readonly peerPort: number
  readonly features: readonly FeatureRange[]
}

/** Replicas of one topic. */
export interface TopicReplicas {
  readonly topicId: string
  readonly partitions: readonly number[]
}

/** One uptime of a broker. */
export interface BrokerUptime {
  readonly brokerId: number
  readonly brokerEpoch: number
}

/**
 * Takes brokers out of every in-sync set they are in, all at once, and moves the leaders away. `unclean`: those whose disks
 * may miss acknowledged records, so that they do not become eligible leader replicas either.
 */
function withdraw(
  context: CommandContext,
  gone: ReadonlySet<number>,
  unclean: readonly number[] = [],
): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const topic of context.image.topics()) {
    const touched = topic.partitions.filter(
      (partition) =>
        partition.isr.some((id) => gone.has(id)) ||
        gone.has(partition.leader) ||
        partition.elr.some((id) => unclean.includes(id)),
    )
    if (touched.length === 0) continue
    const options = topicProperties(topic.configs, context.config, context.image)
    for (const partition of touched) {
      const record = changePartition({
        topicId: topic.id,
        partition,
        minIsr: options['min.insync.replicas'],
        isActive: (id) => !gone.has(id) && context.image.isActive(id),
        targetIsr: partition.isr.filter((id) => !gone.has(id)),
        unclean,
        ...(options['unclean.leader.election.enable'] ? { election: 'unclean' as const } : {}),
      })
      if (record !== null) records.push(record)
    }
  }
  return records
}

/** Elects where a leader is missing and this broker can be it. */
function welcome(context: CommandContext, brokerId: number): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const topic of context.image.topics()) {
    const orphans = topic.partitions.filter(
      (partition) => partition.leader === NO_LEADER && partition.replicas.includes(brokerId),
    )
    if (orphans.length === 0) continue
    const options = topicProperties(topic.configs, context.config, context.image)
    for (const partition of orphans) {
      const record = changePartition({
        topicId: topic.id,
        partition,
        minIsr: options['min.insync.replicas'],
        isActive: (id) => id === brokerId || context.image.isActive(id),
        ...(options['unclean.leader.election.enable'] ? { election: 'unclean' as const } : {}),
      })
      if (record !== null) records.push(record)
    }
  }
  return records
}

/**
 * Registers one uptime of a broker, fenced. An earlier uptime ends here: what it led is led by others, or by nobody until
 * the broker is unfenced, and so under a new leader epoch either way. The broker epoch is the offset of the first record.
 * `silent`: brokers that are taken for dead like it, and fenced with it. After the fall of a whole cluster the order in which
 * its brokers come back must not decide which of them were last in sync.
 */
export function registerBroker(
  context: CommandContext,
  registration: Registration,
  silent: readonly BrokerUptime[] = [],
): Outcome<ItemResult> {
  const { brokerId } = registration
  const present = context.image.broker(brokerId)
  if (present?.incarnationId === registration.incarnationId) return { records: [], result: success }
  const record: RegisterBrokerRecord = { kind: 'registerBroker', ...registration, fenced: true }
  const others = silent.filter((uptime) => uptime.brokerId !== brokerId && isUnfenced(context, uptime))
  const fenced = others.map((uptime): MetadataRecord => ({ kind: 'fenceBroker', ...uptime }))
  const gone = new Set([brokerId, ...others.map((uptime) => uptime.brokerId)])
  // On another disk than before it has nothing of what it had.
  const isOtherDisk = present !== undefined && present.directoryId !== registration.directoryId
  const unclean = !registration.clean || isOtherDisk ? [brokerId] : []
  return { records: [record, ...fenced, ...withdraw(context, gone, unclean)], result: success }
}

function isUnfenced(context: CommandContext, { brokerId, brokerEpoch }: BrokerUptime): boolean {
  const broker = context.image.broker(brokerId)
  return broker?.epoch === brokerEpoch && !broker.fenced
}

/** Kafka's STALE_BROKER_EPOCH unless this uptime of the broker is the registered one. */
export function brokerEpochProblem(context: CommandContext, brokerId: number, brokerEpoch: number): ItemResult | null {
  const present = context.image.broker(brokerId)
  if (present?.epoch === brokerEpoch) return null
  const message =
    present === undefined
      ? `No broker registration found for broker id ${brokerId}`
      : `Expected broker epoch ${present.epoch}, but got broker epoch ${brokerEpoch}`
  return failure(Errors.STALE_BROKER_EPOCH, message)
}

/** Replicas that may lack acknowledged records are no reason to elect their broker: they leave the eligible ones. */
function distrust(context: CommandContext, brokerId: number, suspects: readonly TopicReplicas[]): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const { topicId, partitions } of suspects) {
    const topic = context.image.topicById(topicId)
    if (topic === undefined) continue
    for (const index of new Set(partitions)) {
      const partition = topic.partitions[index]
      if (partition === undefined || !partition.elr.includes(brokerId)) continue
      const record = changePartition({
        topicId,
        partition,
        minIsr: minInsyncReplicas(context, topic),
        isActive: (id) => context.image.isActive(id),
        unclean: [brokerId],
      })
      if (record !== null) records.push(record)
    }
  }
  return records
}

/**
 * The broker has its logs open and may lead. Asked twice it does nothing. `suspects`: replicas whose logs had to be cut by
 * more than a crash takes.
 */
export function unfenceBroker(
  context: CommandContext,
  brokerId: number,
  brokerEpoch: number,
  suspects: readonly TopicReplicas[] = [],
): Outcome<ItemResult> {
  const problem = brokerEpochProblem(context, brokerId, brokerEpoch)
  if (problem !== null) return { records: [], result: problem }
  if (context.image.broker(brokerId)?.fenced === false) return { records: [], result: success }
  const distrusted = distrust(context, brokerId, suspects)
  const unfenced: MetadataRecord[] = [...distrusted, { kind: 'unfenceBroker', brokerId, brokerEpoch }]
  const welcomed = welcome(afterwards(context, distrusted), brokerId)
  return { records: [...unfenced, ...welcomed], result: success }
}

/** The broker is silent, or leaves: its leaders move away before anything else. */
export function fenceBroker(context: CommandContext, brokerId: number, brokerEpoch: number): Outcome<ItemResult> {
  const problem = brokerEpochProblem(context, brokerId, brokerEpoch)
  if (problem !== null) return { records: [], result: problem }
  if (context.image.broker(brokerId)?.fenced !== false) return { records: [], result: success }
  const records = [{ kind: 'fenceBroker', brokerId, brokerEpoch } as const, ...withdraw(context, new Set([brokerId]))]
  return { records, result: success }
}

/** The broker wants to stop: it leaves every in-sync set and hands its leaders over, and serves until they have moved. */
export function shutDownBroker(context: CommandContext, brokerId: number, brokerEpoch: number): Outcome<ItemResult> {
  const problem = brokerEpochProblem(context, brokerId, brokerEpoch)
  if (problem !== null) return { records: [], result: problem }
  if (context.image.broker(brokerId)?.inControlledShutdown !== false) return { records: [], result: success }
  const records = [
    { kind: 'shutDownBroker', brokerId, brokerEpoch } as const,
    ...withdraw(context, new Set([brokerId])),
  ]
  return { records, result: success }
}

/** UnregisterBroker (KIP-631): the broker will not come back, and what is on its disk counts for nothing. */
export function unregisterBroker(context: CommandContext, brokerId: number): Outcome<ItemResult> {
  const present = context.image.broker(brokerId)
  if (present === undefined) {
    return {
      records: [],
      result: failure(Errors.BROKER_ID_NOT_REGISTERED, `Broker ID ${brokerId} is not currently registered`),
    }
  }
  const gone: MetadataRecord = { kind: 'unregisterBroker', brokerId, brokerEpoch: present.epoch }
  return { records: [...withdraw(context, new Set([brokerId]), [brokerId]), gone], result: success }
}
