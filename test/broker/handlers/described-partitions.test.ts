import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { describedPartitions } from '../../../broker/handlers/topics/described-partitions.ts'
import type { MetadataView, PartitionView, TopicView } from '../../../broker/controller/view.ts'

const partition: PartitionView = {
  index: 0,
  leader: 1,
  leaderEpoch: 4,
  partitionEpoch: 2,
  replicas: [1, 2],
  isr: [1, 2],
  elr: [],
  lastKnownElr: [],
  addingReplicas: [],
  removingReplicas: [],
  electedAs: '',
}
const topic: TopicView = {
  id: 'a'.repeat(22),
  name: 't',
  isInternal: false,
  partitions: [partition],
  configs: new Map(),
}

/** Two brokers, of which these are fenced. */
function cluster(...fenced: number[]): MetadataView {
  const brokers = [1, 2].map((id) => ({ id, fenced: fenced.includes(id) }))
  const view: unknown = { brokers: () => brokers, broker: (id: number) => brokers.find((broker) => broker.id === id) }
  return view as MetadataView
}

describe('the partitions that Metadata answers', () => {
  it('are put together once, as long as nothing changes', () => {
    const first = describedPartitions(topic, cluster())
    expect(first).toMatchObject([{ errorCode: Errors.NONE, leaderId: 1, replicaNodes: [1, 2], offlineReplicas: [] }])
    expect(describedPartitions(topic, cluster())).toBe(first)
  })

  it('follow a broker that dies and comes back', () => {
    describedPartitions(topic, cluster())
    expect(describedPartitions(topic, cluster(2))).toMatchObject([{ leaderId: 1, offlineReplicas: [2] }])
    expect(describedPartitions(topic, cluster(1))).toMatchObject([
      { errorCode: Errors.LEADER_NOT_AVAILABLE, leaderId: -1, offlineReplicas: [1] },
    ])
    expect(describedPartitions(topic, cluster())).toMatchObject([{ errorCode: Errors.NONE, leaderId: 1 }])
  })

  it('follow the topic, which is another object when it has changed', () => {
    describedPartitions(topic, cluster())
    const moved = { ...topic, partitions: [{ ...partition, leader: 2, leaderEpoch: 5 }] }
    expect(describedPartitions(moved, cluster())).toMatchObject([{ leaderId: 2, leaderEpoch: 5 }])
  })
})
