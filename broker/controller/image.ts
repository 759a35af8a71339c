/**
 * The metadata as of one offset of the metadata log: records in, views and deltas out. Views that were handed out never
 * change; a batch of records replaces the ones it touches. Nothing but `apply` changes an image.
 */
import type {
  FeatureRange,
  MetadataRecord,
  PartitionChangeRecord,
  PartitionRecord,
  RegisterBrokerRecord,
} from '../../proto/cluster.ts'
import { DeltaBuilder, imageDifference } from './delta.ts'
import { METADATA_VERSION, METADATA_VERSION_NEWEST } from './metadata-version.ts'
import { collisionKey, isInternalTopic } from './names.ts'
import type { BrokerView, MetadataDelta, MetadataView, PartitionView, TopicView } from './view.ts'

/** Kafka's ConfigResource.Type codes. */
export const ResourceType = { TOPIC: 2, BROKER: 4 } as const

/** A registered broker as the controller knows it. */
export interface BrokerRegistration extends BrokerView {
  readonly incarnationId: string
  readonly directoryId: string
  readonly clean: boolean
  /** Feature levels it understands. */
  readonly features: readonly FeatureRange[]
}

/** A record that cannot follow the ones before it: the log is damaged, or this code is. Never skipped. */
export class MetadataImageError extends Error {
  override readonly name = 'MetadataImageError'
}

/** A topic under construction; frozen by convention once its batch is applied. */
interface Draft extends TopicView {
  readonly partitions: PartitionView[]
  configs: ReadonlyMap<string, string>
}

const none: ReadonlyMap<string, string> = new Map()

export class MetadataImage implements MetadataView {
  readonly clusterId: string
  controllerId = -1
  /** Producer ids below this one were handed out. */
  nextProducerId = 0
  private readonly registrations = new Map<number, BrokerRegistration>()
  private readonly byName = new Map<string, TopicView>()
  private readonly byId = new Map<string, TopicView>()
  private readonly collisions = new Map<string, Set<string>>()
  private readonly brokerConfigs = new Map<string, ReadonlyMap<string, string>>()
  private readonly featureLevels = new Map<string, number>()
  private sortedBrokers: readonly BrokerRegistration[] | null = null
  /** Topics that the batch being applied has replaced already. */
  private drafts = new Map<string, Draft>()
  private delta = new DeltaBuilder()

  constructor(clusterId: string) {
    this.clusterId = clusterId
  }

  /** An independent copy; the views are shared, they never change. */
  clone(): MetadataImage {
    const copy = new MetadataImage(this.clusterId)
    copy.controllerId = this.controllerId
    copy.nextProducerId = this.nextProducerId
    for (const [id, registration] of this.registrations) copy.registrations.set(id, registration)
    for (const [name, topic] of this.byName) copy.byName.set(name, topic)
    for (const [id, topic] of this.byId) copy.byId.set(id, topic)
    for (const [key, names] of this.collisions) copy.collisions.set(key, new Set(names))
    for (const [name, configs] of this.brokerConfigs) copy.brokerConfigs.set(name, configs)
    for (const [name, level] of this.featureLevels) copy.featureLevels.set(name, level)
    return copy
  }

  brokers(): readonly BrokerRegistration[] {
    this.sortedBrokers ??= [...this.registrations.values()].sort((a, b) => a.id - b.id)
    return this.sortedBrokers
  }

  broker(id: number): BrokerRegistration | undefined {
    return this.registrations.get(id)
  }

  /** Registered, not fenced, and not about to stop: may lead, may join an ISR. */
  isActive(id: number): boolean {
    const registration = this.registrations.get(id)
    return registration !== undefined && !registration.fenced && !registration.inControlledShutdown
  }

  topic(name: string): TopicView | undefined {
    return this.byName.get(name)
  }

  topicById(id: string): TopicView | undefined {
    return this.byId.get(id)
  }

  topics(): Iterable<TopicView> {
    return this.byName.values()
  }

  get topicCount(): number {
    return this.byName.size
  }

  brokerConfig(nodeId: string): ReadonlyMap<string, string> {
    return this.brokerConfigs.get(nodeId) ?? none
  }

  /** Whose brokers' configs there are; `''` stands for all of them. */
  configuredBrokers(): Iterable<string> {
    return this.brokerConfigs.keys()
  }

