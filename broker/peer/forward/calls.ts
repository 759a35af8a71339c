/**
 * What a broker forwards to the active controller: each call of `ControllerApi` as the Kafka request that it stands for, and
 * its answer back. Versions are fixed, so that brokers of different releases understand each other.
 */
import type { Api } from '../../../proto/kafka/api.ts'
import {
  AlterConfigs,
  AlterPartitionReassignments,
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  ElectLeaders,
  IncrementalAlterConfigs,
  UnregisterBroker,
  UpdateFeatures,
} from '../../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { ConfigSource } from '../../config/effective.ts'
import type {
  ConfigChange,
  ConfigOperation,
  FeatureUpdate,
  ItemResult,
  NewPartitions,
  NewTopic,
  NewTopicResult,
  PartitionRef,
  Reassignment,
  TopicRef,
} from '../../controller/api.ts'
import { Errors } from '../../../proto/kafka/errors.ts'

/** One call on its way. */
export interface ForwardedCall<Req, Res, Result> {
  readonly api: Api<Req, Res>
  readonly version: number
  /** `timeoutMs` is what is left of the time that the call may take. */
  request(timeoutMs: number): Req
  read(response: Res): Result
}

interface Named {
  readonly errorCode: number
  readonly errorMessage: string | null
}

export function itemOf({ errorCode, errorMessage }: Named): ItemResult {
  return { error: errorCode, message: errorMessage }
}

/** Every item has an answer, or the other side is broken. */
const unanswered: ItemResult = {
  error: Errors.UNKNOWN_SERVER_ERROR,
  message: 'the controller did not answer this item',
}

export function createTopicsCall(topics: readonly NewTopic[], validateOnly: boolean) {
  return call(CreateTopics, 7, {
    request: (timeoutMs) => ({
      topics: topics.map(({ name, partitions, replicationFactor, assignments, configs }) => ({
        name,
        numPartitions: partitions,
        replicationFactor,
        assignments: assignments.map(({ partition, brokers }) => ({
          partitionIndex: partition,
          brokerIds: [...brokers],
        })),
        configs: configs.map(({ name: key, value }) => ({ name: key, value })),
      })),
      timeoutMs,
      validateOnly,
    }),
    read: (response): readonly NewTopicResult[] =>
      topics.map(({ name }) => {
        const found = response.topics.find((topic) => topic.name === name)
        const overrides = (found?.configs ?? []).filter(
          (entry) => entry.configSource === ConfigSource.DYNAMIC_TOPIC_CONFIG,
        )
        return {
          ...(found === undefined ? unanswered : itemOf(found)),
          name,
          topicId: found?.topicId ?? ZERO_UUID,
          partitions: found?.numPartitions ?? -1,
          replicationFactor: found?.replicationFactor ?? -1,
          configs: new Map(overrides.map((entry) => [entry.name, entry.value ?? ''])),
        }
      }),
  })
}

export function deleteTopicsCall(topics: readonly TopicRef[]) {
  return call(DeleteTopics, 6, {
    request: (timeoutMs) => ({
      topics: topics.map(({ name, id }) => ({ name, topicId: name === null ? id : ZERO_UUID })),
      topicNames: [],
      timeoutMs,
    }),
    read: ({ responses }): readonly (ItemResult & TopicRef)[] =>
      topics.map((ref) => {
        const found = responses.find(({ name, topicId }) =>
          ref.name === null ? topicId === ref.id : name === ref.name,
        )
        if (found === undefined) return { ...ref, ...unanswered }
        return { name: found.name, id: found.topicId, ...itemOf(found) }
      }),
  })
}

export function createPartitionsCall(changes: readonly NewPartitions[], validateOnly: boolean) {
  return call(CreatePartitions, 3, {
    request: (timeoutMs) => ({
      topics: changes.map(({ name, count, assignments }) => ({
        name,
        count,
        assignments: assignments?.map((brokers) => ({ brokerIds: [...brokers] })) ?? null,
      })),
      timeoutMs,
      validateOnly,
    }),
    read: ({ results }): readonly (ItemResult & { readonly name: string })[] =>
      changes.map(({ name }) => {
        const found = results.find((result) => result.name === name)
        return { name, ...(found === undefined ? unanswered : itemOf(found)) }
      }),
  })
}

/** Kafka's AlterConfigOp codes. */
const operationCodes: Readonly<Record<ConfigOperation, number>> = { set: 0, delete: 1, append: 2, subtract: 3 }

function alteredResults(changes: readonly ConfigChange[], responses: readonly (Named & Resource)[]): ItemResult[] {
  return changes.map(({ resourceType, resourceName }) => {
    const found = responses.find((other) => other.resourceType === resourceType && other.resourceName === resourceName)
    return found === undefined ? unanswered : itemOf(found)
  })
}

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

