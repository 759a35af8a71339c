/**
 * Metadata (key 3). Versions 0 to 13. 0: an empty list is all topics (W6); 1: null is all, empty is none, and rack,
 * controller, internal flag; 2: cluster id; 4: auto-creation flag (W22); 5: offline replicas; 7: leader epochs; 8:
 * authorized operations; 10: topic ids in answers (KIP-516); 11: no cluster operations (KIP-700); 12: asking by id; 13:
 * top-level error.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { Metadata } from '../../proto/kafka/generated/apis.ts'
import type {
  MetadataRequest,
  MetadataResponse,
  MetadataResponsePartition,
  MetadataResponseTopic,
} from '../../proto/kafka/generated/03-metadata.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { isInternalTopic, METADATA_TOPIC } from '../controller/names.ts'
import type { TopicView } from '../controller/view.ts'
import type { Services } from '../services.ts'
import type { Handler, RequestContext } from './handler.ts'
import { CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS } from './topics/authorized-operations.ts'
import { absentTopicError, autoCreateTopics } from './topics/auto-create.ts'
import { describedPartitions } from './topics/described-partitions.ts'
import { shownController } from './topics/shown-controller.ts'

/** The first version that may ask by id. */
const BY_ID_SINCE = 12

export const metadataHandler: Handler<MetadataRequest, MetadataResponse> = {
  api: Metadata,
  handle(request, context, services) {
    const { apiVersion } = context
    const { topics } = request
    if (topics === null || (apiVersion === 0 && topics.length === 0)) {
      const all = [...services.metadata.topics()].map((topic) => describeTopic(topic, request, context, services))
      return answer(all, request, context, services)
    }
    if (apiVersion < BY_ID_SINCE && topics.some(({ name, topicId }) => name === null || topicId !== ZERO_UUID)) {
      return context.reply(invalidRequest(request))
    }
    if (topics.some(({ name, topicId }) => name === null && topicId === ZERO_UUID)) {
      return context.reply(invalidRequest(request))
    }
    const ids = new Set(topics.map(({ topicId }) => topicId).filter((id) => id !== ZERO_UUID))
    if (ids.size > 0) return answerByIds(ids, request, context, services)
    const names = [...new Set(topics.map(({ name }) => name).filter((name) => name !== null))]
    const creates = request.allowAutoTopicCreation && services.config.properties['auto.create.topics.enable']
    const missing = creates ? names.filter((name) => canBeCreated(name, services)) : []
    if (missing.length === 0) return answerByNames(names, request, context, services)
    autoCreateTopics(missing, services, () => answerByNames(names, request, context, services))
  },
}

function canBeCreated(name: string, { metadata }: Services): boolean {
  const absent = metadata.topic(name) === undefined && name !== METADATA_TOPIC
  return absent && absentTopicError(name) === Errors.UNKNOWN_TOPIC_OR_PARTITION
}

function answerByNames(
  names: readonly string[],
  request: MetadataRequest,
  context: RequestContext<MetadataResponse>,
  services: Services,
): void {
  const known = names.map((name) => services.metadata.topic(name)).filter((topic) => topic !== undefined)
  const absent = names.filter((name) => services.metadata.topic(name) === undefined)
  answer(
    [
      ...known.map((topic) => describeTopic(topic, request, context, services)),
      ...absent.map((name) => absentTopic(absentTopicError(name), name, ZERO_UUID, request, context)),
    ],
    request,
    context,
    services,
  )
}

/** Once one topic is asked for by id, names are not looked at. */
function answerByIds(
  ids: ReadonlySet<string>,
  request: MetadataRequest,
  context: RequestContext<MetadataResponse>,
  services: Services,
): void {
  const known = [...ids].map((id) => services.metadata.topicById(id)).filter((topic) => topic !== undefined)
  const unknown = [...ids].filter((id) => services.metadata.topicById(id) === undefined)
  answer(
    [
      ...unknown.map((id) => absentTopic(Errors.UNKNOWN_TOPIC_ID, null, id, request, context)),
      ...known.map((topic) => describeTopic(topic, request, context, services)),
    ],
    request,
    context,
    services,
  )
}

function topicOperations(request: MetadataRequest, apiVersion: number): number {
  return apiVersion >= 8 && request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED
}

function absentTopic(
  errorCode: number,
  name: string | null,
  topicId: string,
  request: MetadataRequest,
  { apiVersion }: RequestContext<MetadataResponse>,
): MetadataResponseTopic {
  return {
    errorCode,
    name,
    topicId,
    isInternal: name !== null && isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: name === null ? NOT_ASKED : topicOperations(request, apiVersion),
  }
}

function describeTopic(
  topic: TopicView,
  request: MetadataRequest,
  { apiVersion }: RequestContext<MetadataResponse>,
  { metadata }: Services,
): MetadataResponseTopic {
  const described = describedPartitions(topic, metadata)
  return {
    errorCode: Errors.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.isInternal,
    partitions: apiVersion > 0 ? described : described.map(withoutOffline),
    topicAuthorizedOperations: topicOperations(request, apiVersion),
  }
}

/** W6: the oldest clients take a listed replica for a live one. */
function withoutOffline(partition: MetadataResponsePartition): MetadataResponsePartition {
  const reachable = (ids: readonly number[]) => ids.filter((id) => !partition.offlineReplicas.includes(id))
  return { ...partition, replicaNodes: reachable(partition.replicaNodes), isrNodes: reachable(partition.isrNodes) }
}

function emptyResponse(): MetadataResponse {
  return {
    throttleTimeMs: 0,
    brokers: [],
    clusterId: null,
    controllerId: -1,
    topics: [],
    clusterAuthorizedOperations: NOT_ASKED,
    errorCode: Errors.NONE,
  }
}

/** Before version 13 there is no top-level error: each topic asked for carries it. */
function invalidRequest(request: MetadataRequest): MetadataResponse {
  const topics = (request.topics ?? []).map(({ name, topicId }) => ({
    errorCode: Errors.INVALID_REQUEST,
    name: name ?? '',
    topicId,
    isInternal: false,
    partitions: [],
    topicAuthorizedOperations: NOT_ASKED,
  }))
  return { ...emptyResponse(), topics, errorCode: Errors.INVALID_REQUEST }
}

function answer(
  topics: MetadataResponseTopic[],
  request: MetadataRequest,
  context: RequestContext<MetadataResponse>,
  { metadata, nodeId }: Services,
): void {
  const { apiVersion } = context
  const alive = metadata.brokers().filter((broker) => !broker.fenced)
  const asked = apiVersion >= 8 && apiVersion <= 10 && request.includeClusterAuthorizedOperations
  context.reply({
    ...emptyResponse(),
    brokers: alive.map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack })),
    clusterId: metadata.clusterId,
    controllerId: shownController(metadata, nodeId),
    topics,
    clusterAuthorizedOperations: asked ? CLUSTER_OPERATIONS : NOT_ASKED,
  })
}
