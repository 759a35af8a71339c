/** Shapes of the admin, health and error replies. Source of `generated/schemas.ts`; never loaded at run time. */
import { type Static, Type } from 'typebox'
import { NullableString, Placed } from './records.ts'

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'about:blank, or urn:kafka-error:NAME.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    code: Type.Optional(Type.String({ description: "Kafka's error name." })),
    errorCode: Type.Optional(Type.Integer({ description: "Kafka's error code." })),
    offsets: Type.Optional(
      Type.Array(Placed, {
        description: 'Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged.',
      }),
    ),
  },
  { description: 'RFC 9457 problem details.' },
)
export type Problem = Static<typeof Problem>

export const ClusterDetail = Type.Object({
  clusterId: Type.String(),
  controller: Type.Integer({ description: 'Id of the active controller; -1 when none is known.' }),
  brokers: Type.Array(
    Type.Object({
      id: Type.Integer(),
      host: Type.String(),
      port: Type.Integer(),
      rack: NullableString,
      fenced: Type.Boolean({ description: 'Registered, and not serving.' }),
      leads: Type.Integer({ description: 'Partitions that it leads.' }),
      replicas: Type.Integer({ description: 'Partitions that it keeps, those that it leads included.' }),
      inSync: Type.Integer({ description: 'Of those, the ones it is in sync for.' }),
    }),
  ),
})
export type ClusterDetail = Static<typeof ClusterDetail>

export const TopicSummary = Type.Object({
  name: Type.String(),
  id: Type.String(),
  internal: Type.Boolean(),
  partitions: Type.Integer(),
})

export const TopicList = Type.Object({ topics: Type.Array(TopicSummary) })
export type TopicList = Static<typeof TopicList>

export const TopicDetail = Type.Object({
  name: Type.String(),
  id: Type.String(),
  internal: Type.Boolean(),
  configs: Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'What is set on the topic itself; everything else is the default.',
  }),
  partitions: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      leader: Type.Integer(),
      leaderEpoch: Type.Integer(),
      replicas: Type.Array(Type.Integer()),
      isr: Type.Array(Type.Integer()),
      logStartOffset: Type.Integer(),
      highWatermark: Type.Integer(),
      sizeBytes: Type.Integer(),
    }),
  ),
})
export type TopicDetail = Static<typeof TopicDetail>

export const GroupParams = Type.Object({ group: Type.String({ minLength: 1 }) })
export type GroupParams = Static<typeof GroupParams>

export const GroupList = Type.Object({
  groups: Type.Array(
    Type.Object({ group: Type.String(), protocolType: Type.String(), state: Type.String(), type: Type.String() }),
  ),
})
export type GroupList = Static<typeof GroupList>

export const GroupDetail = Type.Object({
  group: Type.String(),
  state: Type.String(),
  protocolType: Type.String(),
  protocol: Type.String(),
  members: Type.Array(
    Type.Object({
      memberId: Type.String(),
      instanceId: NullableString,
      clientId: Type.String(),
      clientHost: Type.String(),
    }),
  ),
  offsets: Type.Array(
    Type.Object({
      topic: Type.String(),
      partition: Type.Integer(),
      committed: Type.Integer(),
      highWatermark: Type.Integer({ description: '-1 when the partition is not led here.' }),
      lag: Type.Integer({ description: '-1 when unknown.' }),
      metadata: Type.String(),
    }),
  ),
})
export type GroupDetail = Static<typeof GroupDetail>

export const Health = Type.Object({
  status: Type.Enum(['ok', 'unavailable'], { type: 'string' }),
  reason: Type.Optional(Type.String()),
})
export type Health = Static<typeof Health>
