/** DeleteRecords (key 21). Versions 0 to 2. Offset -1 means the high watermark; compact-only topics refuse. */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { DeleteRecords } from '../../proto/kafka/generated/apis.ts'
import type {
  DeleteRecordsPartitionResult,
  DeleteRecordsRequest,
  DeleteRecordsResponse,
} from '../../proto/kafka/generated/21-delete-records.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'

export const deleteRecordsHandler: Handler<DeleteRecordsRequest, DeleteRecordsResponse> = {
  api: DeleteRecords,
  handle(request, context, services) {
    const topics: DeleteRecordsResponse['topics'] = []
    let waiting = 1
    const finishOne = () => {
      waiting -= 1
      if (waiting === 0) context.reply({ throttleTimeMs: 0, topics })
    }
    for (const topic of request.topics) {
      const partitions: DeleteRecordsPartitionResult[] = []
      topics.push({ name: topic.name, partitions })
      for (const { partitionIndex, offset } of topic.partitions) {
        const answer = { partitionIndex, lowWatermark: -1, errorCode: Errors.NONE as ErrorCode }
        partitions.push(answer)
        answer.errorCode = refusal(topic.name, partitionIndex, services)
        const found = services.partitions.leaderOrError(topic.name, partitionIndex)
        if (answer.errorCode !== Errors.NONE || found.partition === null) {
          if (answer.errorCode === Errors.NONE) answer.errorCode = found.error
          continue
        }
        waiting += 1
        found.partition.deleteRecords(offset, request.timeoutMs, (error, lowWatermark) => {
          answer.errorCode = error
          answer.lowWatermark = lowWatermark
          finishOne()
        })
      }
    }
    finishOne()
  },
}

function refusal(topic: string, index: number, services: Services): ErrorCode {
  const view = services.metadata.topic(topic)
  if (view?.partitions[index] === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION
  if (view.isInternal) return Errors.INVALID_TOPIC_EXCEPTION
  return services.topicSettings(view).log.cleanupPolicy.delete ? Errors.NONE : Errors.POLICY_VIOLATION
}