  features(): ReadonlyMap<string, number> {
    return this.featureLevels
  }

  /** Holds from now on what `other` holds, but for the controller. Returns what is different. */
  become(other: MetadataImage): MetadataDelta {
    const delta = imageDifference(this, other)
    this.nextProducerId = other.nextProducerId
    this.sortedBrokers = null
    refill(this.registrations, other.registrations)
    refill(this.byName, other.byName)
    refill(this.byId, other.byId)
    refill(this.collisions, other.collisions)
    refill(this.brokerConfigs, other.brokerConfigs)
    refill(this.featureLevels, other.featureLevels)
    return delta
  }

  /** An existing topic whose name clashes with `name` (itself included); undefined when there is none. */
  collidingTopic(name: string): string | undefined {
    const key = collisionKey(name)
    return key === null ? undefined : this.collisions.get(key)?.values().next().value
  }

  /** Applies one batch; the record at index i has offset `baseOffset + i`. Throws MetadataImageError. */
  apply(records: readonly MetadataRecord[], baseOffset: number): MetadataDelta {
    this.drafts = new Map()
    this.delta = new DeltaBuilder()
    records.forEach((record, index) => this.applyRecord(record, baseOffset + index))
    return this.delta.build((id) => this.byId.get(id))
  }

  private applyRecord(record: MetadataRecord, offset: number): void {
    switch (record.kind) {
      case 'leaderChange':
      case 'noOp':
      case 'voters':
        return
      case 'registerBroker':
        return this.register(record, offset)
      case 'unregisterBroker':
        this.registrations.delete(this.registered(record).id)
        return this.brokersTouched()
      case 'fenceBroker':
        return this.changeBroker(record, { fenced: true, inControlledShutdown: false })
      case 'unfenceBroker':
        return this.changeBroker(record, { fenced: false })
      case 'shutDownBroker':
        return this.changeBroker(record, { inControlledShutdown: true })
      case 'topic':
        return this.addTopic(record.name, record.topicId)
      case 'partition':
        return this.addPartition(record)
      case 'partitionChange':
        return this.changePartition(record)
      case 'removeTopic':
        return this.removeTopic(record.topicId)
      case 'config':
        return this.setConfig(record.resourceType, record.resourceName, record.name, record.value)
      case 'producerIds':
        this.nextProducerId = record.nextProducerId
        return
      case 'featureLevel':
        return this.setFeature(record.name, record.level)
    }
  }

  private changeBroker(
    ref: { readonly brokerId: number; readonly brokerEpoch: number },
    change: { readonly fenced?: boolean; readonly inControlledShutdown?: boolean },
  ): void {
    const registration = this.registered(ref)
    this.registrations.set(registration.id, { ...registration, ...change })
    this.brokersTouched()
  }

  private brokersTouched(): void {
    this.sortedBrokers = null
    this.delta.brokers()
  }

  private register(record: RegisterBrokerRecord, offset: number): void {
    this.registrations.set(record.brokerId, {
      id: record.brokerId,
      epoch: record.brokerEpoch ?? offset,
      host: record.host,
      port: record.port,
      rack: record.rack,
      fenced: record.fenced,
      inControlledShutdown: false,
      peerHost: record.peerHost,
      peerPort: record.peerPort,
      features: record.features,
      incarnationId: record.incarnationId,
      directoryId: record.directoryId,
      clean: record.clean,
    })
    this.brokersTouched()
  }

  private registered(ref: { readonly brokerId: number; readonly brokerEpoch: number }): BrokerRegistration {
    const registration = this.registrations.get(ref.brokerId)
    if (registration?.epoch !== ref.brokerEpoch) {
      throw new MetadataImageError(`broker ${ref.brokerId} is not registered with epoch ${ref.brokerEpoch}`)
    }
    return registration
  }

  /** The topic as a draft of this batch: copied once, then changed in place until the batch is applied. */
  private draft(topicId: string): Draft {
    const existing = this.drafts.get(topicId)
    if (existing !== undefined) return existing
    const topic = this.byId.get(topicId)
    if (topic === undefined) throw new MetadataImageError(`no topic with id ${topicId}`)
    const draft: Draft = { ...topic, partitions: [...topic.partitions], configs: topic.configs }
    this.install(draft)
    this.delta.changed(topicId)
    return draft
  }

