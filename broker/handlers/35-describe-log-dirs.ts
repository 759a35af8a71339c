/** DescribeLogDirs (key 35). Versions 1 to 5. One directory per broker; sizes of the partitions hosted here. */
import { Errors } from '../../proto/kafka/errors.ts'
import { DescribeLogDirs } from '../../proto/kafka/generated/apis.ts'
import type {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
  DescribeLogDirsTopic,
} from '../../proto/kafka/generated/35-describe-log-dirs.ts'
import type { Partition } from '../replication/api.ts'
import type { Handler } from './handler.ts'

export const describeLogDirsHandler: Handler<DescribeLogDirsRequest, DescribeLogDirsResponse> = {
  api: DescribeLogDirs,
  handle(request, context, services) {
    const wanted =
      request.topics === null
        ? null
        : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
    const topics = new Map<string, DescribeLogDirsTopic>()
    for (const partition of services.partitions.all()) {
      if (wanted !== null && wanted.get(partition.topic)?.has(partition.index) !== true) continue
      let topic = topics.get(partition.topic)
      if (topic === undefined) {
        topic = { name: partition.topic, partitions: [] }
        topics.set(partition.topic, topic)
      }
      topic.partitions.push(describe(partition))
    }
    const volume = services.volume()
    const results = [
      {
        errorCode: Errors.NONE,
        logDir: services.logDirectory,
        topics: [...topics.values()],
        totalBytes: volume.totalBytes,
        usableBytes: volume.usableBytes,
        isCordoned: false,
      },
    ]
    context.reply({ throttleTimeMs: 0, errorCode: Errors.NONE, results })
  },
}

function describe(partition: Partition): DescribeLogDirsTopic['partitions'][number] {
  return {
    partitionIndex: partition.index,
    partitionSize: partition.sizeBytes,
    offsetLag: Math.max(0, partition.highWatermark - partition.logEndOffset),
    isFutureKey: false,
  }
}
