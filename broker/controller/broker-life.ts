/** Brokers come and go: registration, unfencing, fencing. Each moves the leaders and in-sync sets that it touches. */
import type { MetadataRecord, RegisterBrokerRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { topicProperties } from '../config/effective.ts'
import type { ItemResult } from './api.ts'
import { type CommandContext, failure, type Outcome, success } from './core.ts'
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
}

/**
 * Takes a broker out of every in-sync set it is in and moves the leaders away. `unclean`: its disk may miss acknowledged
 * records, so it does not become an eligible leader replica either.
 */
function withdraw(context: CommandContext, brokerId: number, unclean: boolean): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const topic of context.image.topics()) {
    const touched = topic.partitions.filter(
      (partition) =>
        partition.isr.includes(brokerId) ||
        partition.leader === brokerId ||
        (unclean && partition.elr.includes(brokerId)),
    )
    if (touched.length === 0) continue
    const options = topicProperties(topic.configs, context.config, context.image)
    for (const partition of touched) {
      const record = changePartition({
        topicId: topic.id,
        partition,
        minIsr: options['min.insync.replicas'],
        isActive: (id) => id !== brokerId && context.image.isActive(id),
        targetIsr: partition.isr.filter((id) => id !== brokerId),
        unclean: unclean ? [brokerId] : [],
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
 */
export function registerBroker(context: CommandContext, registration: Registration): Outcome<ItemResult> {
  const present = context.image.broker(registration.brokerId)
  if (present?.incarnationId === registration.incarnationId) return { records: [], result: success }
  const record: RegisterBrokerRecord = { kind: 'registerBroker', ...registration, fenced: true }
  return { records: [record, ...withdraw(context, registration.brokerId, !registration.clean)], result: success }
}

function epochProblem(context: CommandContext, brokerId: number, brokerEpoch: number): ItemResult | null {
  const present = context.image.broker(brokerId)
  if (present === undefined) return failure(Errors.BROKER_ID_NOT_REGISTERED, `Broker ID ${brokerId} is not registered.`)
  if (present.epoch === brokerEpoch) return null
  return failure(
    Errors.STALE_BROKER_EPOCH,
    `Expected broker epoch ${present.epoch} for broker ${brokerId}, got ${brokerEpoch}.`,
  )
}

/** The broker has its logs open and may lead. Asked twice it does nothing. */
export function unfenceBroker(context: CommandContext, brokerId: number, brokerEpoch: number): Outcome<ItemResult> {
  const problem = epochProblem(context, brokerId, brokerEpoch)
  if (problem !== null) return { records: [], result: problem }
  if (context.image.isActive(brokerId)) return { records: [], result: success }
  return { records: [{ kind: 'unfenceBroker', brokerId, brokerEpoch }, ...welcome(context, brokerId)], result: success }
}

/** The broker is silent or about to stop: its leaders move away before anything else. */
export function fenceBroker(context: CommandContext, brokerId: number, brokerEpoch: number): Outcome<ItemResult> {
  const problem = epochProblem(context, brokerId, brokerEpoch)
  if (problem !== null) return { records: [], result: problem }
  if (!context.image.isActive(brokerId)) return { records: [], result: success }
  const records = [{ kind: 'fenceBroker', brokerId, brokerEpoch } as const, ...withdraw(context, brokerId, false)]
  return { records, result: success }
}
