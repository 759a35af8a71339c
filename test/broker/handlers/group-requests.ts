/** The group APIs as tests call them: every field filled in, the interesting ones given. */
import { expect } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import {
  FindCoordinator,
  JoinGroup,
  OffsetCommit,
  OffsetFetch,
  SyncGroup,
} from '../../../proto/kafka/generated/apis.ts'
import type { OffsetCommitRequest } from '../../../proto/kafka/generated/08-offset-commit.ts'
import type { OffsetFetchRequestGroup } from '../../../proto/kafka/generated/09-offset-fetch.ts'
import type { JoinGroupRequest, JoinGroupResponse } from '../../../proto/kafka/generated/11-join-group.ts'
import type { RawClient } from '../../support/raw-client.ts'
import { subscription } from '../groups/coordinator.ts'

let groups = 0

/** A group that no other test uses, with its coordinator found. */
export async function newGroup(client: RawClient): Promise<string> {
  groups += 1
  const groupId = `group-${groups}`
  const found = await client.request(FindCoordinator, 3, { key: groupId, keyType: 0, coordinatorKeys: [] })
  expect(found.errorCode).toBe(Errors.NONE)
  return groupId
}

export async function join(
  client: RawClient,
  groupId: string,
  version: number,
  changes: Partial<JoinGroupRequest> = {},
): Promise<JoinGroupResponse> {
  return client.request(JoinGroup, version, {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('t') }],
    reason: null,
    ...changes,
  })
}

/** A stable group of one, whose assignment is `mine`. */
export async function stableGroup(client: RawClient, groupInstanceId: string | null = null) {
  const groupId = await newGroup(client)
  const { memberId, generationId } = await join(client, groupId, groupInstanceId === null ? 3 : 9, { groupInstanceId })
  const member = { groupId, generationId, memberId, groupInstanceId }
  const assignments = [{ memberId, assignment: Buffer.from('mine') }]
  const protocol = { protocolType: 'consumer', protocolName: 'range' }
  const synced = await client.request(SyncGroup, 5, { ...member, ...protocol, assignments })
  expect(synced).toMatchObject({ errorCode: Errors.NONE, ...protocol, assignment: Buffer.from('mine') })
  return member
}

export function offsetOf(partitionIndex: number, committedOffset: number, committedMetadata: string | null = null) {
  return { partitionIndex, committedOffset, committedLeaderEpoch: 3, committedMetadata }
}

/** Commits without membership, unless told otherwise. */
export async function commit(
  client: RawClient,
  groupId: string,
  version: number,
  topics: OffsetCommitRequest['topics'],
  changes: Partial<OffsetCommitRequest> = {},
) {
  const nobody = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null, retentionTimeMs: -1 }
  return (await client.request(OffsetCommit, version, { groupId, ...nobody, topics, ...changes })).topics
}

/** OffsetFetch before version 8. */
export async function fetchOne(
  client: RawClient,
  groupId: string,
  version: number,
  topics: { name: string; partitionIndexes: number[] }[] | null,
) {
  return client.request(OffsetFetch, version, { groupId, topics, groups: [], requireStable: false })
}

/** OffsetFetch from version 8. */
export async function fetchMany(client: RawClient, version: number, wanted: OffsetFetchRequestGroup[]) {
  const request = { groupId: '', topics: null, groups: wanted, requireStable: true }
  return (await client.request(OffsetFetch, version, request)).groups
}
