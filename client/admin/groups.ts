import { Errors } from '../../proto/kafka/errors.ts'
import { DeleteGroups, DescribeGroups, ListGroups, OffsetDelete } from '../../proto/kafka/generated/apis.ts'
import type { DescribedGroup } from '../../proto/kafka/generated/15-describe-groups.ts'
import { Coordinator } from '../cluster/coordinator.ts'
import { commitOffsets, fetchOffsets, groupByTopic, type OffsetToCommit } from '../cluster/group-offsets.ts'
import { CONSUMER_PROTOCOL, decodeAssignment } from '../consumer/group/protocol.ts'
import { KafkaError } from '../errors.ts'
import type { TopicPartition } from '../topic.ts'
import type { AdminContext } from './context.ts'
import type { GroupDescription, GroupListing, GroupOffset } from './types.ts'

/** Each broker knows the groups that it coordinates: all are asked. */
export async function listGroups(context: AdminContext, signal: AbortSignal | undefined): Promise<GroupListing[]> {
  await context.retry(signal, () => context.cluster.refresh())
  const nodes = [...context.cluster.metadata.brokers.keys()]
  const answers = await Promise.all(
    nodes.map((node) => context.broker(node, ListGroups, { statesFilter: [], typesFilter: [] }, signal)),
  )
  return answers.flatMap((answer) => {
    if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode, 'list groups')
    return answer.groups.map(({ groupId, protocolType, groupState, groupType }) => ({
      group: groupId,
      protocolType,
      state: groupState,
      type: groupType,
    }))
  })
}

export function describeGroups(
  context: AdminContext,
  groups: readonly string[],
  signal: AbortSignal | undefined,
): Promise<GroupDescription[]> {
  return Promise.all(
    groups.map(async (group) => {
      const message = { groups: [group], includeAuthorizedOperations: false }
      const answer = await context.coordinator(
        group,
        DescribeGroups,
        message,
        signal,
        ({ groups: [first] }) => first?.errorCode ?? 0,
      )
      return describe(answer.groups[0]!)
    }),
  )
}

export async function deleteGroups(
  context: AdminContext,
  groups: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await Promise.all(
    groups.map((group) =>
      context.coordinator(
        group,
        DeleteGroups,
        { groupsNames: [group] },
        signal,
        ({ results: [first] }) => first?.errorCode ?? 0,
      ),
    ),
  )
}

export function listGroupOffsets(
  context: AdminContext,
  group: string,
  partitions: readonly TopicPartition[] | undefined,
  signal: AbortSignal | undefined,
): Promise<GroupOffset[]> {
  const coordinator = new Coordinator(context.cluster, group)
  return context.retry(signal, () => fetchOffsets(coordinator, group, partitions ?? null, false, { signal }))
}

/** Commits as no member would: the broker allows it while the group has none. */
export function alterGroupOffsets(
  context: AdminContext,
  group: string,
  offsets: readonly OffsetToCommit[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const coordinator = new Coordinator(context.cluster, group)
  const committer = { group, memberId: '', generation: -1, instanceId: null }
  return context.retry(signal, () => commitOffsets(coordinator, committer, offsets, { signal }))
}

export async function deleteGroupOffsets(
  context: AdminContext,
  group: string,
  partitions: readonly TopicPartition[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const topics = groupByTopic(partitions, ({ partition }) => ({ partitionIndex: partition }))
  const message = { groupId: group, topics: [...topics].map(([name, indexes]) => ({ name, partitions: indexes })) }
  const answer = await context.coordinator(group, OffsetDelete, message, signal, ({ errorCode }) => errorCode)
  for (const { name, partitions: results } of answer.topics) {
    for (const { partitionIndex, errorCode } of results) {
      if (errorCode !== Errors.NONE) throw new KafkaError(errorCode, `delete offset of ${name}[${partitionIndex}]`)
    }
  }
}

function describe(group: DescribedGroup): GroupDescription {
  const isConsumer = group.protocolType === CONSUMER_PROTOCOL
  return {
    group: group.groupId,
    state: group.groupState,
    protocolType: group.protocolType,
    protocol: group.protocolData,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      partitions: isConsumer ? decodeAssignment(member.memberAssignment) : [],
    })),
  }
}
