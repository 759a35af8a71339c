/** AlterPartition (key 56, KIP-497). Versions 2 and 3. 3: broker epochs (KIP-903). For brokers only. */
import { AlterPartition } from '../../proto/kafka/generated/apis.ts'
import type { AlterPartitionRequest, AlterPartitionResponse } from '../../proto/kafka/generated/56-alter-partition.ts'
import type { Handler } from './handler.ts'

/** The first version that says which uptime of each replica is meant. */
const EPOCHS_SINCE = 3

export const alterPartitionHandler: Handler<AlterPartitionRequest, AlterPartitionResponse> = {
  api: AlterPartition,
  handle(request, context, { cluster }) {
    const asked = context.apiVersion >= EPOCHS_SINCE ? request : withUnknownEpochs(request)
    cluster.brokerRequests.alterPartition(asked, (response) => context.reply(response))
  },
}

function withUnknownEpochs({ topics, ...rest }: AlterPartitionRequest): AlterPartitionRequest {
  return {
    ...rest,
    topics: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map((partition) => ({
        ...partition,
        newIsrWithEpochs: partition.newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 })),
      })),
    })),
  }
}
