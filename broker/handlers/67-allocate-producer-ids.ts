/** AllocateProducerIds (key 67, KIP-730). Version 0. For brokers only. */
import { AllocateProducerIds } from '../../proto/kafka/generated/apis.ts'
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '../../proto/kafka/generated/67-allocate-producer-ids.ts'
import type { Handler } from './handler.ts'

export const allocateProducerIdsHandler: Handler<AllocateProducerIdsRequest, AllocateProducerIdsResponse> = {
  api: AllocateProducerIds,
  handle(request, context, { cluster }) {
    cluster.brokerRequests.allocateProducerIds(request, (response) => context.reply(response))
  },
}
