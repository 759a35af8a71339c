/** An image as records: a snapshot. Applied to an empty image they make the same one. */
import type { MetadataRecord } from '../../proto/cluster.ts'
import type { SnapshotId } from '../consensus/messages.ts'
import { type BrokerRegistration, MetadataImage, ResourceType } from './image.ts'
import type { TopicView } from './view.ts'

/** In an order that can be applied. The image must not change meanwhile. */
export function* imageRecords(image: MetadataImage): Generator<MetadataRecord, void, undefined> {
  for (const [name, level] of image.features()) yield { kind: 'featureLevel', name, level }
  for (const broker of image.brokers()) yield* brokerRecords(broker)
  for (const name of image.configuredBrokers()) {
    yield* configRecords(ResourceType.BROKER, name, image.brokerConfig(name))
  }
  for (const topic of image.topics()) yield* topicRecords(topic)
  yield { kind: 'producerIds', brokerId: -1, brokerEpoch: -1, nextProducerId: image.nextProducerId }
}

function* brokerRecords(broker: BrokerRegistration): Generator<MetadataRecord, void, undefined> {
  const { id, epoch, inControlledShutdown, ...registration } = broker
  yield { kind: 'registerBroker', brokerId: id, brokerEpoch: epoch, ...registration }
  if (inControlledShutdown) yield { kind: 'shutDownBroker', brokerId: id, brokerEpoch: epoch }
}

function* topicRecords({ id, name, partitions, configs }: TopicView): Generator<MetadataRecord, void, undefined> {
  yield { kind: 'topic', name, topicId: id }
  for (const { index, ...partition } of partitions)
    yield { kind: 'partition', topicId: id, partition: index, ...partition }
  yield* configRecords(ResourceType.TOPIC, name, configs)
}

function* configRecords(
  resourceType: number,
  resourceName: string,
  configs: ReadonlyMap<string, string>,
): Generator<MetadataRecord, void, undefined> {
  for (const [name, value] of configs) yield { kind: 'config', resourceType, resourceName, name, value }
}

/** The image that a snapshot stands for. Throws MetadataImageError. */
export function imageOf(
  clusterId: string,
  { endOffset }: SnapshotId,
  records: readonly MetadataRecord[],
): MetadataImage {
  const image = new MetadataImage(clusterId)
  image.apply(records, endOffset - records.length)
  return image
}
