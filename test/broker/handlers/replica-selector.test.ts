import { describe, expect, it } from 'vitest'
import type { BrokerView } from '../../../broker/controller/view.ts'
import { selectReplica } from '../../../broker/handlers/fetch/replica-selector.ts'
import type { Partition, ReadableReplica } from '../../../broker/replication/api.ts'

/** Node 1 leads in rack a; the others are in the racks given. */
function choose(rackId: string, racks: readonly string[], replicas: readonly ReadableReplica[], fenced = -1): number {
  const broker = (id: number) => ({ id, rack: ['', 'a', ...racks][id] ?? null, fenced: id === fenced }) as BrokerView
  const partition = { isLeader: true, readableReplicas: () => replicas } as unknown as Partition
  return selectReplica(rackId, 1, partition, 0, { broker })
}

const replica = (brokerId: number, endOffset = 10, caughtUpMs = 0): ReadableReplica => ({
  brokerId,
  endOffset,
  caughtUpMs,
})

describe('the replica that a consumer is to read from (KIP-392)', () => {
  it.each([
    ['the leader, for one that does not say where it is', '', [replica(2)], -1],
    ['the leader, for one in its rack', 'a', [replica(2)], -1],
    ['the leader, when nobody is in the rack', 'z', [replica(2)], -1],
    ['a follower in the rack', 'b', [replica(2), replica(4)], 2],
    ['the one there that has most', 'c', [replica(3, 8), replica(4, 9)], 4],
    ['of those that have as much the one that keeps up best', 'c', [replica(3, 9, 5), replica(4, 9, 4)], 3],
  ])('is %s', (_who, rackId, replicas, chosen) => {
    expect(choose(rackId, ['b', 'c', 'c'], replicas)).toBe(chosen)
  })

  it('is none that is fenced', () => {
    expect(choose('b', ['b'], [replica(2)], 2)).toBe(-1)
  })
})
