import type { FastifyInstance } from 'fastify'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { TopicView } from '../../controller/view.ts'
import type { DescribedGroup, FetchOffsetsResult, ListResult } from '../../groups/api.ts'
import { OFFSETS_TOPIC } from '../../groups/partition.ts'
import type { HttpContext } from '../context.ts'
import * as schemas from '../generated/schemas.ts'
import { kafkaProblem } from '../problem.ts'
import type { GroupDetail, GroupList, GroupParams, TopicDetail, TopicList } from '../schema/admin.ts'
import type { TopicParams } from '../schema/records.ts'
import { problems } from './problems.ts'
import { unknownTopic } from './records.ts'

function detailOf(topic: TopicView, context: HttpContext): TopicDetail {
  return {
    name: topic.name,
    id: topic.id,
    internal: topic.isInternal,
    configs: Object.fromEntries(topic.configs),
    partitions: topic.partitions.map((partition) => {
      const hosted = context.services.partitions.get(topic.name, partition.index)
      return {
        partition: partition.index,
        leader: partition.leader,
        leaderEpoch: partition.leaderEpoch,
        replicas: [...partition.replicas],
        isr: [...partition.isr],
        logStartOffset: hosted?.logStartOffset ?? -1,
        highWatermark: hosted?.highWatermark ?? -1,
        sizeBytes: hosted?.sizeBytes ?? 0,
      }
    }),
  }
}

function addTopicRoutes(app: FastifyInstance, context: HttpContext): void {
  app.route<{ Reply: TopicList }>({
    method: 'GET',
    url: '/v1/topics',
    schema: {
      operationId: 'listTopics',
      summary: 'List topics',
      tags: ['admin'],
      response: { 200: { description: 'By name', ...schemas.TopicList }, ...problems(503) },
    },
    onRequest: context.admission.work,
    handler: async () => {
      const topics = [...context.services.metadata.topics()].map((topic) => ({
        name: topic.name,
        id: topic.id,
        internal: topic.isInternal,
        partitions: topic.partitions.length,
      }))
      return { topics: topics.sort((a, b) => (a.name < b.name ? -1 : 1)) }
    },
  })
  app.route<{ Params: TopicParams; Reply: TopicDetail }>({
    method: 'GET',
    url: '/v1/topics/:topic',
    schema: {
      operationId: 'describeTopic',
      summary: 'Partitions, offsets and configs of a topic',
      tags: ['admin'],
      params: schemas.TopicParams,
      response: { 200: { description: 'The topic', ...schemas.TopicDetail }, ...problems(400, 404, 503) },
    },
    onRequest: context.admission.work,
    handler: async (request) => {
      const topic = context.services.metadata.topic(request.params.topic)
      if (topic === undefined) throw unknownTopic(request.params.topic)
      return detailOf(topic, context)
    },
  })
}

function groupDetail(group: DescribedGroup, committed: FetchOffsetsResult, context: HttpContext): GroupDetail {
  const offsets = committed.topics.flatMap((topic) =>
    topic.partitions.map((partition) => {
      const highWatermark = context.services.partitions.get(topic.topic, partition.partition)?.highWatermark ?? -1
      return {
        topic: topic.topic,
        partition: partition.partition,
        committed: partition.offset,
        highWatermark,
        lag: highWatermark < 0 || partition.offset < 0 ? -1 : Math.max(0, highWatermark - partition.offset),
        metadata: partition.metadata,
      }
    }),
  )
  const members = group.members.map((member) => ({
    memberId: member.memberId,
    instanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
  }))
  return {
    group: group.groupId,
    state: group.state,
    protocolType: group.protocolType,
    protocol: group.protocolName,
    members,
    offsets,
  }
}

function addGroupRoutes(app: FastifyInstance, context: HttpContext): void {
  app.route<{ Reply: GroupList }>({
    method: 'GET',
    url: '/v1/groups',
    schema: {
      operationId: 'listGroups',
      summary: 'List consumer groups',
      tags: ['admin'],
      response: { 200: { description: 'By id', ...schemas.GroupList }, ...problems(503) },
    },
    onRequest: context.admission.work,
    handler: async () => {
      const listed = await new Promise<ListResult>((resolve) =>
        context.services.groups.list({ states: [], types: [] }, resolve),
      )
      if (listed.error !== Errors.NONE) throw kafkaProblem(listed.error)
      const groups = listed.groups.map(({ groupId, protocolType, state, type }) => ({
        group: groupId,
        protocolType,
        state,
        type,
      }))
      return { groups: groups.sort((a, b) => (a.group < b.group ? -1 : 1)) }
    },
  })
  app.route<{ Params: GroupParams; Reply: GroupDetail }>({
    method: 'GET',
    url: '/v1/groups/:group',
    schema: {
      operationId: 'describeGroup',
      summary: 'Members, committed offsets and lag of a group',
      tags: ['admin'],
      params: schemas.GroupParams,
      response: { 200: { description: 'The group', ...schemas.GroupDetail }, ...problems(400, 404, 503) },
    },
    onRequest: context.admission.work,
    handler: async (request) => {
      const groupId = request.params.group
      const [group] = await new Promise<DescribedGroup[]>((resolve) =>
        context.services.groups.describe([groupId], resolve),
      )
      const error = group?.error ?? Errors.GROUP_ID_NOT_FOUND
      // Without the topic that groups are kept in there is nobody to ask, and no group.
      const none = error === Errors.NOT_COORDINATOR && context.services.metadata.topic(OFFSETS_TOPIC) === undefined
      if (group === undefined || error !== Errors.NONE) {
        throw kafkaProblem(none ? Errors.GROUP_ID_NOT_FOUND : error, `group ${groupId}`)
      }
      const committed = await new Promise<FetchOffsetsResult>((resolve) =>
        context.services.groups.fetchOffsets(
          { groupId, memberId: null, memberEpoch: -1, topics: null, requireStable: false },
          resolve,
        ),
      )
      if (committed.error !== Errors.NONE) throw kafkaProblem(committed.error, `group ${groupId}`)
      return groupDetail(group, committed, context)
    },
  })
}

export function addAdminRoutes(app: FastifyInstance, context: HttpContext): void {
  addTopicRoutes(app, context)
  addGroupRoutes(app, context)
}
