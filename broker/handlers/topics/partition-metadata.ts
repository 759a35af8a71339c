/** A partition as Metadata and DescribeTopicPartitions show it: who can be reached, who cannot. */
import { Errors } from '../../../proto/kafka/errors.ts'
import type { MetadataView, PartitionView } from '../../controller/view.ts'

export interface PartitionState {
  readonly errorCode: number
  readonly leaderId: number
  readonly offlineReplicas: number[]
}

/** LEADER_NOT_AVAILABLE, without a leader's id, when there is none or it is not alive. */
export function partitionState(metadata: MetadataView, partition: PartitionView): PartitionState {
  const isAlive = (id: number) => metadata.broker(id)?.fenced === false
  const led = isAlive(partition.leader)
  return {
    errorCode: led ? Errors.NONE : Errors.LEADER_NOT_AVAILABLE,
    leaderId: led ? partition.leader : -1,
    offlineReplicas: partition.replicas.filter((id) => !isAlive(id)),
  }
}