  private install(draft: Draft): void {
    this.drafts.set(draft.id, draft)
    this.byId.set(draft.id, draft)
    this.byName.set(draft.name, draft)
  }

  private addTopic(name: string, id: string): void {
    if (this.byName.has(name) || this.byId.has(id)) throw new MetadataImageError(`topic ${name} (${id}) exists`)
    this.install({ id, name, isInternal: isInternalTopic(name), partitions: [], configs: none })
    this.delta.created(id)
    const key = collisionKey(name)
    if (key === null) return
    const names = this.collisions.get(key)
    if (names === undefined) this.collisions.set(key, new Set([name]))
    else names.add(name)
  }

  private addPartition(record: PartitionRecord): void {
    const { partitions, name } = this.draft(record.topicId)
    if (record.partition !== partitions.length) {
      throw new MetadataImageError(`partition ${record.partition} of ${name} follows ${partitions.length} others`)
    }
    const { kind: _kind, topicId: _topicId, partition: index, ...state } = record
    partitions.push({ index, ...state })
  }

  private changePartition(record: PartitionChangeRecord): void {
    const { partitions, name } = this.draft(record.topicId)
    const before = partitions[record.partition]
    if (before === undefined) throw new MetadataImageError(`no partition ${record.partition} of ${name}`)
    partitions[record.partition] = {
      index: before.index,
      leader: record.leader ?? before.leader,
      leaderEpoch: before.leaderEpoch + (record.leader === null ? 0 : 1),
      partitionEpoch: before.partitionEpoch + 1,
      replicas: record.replicas?.ids ?? before.replicas,
      isr: record.isr?.ids ?? before.isr,
      elr: record.elr?.ids ?? before.elr,
      lastKnownElr: record.lastKnownElr?.ids ?? before.lastKnownElr,
      addingReplicas: record.addingReplicas?.ids ?? before.addingReplicas,
      removingReplicas: record.removingReplicas?.ids ?? before.removingReplicas,
      electedAs: record.electedAs ?? before.electedAs,
    }
  }

  private removeTopic(topicId: string): void {
    const topic = this.byId.get(topicId)
    if (topic === undefined) throw new MetadataImageError(`no topic with id ${topicId}`)
    this.delta.deleted(topic)
    this.drafts.delete(topicId)
    this.byId.delete(topicId)
    this.byName.delete(topic.name)
    const key = collisionKey(topic.name)
    if (key === null) return
    const names = this.collisions.get(key)
    names?.delete(topic.name)
    if (names?.size === 0) this.collisions.delete(key)
  }

  private setFeature(name: string, level: number): void {
    if (name === METADATA_VERSION && level > METADATA_VERSION_NEWEST) {
      const own = `is newer than this program, which understands ${METADATA_VERSION_NEWEST}`
      throw new MetadataImageError(`${METADATA_VERSION} ${level} ${own}; start the version that raised it`)
    }
    if (level === 0) this.featureLevels.delete(name)
    else this.featureLevels.set(name, level)
  }

  private setConfig(resourceType: number, resourceName: string, name: string, value: string | null): void {
    if (resourceType === ResourceType.TOPIC) {
      const topic = this.byName.get(resourceName)
      if (topic === undefined) throw new MetadataImageError(`config of the unknown topic ${resourceName}`)
      const draft = this.draft(topic.id)
      draft.configs = withEntry(draft.configs, name, value)
      return
    }
    if (resourceType !== ResourceType.BROKER) throw new MetadataImageError(`config of resource type ${resourceType}`)
    this.brokerConfigs.set(resourceName, withEntry(this.brokerConfig(resourceName), name, value))
    this.delta.brokerConfigs()
  }
}

function refill<Key, Value>(into: Map<Key, Value>, from: ReadonlyMap<Key, Value>): void {
  into.clear()
  for (const [key, value] of from) into.set(key, value)
}

function withEntry(map: ReadonlyMap<string, string>, name: string, value: string | null): ReadonlyMap<string, string> {
  const copy = new Map(map)
  if (value === null) copy.delete(name)
  else copy.set(name, value)
  return copy
}
