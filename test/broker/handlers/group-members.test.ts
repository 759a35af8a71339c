/** The membership APIs over a real socket, at the versions where the answer changes its shape. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import {
  DescribeGroups,
  FindCoordinator,
  Heartbeat,
  LeaveGroup,
  ListGroups,
  SyncGroup,
} from '../../../proto/kafka/generated/apis.ts'
import { type Cluster, startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'
import { subscription } from '../groups/coordinator.ts'
import { join, newGroup, stableGroup } from './group-requests.ts'

let cluster: Cluster
let client: RawClient

beforeAll(async () => {
  cluster = await startCluster({ topics: [{ name: 't', partitions: 2 }, 'u'] })
  client = await RawClient.connect(cluster.bootstrap)
})

afterAll(async () => {
  await client.close()
  await cluster.close()
})

describe('FindCoordinator', () => {
  it('gives one coordinator before version 4, one for each key after', async () => {
    const port = cluster.brokers[0]?.port
    const here = { errorCode: Errors.NONE, nodeId: 1, host: '127.0.0.1', port }
    for (const version of [0, 1, 2, 3]) {
      expect(
        await client.request(FindCoordinator, version, { key: 'g', keyType: 0, coordinatorKeys: [] }),
      ).toMatchObject(here)
    }
    for (const version of [4, 5, 6]) {
      const coordinatorKeys = ['g', 'h', '']
      const { coordinators } = await client.request(FindCoordinator, version, { key: '', keyType: 0, coordinatorKeys })
      expect(coordinators).toMatchObject(coordinatorKeys.map((key) => ({ key, ...here })))
    }
  })

  it('sends transactions to a broker too, and refuses other kinds of keys', async () => {
    const transaction = await client.request(FindCoordinator, 1, { key: 'x', keyType: 1, coordinatorKeys: [] })
    expect(transaction).toMatchObject({ errorCode: Errors.NONE, nodeId: 1 })
    for (const keyType of [2, 9]) {
      const refused = await client.request(FindCoordinator, 4, { key: '', keyType, coordinatorKeys: ['x'] })
      expect(refused.coordinators).toMatchObject([
        { key: 'x', errorCode: Errors.INVALID_REQUEST, nodeId: -1, host: '', port: -1 },
      ])
    }
  })
})

describe('JoinGroup', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'v%i: a newcomer joins, from version 4 with the id it is given',
    async (version) => {
      const groupId = await newGroup(client)
      const first = await join(client, groupId, version)
      expect(first.errorCode).toBe(version >= 4 ? Errors.MEMBER_ID_REQUIRED : Errors.NONE)
      const joined = version >= 4 ? await join(client, groupId, version, { memberId: first.memberId }) : first
      expect(joined).toMatchObject({
        errorCode: Errors.NONE,
        generationId: 1,
        protocolType: version >= 7 ? 'consumer' : null,
        protocolName: 'range',
        leader: first.memberId,
        skipAssignment: false,
        memberId: first.memberId,
        members: [{ memberId: first.memberId, groupInstanceId: null, metadata: subscription('t') }],
      })
      expect(joined.memberId).toMatch(
        /^raw-client-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      )
    },
  )

  it('has no null protocol name before version 7', async () => {
    const refused = { errorCode: Errors.INVALID_SESSION_TIMEOUT, generationId: -1, leader: '', members: [] }
    expect(await join(client, 'g', 6, { sessionTimeoutMs: 1 })).toMatchObject({ ...refused, protocolName: '' })
    expect(await join(client, 'g', 7, { sessionTimeoutMs: 1 })).toMatchObject({ ...refused, protocolName: null })
  })

  it('v9: a static leader that returns is told to skip the assignment', async () => {
    const { groupId, memberId } = await stableGroup(client, 'i')
    const returned = await join(client, groupId, 9, { groupInstanceId: 'i' })
    expect(returned).toMatchObject({ errorCode: Errors.NONE, generationId: 1, skipAssignment: true })
    expect(returned.memberId).not.toBe(memberId)
    expect(returned.members).toMatchObject([{ memberId: returned.memberId, groupInstanceId: 'i' }])
  })
})

describe('SyncGroup and Heartbeat', () => {
  it('v5 must name the protocol, and the right one (KIP-559)', async () => {
    const member = await stableGroup(client)
    const sync = (protocolType: string | null, protocolName: string | null) =>
      client.request(SyncGroup, 5, { ...member, protocolType, protocolName, assignments: [] })
    for (const [type, name] of [
      [null, null],
      ['consumer', null],
      [null, 'range'],
      ['connect', 'range'],
      ['consumer', 'sticky'],
    ] as const) {
      expect((await sync(type, name)).errorCode).toBe(Errors.INCONSISTENT_GROUP_PROTOCOL)
    }
    expect((await sync('consumer', 'range')).errorCode).toBe(Errors.NONE)
  })

  it('before v5 need not name the protocol', async () => {
    const member = await stableGroup(client)
    for (const version of [0, 1, 2, 3, 4]) {
      const request = { ...member, protocolType: null, protocolName: null, assignments: [] }
      const synced = await client.request(SyncGroup, version, request)
      expect(synced).toMatchObject({ errorCode: Errors.NONE, assignment: Buffer.from('mine') })
      expect((await client.request(Heartbeat, version, member)).errorCode).toBe(Errors.NONE)
    }
  })

  it('fence a static member by its instance', async () => {
    const member = await stableGroup(client, 'i')
    expect((await client.request(Heartbeat, 3, { ...member, memberId: 'other' })).errorCode).toBe(
      Errors.FENCED_INSTANCE_ID,
    )
    expect((await client.request(Heartbeat, 3, { ...member, groupInstanceId: 'j' })).errorCode).toBe(
      Errors.UNKNOWN_MEMBER_ID,
    )
  })
})

describe('LeaveGroup', () => {
  it('answers for the one member before version 3', async () => {
    const { groupId, memberId } = await stableGroup(client)
    const leave = (id: string, version: number) =>
      client.request(LeaveGroup, version, { groupId, memberId: id, members: [] })
    expect((await leave('ghost', 1)).errorCode).toBe(Errors.UNKNOWN_MEMBER_ID)
    expect((await leave(memberId, 2)).errorCode).toBe(Errors.NONE)
    expect((await leave(memberId, 0)).errorCode).toBe(Errors.UNKNOWN_MEMBER_ID)
  })

  it('answers for each member from version 3', async () => {
    const { groupId } = await stableGroup(client, 'i')
    const members = ['i', 'j'].map((groupInstanceId) => ({ memberId: '', groupInstanceId, reason: 'bye' }))
    const left = await client.request(LeaveGroup, 5, { groupId, memberId: '', members })
    expect(left).toMatchObject({
      errorCode: Errors.NONE,
      members: [
        { memberId: '', groupInstanceId: 'i', errorCode: Errors.NONE },
        { memberId: '', groupInstanceId: 'j', errorCode: Errors.UNKNOWN_MEMBER_ID },
      ],
    })
  })
})

describe('DescribeGroups and ListGroups', () => {
  it('show a stable group: instance id from v4, operations from v3 when asked for', async () => {
    const { groupId, memberId } = await stableGroup(client, 'i')
    const describeAt = async (version: number, includeAuthorizedOperations: boolean) =>
      (await client.request(DescribeGroups, version, { groups: [groupId], includeAuthorizedOperations })).groups[0]
    const member = { memberId, clientId: 'raw-client', clientHost: '/127.0.0.1', memberMetadata: subscription('t') }
    expect(await describeAt(5, true)).toMatchObject({
      errorCode: Errors.NONE,
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
      members: [{ ...member, groupInstanceId: 'i', memberAssignment: Buffer.from('mine') }],
      authorizedOperations: 3400,
    })
    expect(await describeAt(0, false)).toMatchObject({
      members: [{ ...member, groupInstanceId: null }],
      authorizedOperations: -2_147_483_648,
    })
  })

  it('know no group: Dead without an error before v6, GROUP_ID_NOT_FOUND from v6 (KIP-1043)', async () => {
    await newGroup(client)
    const ask = (version: number) =>
      client.request(DescribeGroups, version, { groups: ['nope'], includeAuthorizedOperations: false })
    expect((await ask(5)).groups).toMatchObject([{ errorCode: Errors.NONE, groupId: 'nope', groupState: 'Dead' }])
    expect((await ask(6)).groups).toMatchObject([
      {
        errorCode: Errors.GROUP_ID_NOT_FOUND,
        errorMessage: 'Group nope not found.',
        groupId: 'nope',
        groupState: 'Dead',
      },
    ])
  })

  it('list groups with state from v4 and type from v5', async () => {
    const { groupId } = await stableGroup(client)
    const find = async (version: number, statesFilter: string[] = [], typesFilter: string[] = []) =>
      (await client.request(ListGroups, version, { statesFilter, typesFilter })).groups.find(
        (each) => each.groupId === groupId,
      )
    expect(await find(0)).toMatchObject({ protocolType: 'consumer', groupState: '', groupType: '' })
    expect(await find(4, ['stable'])).toMatchObject({ groupState: 'Stable', groupType: '' })
    expect(await find(5, [], ['classic'])).toMatchObject({ groupState: 'Stable', groupType: 'classic' })
    expect(await find(5, ['Empty'])).toBeUndefined()
    expect(await find(5, [], ['consumer'])).toBeUndefined()
  })
})