/** Changes that add to what is there, or take from it. */
export function incrementalAlterConfigsCall(changes: readonly ConfigChange[], validateOnly: boolean) {
  return call(IncrementalAlterConfigs, 1, {
    request: () => ({
      resources: changes.map(({ resourceType, resourceName, operations }) => ({
        resourceType,
        resourceName,
        configs: operations.map(({ name, op, value }) => ({ name, configOperation: operationCodes[op], value })),
      })),
      validateOnly,
    }),
    read: ({ responses }): readonly ItemResult[] => alteredResults(changes, responses),
  })
}

/** Changes that replace all there is. */
export function alterConfigsCall(changes: readonly ConfigChange[], validateOnly: boolean) {
  return call(AlterConfigs, 2, {
    request: () => ({
      resources: changes.map(({ resourceType, resourceName, operations }) => ({
        resourceType,
        resourceName,
        configs: operations.map(({ name, value }) => ({ name, value })),
      })),
      validateOnly,
    }),
    read: ({ responses }): readonly ItemResult[] => alteredResults(changes, responses),
  })
}

const PREFERRED = 0
const UNCLEAN = 1

export function electLeadersCall(partitions: readonly PartitionRef[] | null, unclean: boolean) {
  return call(ElectLeaders, 2, {
    request: (timeoutMs) => ({
      electionType: unclean ? UNCLEAN : PREFERRED,
      topicPartitions:
        partitions === null
          ? null
          : [...byTopic(partitions, ({ partition }) => partition)].map(([topic, indexes]) => ({
              topic,
              partitions: indexes,
            })),
      timeoutMs,
    }),
    read: ({ replicaElectionResults }): readonly (ItemResult & PartitionRef)[] => {
      const told = replicaElectionResults.flatMap(({ topic, partitionResult }) =>
        partitionResult.map((result) => ({ topic, partition: result.partitionId, ...itemOf(result) })),
      )
      return partitions === null ? told : inOrder(partitions, told)
    },
  })
}

export function reassignPartitionsCall(items: readonly Reassignment[], allowReplicationFactorChange: boolean) {
  return call(AlterPartitionReassignments, 1, {
    request: (timeoutMs) => ({
      timeoutMs,
      allowReplicationFactorChange,
      topics: [...byTopic(items, (item) => item)].map(([name, moves]) => ({
        name,
        partitions: moves.map(({ partition, replicas }) => ({
          partitionIndex: partition,
          replicas: replicas === null ? null : [...replicas],
        })),
      })),
    }),
    read: ({ responses }): readonly (ItemResult & PartitionRef)[] => {
      const told = responses.flatMap(({ name, partitions }) =>
        partitions.map((result) => ({ topic: name, partition: result.partitionIndex, ...itemOf(result) })),
      )
      return inOrder(items, told)
    },
  })
}

/** Kafka's FeatureUpdate.UpgradeType codes. */
const upgradeTypeCodes: Readonly<Record<FeatureUpdate['upgradeType'], number>> = {
  unknown: 0,
  upgrade: 1,
  'safe-downgrade': 2,
  'unsafe-downgrade': 3,
}

export function updateFeaturesCall(updates: readonly FeatureUpdate[], validateOnly: boolean) {
  return call(UpdateFeatures, 2, {
    request: (timeoutMs) => ({
      timeoutMs,
      featureUpdates: updates.map(({ name, level, upgradeType }) => ({
        feature: name,
        maxVersionLevel: level,
        allowDowngrade: false,
        upgradeType: upgradeTypeCodes[upgradeType],
      })),
      validateOnly,
    }),
    read: (response): ItemResult => itemOf(response),
  })
}

export function unregisterBrokerCall(brokerId: number) {
  return call(UnregisterBroker, 0, { request: () => ({ brokerId }), read: (response): ItemResult => itemOf(response) })
}

export function call<Req, Res, Result>(
  api: Api<Req, Res>,
  version: number,
  codec: Pick<ForwardedCall<Req, Res, Result>, 'request' | 'read'>,
): ForwardedCall<Req, Res, Result> {
  return { api, version, ...codec }
}

function byTopic<Item extends PartitionRef, Value>(
  items: readonly Item[],
  valueOf: (item: Item) => Value,
): Map<string, Value[]> {
  const topics = new Map<string, Value[]>()
  for (const item of items) {
    const values = topics.get(item.topic) ?? []
    topics.set(item.topic, values)
    values.push(valueOf(item))
  }
  return topics
}

/** Answers come grouped by topic. */
function inOrder(
  asked: readonly PartitionRef[],
  told: readonly (ItemResult & PartitionRef)[],
): (ItemResult & PartitionRef)[] {
  const found = new Map(told.map((result) => [`${result.topic} ${result.partition}`, result]))
  return asked.map(({ topic, partition }) => found.get(`${topic} ${partition}`) ?? { topic, partition, ...unanswered })
}
