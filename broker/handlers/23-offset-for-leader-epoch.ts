/** OffsetForLeaderEpoch (key 23, KIP-320). Versions 2 to 4. Where an epoch ended, so that a client finds out about truncation. */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { OffsetForLeaderEpoch } from '../../proto/kafka/generated/apis.ts'
import type {
  EpochEndOffset,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
  OffsetForLeaderPartition,
} from '../../proto/kafka/generated/23-offset-for-leader-epoch.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'

export const offsetForLeaderEpochHandler: Handler<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> = {
  api: OffsetForLeaderEpoch,
  handle(request, context, services) {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => lookUp(topic, asked, services)),
    }))
    context.reply({ throttleTimeMs: 0, topics })
  },
}

function lookUp(topic: string, asked: OffsetForLeaderPartition, services: Services): EpochEndOffset {
  const found = services.partitions.leaderOrError(topic, asked.partition)
  const errorCode: ErrorCode =
    found.partition === null ? found.error : found.partition.checkLeaderEpoch(asked.currentLeaderEpoch)
  if (found.partition === null || errorCode !== Errors.NONE) {
    return { errorCode, partition: asked.partition, leaderEpoch: -1, endOffset: -1 }
  }
  const { epoch, endOffset } = found.partition.endOffsetForEpoch(asked.leaderEpoch)
  return { errorCode, partition: asked.partition, leaderEpoch: epoch, endOffset }
}
