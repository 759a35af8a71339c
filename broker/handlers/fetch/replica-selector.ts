/**
 * KIP-392: which replica a consumer should read from, as Kafka's RackAwareReplicaSelector decides: the leader if it is in the
 * consumer's rack, or if nobody is; else the follower there that has most, and of those the one that keeps up best.
 */
import type { MetadataView } from '../../controller/view.ts'
import type { Partition, ReadableReplica } from '../../replication/api.ts'

/** Node id of the follower to read from; -1 = stay with the leader. */
export function selectReplica(
  rackId: string,
  nodeId: number,
  partition: Partition,
  fetchOffset: number,
  metadata: Pick<MetadataView, 'broker'>,
): number {
  if (rackId === '' || !partition.isLeader || metadata.broker(nodeId)?.rack === rackId) return -1
  let best: ReadableReplica | null = null
  for (const replica of partition.readableReplicas(fetchOffset)) {
    const broker = metadata.broker(replica.brokerId)
    if (broker === undefined || broker.fenced || broker.rack !== rackId) continue
    if (best === null || isAhead(replica, best)) best = replica
  }
  return best?.brokerId ?? -1
}

function isAhead(a: ReadableReplica, b: ReadableReplica): boolean {
  if (a.endOffset !== b.endOffset) return a.endOffset > b.endOffset
  if (a.caughtUpMs !== b.caughtUpMs) return a.caughtUpMs > b.caughtUpMs
  return a.brokerId > b.brokerId
}
