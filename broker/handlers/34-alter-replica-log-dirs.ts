/** AlterReplicaLogDirs (key 34, KIP-113). Versions 1 and 2. One directory per broker: there is nowhere to move to. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { AlterReplicaLogDirs } from '../../proto/kafka/generated/apis.ts'
import type {
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponse,
  AlterReplicaLogDirTopicResult,
} from '../../proto/kafka/generated/34-alter-replica-log-dirs.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'

export const alterReplicaLogDirsHandler: Handler<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse> = {
  api: AlterReplicaLogDirs,
  handle({ dirs }, context, services) {
    const results = new Map<string, AlterReplicaLogDirTopicResult>()
    for (const { path, topics } of dirs) {
      for (const { name, partitions } of topics) {
        const result = results.get(name) ?? { topicName: name, partitions: [] }
        results.set(name, result)
        for (const partitionIndex of partitions) {
          result.partitions.push({ partitionIndex, errorCode: verdict(services, path, name, partitionIndex) })
        }
      }
    }
    context.reply({ throttleTimeMs: 0, results: [...results.values()] })
  },
}

/** Kafka's order of checks; asked to stay where it is, a replica stays. */
function verdict({ logDirectory, partitions }: Services, path: string, topic: string, partition: number): ErrorCode {
  if (!path.startsWith('/')) return Errors.INVALID_REQUEST
  if (path !== logDirectory) return Errors.LOG_DIR_NOT_FOUND
  const hosted = partitions.get(topic, partition)
  if (hosted === undefined) return Errors.REPLICA_NOT_AVAILABLE
  return hosted.isOnline ? Errors.NONE : Errors.KAFKA_STORAGE_ERROR
}
