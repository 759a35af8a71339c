/** The offset APIs over a real socket, at the versions where the answer changes its shape. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { DeleteGroups, FindCoordinator, Heartbeat, OffsetDelete } from '../../../proto/kafka/generated/apis.ts'
import type { OffsetCommitRequest } from '../../../proto/kafka/generated/08-offset-commit.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { type Cluster, startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'
import { commit, fetchMany, fetchOne, newGroup, offsetOf, stableGroup } from './group-requests.ts'

let cluster: Cluster
let client: RawClient
let topicId: string

beforeAll(async () => {
  cluster = await startCluster({ topics: [{ name: 't', partitions: 2 }, 'u'] })
  client = await RawClient.connect(cluster.bootstrap)
  topicId = cluster.brokers[0]?.services.metadata.topic('t')?.id ?? ''
})

afterAll(async () => {
  await client.close()
  await cluster.close()
})

const OTHER_ID = 'BBBBBBBBBBBBBBBBBBBBBA'

describe('OffsetCommit and OffsetFetch', () => {
  it.each([2, 3, 4, 5, 6, 7, 8, 9])('W20 v%i: metadata comes back as it was sent', async (version) => {
    const groupId = await newGroup(client)
    const topics = [{ name: 't', topicId: ZERO_UUID, partitions: [offsetOf(0, 42, 'héllo 🙂'), offsetOf(1, 7)] }]
    expect(await commit(client, groupId, version, topics)).toMatchObject([
      {
        name: 't',
        partitions: [
          { partitionIndex: 0, errorCode: Errors.NONE },
          { partitionIndex: 1, errorCode: Errors.NONE },
        ],
      },
    ])
    const committedLeaderEpoch = version >= 6 ? 3 : -1
    expect((await fetchOne(client, groupId, 5, [{ name: 't', partitionIndexes: [1, 0] }])).topics).toMatchObject([
      {
        name: 't',
        partitions: [
          { partitionIndex: 1, committedOffset: 7, committedLeaderEpoch, metadata: '', errorCode: Errors.NONE },
          {
            partitionIndex: 0,
            committedOffset: 42,
            committedLeaderEpoch,
            metadata: 'héllo 🙂',
            errorCode: Errors.NONE,
          },
        ],
      },
    ])
  })

  it('W20: metadata over 4096 characters is OFFSET_METADATA_TOO_LARGE; the other offsets are stored', async () => {
    const groupId = await newGroup(client)
    const partitions = [offsetOf(0, 1, 'x'.repeat(4097)), offsetOf(1, 2, '🙂'.repeat(2048))]
    expect(await commit(client, groupId, 9, [{ name: 't', topicId, partitions }])).toMatchObject([
      {
        partitions: [
          { partitionIndex: 0, errorCode: Errors.OFFSET_METADATA_TOO_LARGE },
          { partitionIndex: 1, errorCode: Errors.NONE },
        ],
      },
    ])
    expect((await fetchOne(client, groupId, 2, null)).topics).toMatchObject([
      { partitions: [{ partitionIndex: 1, metadata: '🙂'.repeat(2048) }] },
    ])
  })

  it('answer UNKNOWN_TOPIC_OR_PARTITION for what does not exist, before what does', async () => {
    const groupId = await newGroup(client)
    const topics = [
      { name: 't', topicId: ZERO_UUID, partitions: [offsetOf(0, 1), offsetOf(9, 1)] },
      { name: 'nope', topicId: ZERO_UUID, partitions: [offsetOf(0, 1)] },
      { name: 'u', topicId: ZERO_UUID, partitions: [offsetOf(0, 1)] },
    ]
    expect(await commit(client, groupId, 9, topics)).toMatchObject([
      {
        name: 't',
        partitions: [
          { partitionIndex: 9, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION },
          { partitionIndex: 0, errorCode: Errors.NONE },
        ],
      },
      { name: 'nope', partitions: [{ partitionIndex: 0, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }] },
      { name: 'u', partitions: [{ partitionIndex: 0, errorCode: Errors.NONE }] },
    ])
  })

  it('v10 name topics by id; an unknown id is UNKNOWN_TOPIC_ID', async () => {
    const groupId = await newGroup(client)
    const topics = [
      { name: '', topicId: OTHER_ID, partitions: [offsetOf(0, 1)] },
      { name: '', topicId, partitions: [offsetOf(0, 5)] },
    ]
    expect(await commit(client, groupId, 10, topics)).toMatchObject([
      { topicId: OTHER_ID, partitions: [{ partitionIndex: 0, errorCode: Errors.UNKNOWN_TOPIC_ID }] },
      { topicId, partitions: [{ partitionIndex: 0, errorCode: Errors.NONE }] },
    ])
    const wanted = [OTHER_ID, topicId].map((id) => ({ name: '', topicId: id, partitionIndexes: [0] }))
    const none = { memberId: null, memberEpoch: -1 }
    expect(
      await fetchMany(client, 10, [
        { groupId, ...none, topics: wanted },
        { groupId, ...none, topics: null },
      ]),
    ).toMatchObject([
      {
        topics: [
          { topicId, partitions: [{ committedOffset: 5, errorCode: Errors.NONE }] },
          { topicId: OTHER_ID, partitions: [{ committedOffset: -1, errorCode: Errors.UNKNOWN_TOPIC_ID }] },
        ],
      },
      { topics: [{ topicId, partitions: [{ partitionIndex: 0, committedOffset: 5 }] }] },
    ])
  })

  it('v8 fetch many groups at once', async () => {
    const [one, two] = [await newGroup(client), await newGroup(client)]
    await commit(client, one, 9, [{ name: 't', topicId, partitions: [offsetOf(0, 1)] }])
    const none = { memberId: null, memberEpoch: -1 }
    const wanted = [{ name: 't', topicId, partitionIndexes: [0] }]
    const fetched = await fetchMany(client, 8, [
      { groupId: two, ...none, topics: wanted },
      { groupId: one, ...none, topics: wanted },
      { groupId: two, ...none, topics: null },
    ])
    expect(fetched).toMatchObject([
      { groupId: two, errorCode: Errors.NONE, topics: [{ name: 't', partitions: [{ committedOffset: -1 }] }] },
      { groupId: one, errorCode: Errors.NONE, topics: [{ name: 't', partitions: [{ committedOffset: 1 }] }] },
      { groupId: two, errorCode: Errors.NONE, topics: [] },
    ])
    expect(await fetchMany(client, 9, [])).toEqual([])
  })

  it('v1 has no error of its own: each partition carries it; from v2 the group does', async () => {
    const groupId = 'x'.repeat(5000)
    const wanted = [{ name: 't', partitionIndexes: [0, 1] }]
    const failed = { committedOffset: -1, metadata: '', errorCode: Errors.INVALID_GROUP_ID }
    expect(await fetchOne(client, groupId, 1, wanted)).toMatchObject({
      topics: [{ name: 't', partitions: [failed, failed] }],
    })
    expect(await fetchOne(client, groupId, 2, wanted)).toMatchObject({ topics: [], errorCode: Errors.INVALID_GROUP_ID })
  })

  it('of a group that has members are the members business', async () => {
    const { groupId, generationId, memberId } = await stableGroup(client)
    const topics = [{ name: 't', topicId, partitions: [offsetOf(0, 1)] }]
    const error = async (changes: Partial<OffsetCommitRequest>) =>
      (await commit(client, groupId, 9, topics, changes))[0]?.partitions[0]?.errorCode
    expect(await error({})).toBe(Errors.UNKNOWN_MEMBER_ID)
    expect(await error({ memberId, generationIdOrMemberEpoch: generationId - 1 })).toBe(Errors.ILLEGAL_GENERATION)
    expect(await error({ memberId, generationIdOrMemberEpoch: generationId, groupInstanceId: 'i' })).toBe(
      Errors.UNKNOWN_MEMBER_ID,
    )
    expect(await error({ memberId, generationIdOrMemberEpoch: generationId })).toBe(Errors.NONE)
  })
})

describe('DeleteGroups and OffsetDelete', () => {
  it('delete empty groups only, and answer once for a name that comes twice', async () => {
    const { groupId } = await stableGroup(client)
    const empty = await newGroup(client)
    await commit(client, empty, 9, [{ name: 't', topicId, partitions: [offsetOf(0, 1)] }])
    const groupsNames = [groupId, empty, 'nope', empty]
    expect((await client.request(DeleteGroups, 2, { groupsNames })).results).toEqual([
      { groupId, errorCode: Errors.NON_EMPTY_GROUP },
      { groupId: empty, errorCode: Errors.NONE },
      { groupId: 'nope', errorCode: Errors.GROUP_ID_NOT_FOUND },
    ])
    expect((await fetchOne(client, empty, 2, null)).topics).toEqual([])
  })

  it('delete no offsets of topics that the group is subscribed to, nor of topics that do not exist', async () => {
    const { groupId, memberId, generationId } = await stableGroup(client)
    const member = { memberId, generationIdOrMemberEpoch: generationId }
    await commit(
      client,
      groupId,
      9,
      [
        { name: 't', topicId, partitions: [offsetOf(0, 1)] },
        { name: 'u', topicId, partitions: [offsetOf(0, 1)] },
      ],
      member,
    )
    const topics = ['t', 'u', 'nope'].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }))
    const deleted = await client.request(OffsetDelete, 0, { groupId, topics })
    expect(deleted.errorCode).toBe(Errors.NONE)
    const errors = Object.fromEntries(deleted.topics.map(({ name, partitions }) => [name, partitions[0]?.errorCode]))
    expect(errors).toEqual({
      t: Errors.GROUP_SUBSCRIBED_TO_TOPIC,
      u: Errors.NONE,
      nope: Errors.UNKNOWN_TOPIC_OR_PARTITION,
    })
    expect((await fetchOne(client, groupId, 2, null)).topics.map(({ name }) => name)).toEqual(['t'])
    const unknown = await client.request(OffsetDelete, 0, { groupId: 'nope', topics })
    expect(unknown).toMatchObject({ errorCode: Errors.GROUP_ID_NOT_FOUND, topics: [] })
  })
})

describe('a broker that is killed and started again', () => {
  it('has every offset it acknowledged, and the group goes on in its generation', async () => {
    const other = await startCluster({ topics: ['t'] })
    const before = await RawClient.connect(other.bootstrap)
    const { groupId, memberId, generationId } = await stableGroup(before)
    const member = { memberId, generationIdOrMemberEpoch: generationId }
    for (let offset = 1; offset <= 20; offset += 1) {
      const partitions = [offsetOf(0, offset, `m${offset}`)]
      await commit(before, groupId, 9, [{ name: 't', topicId: ZERO_UUID, partitions }], member)
    }
    await other.faults.kill()
    await other.faults.restart()
    const after = await RawClient.connect(other.bootstrap)
    await after.request(FindCoordinator, 3, { key: groupId, keyType: 0, coordinatorKeys: [] })
    expect((await fetchOne(after, groupId, 5, null)).topics).toMatchObject([
      { name: 't', partitions: [{ committedOffset: 20, metadata: 'm20', committedLeaderEpoch: 3 }] },
    ])
    const heartbeat = { groupId, generationId, memberId, groupInstanceId: null }
    expect((await after.request(Heartbeat, 4, heartbeat)).errorCode).toBe(Errors.NONE)
    await after.close()
    await other.close()
  })
})
