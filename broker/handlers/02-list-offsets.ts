/**
 * ListOffsets (key 2). Versions 1 to 11. 2: isolation level; 4: leader epochs; 7: -3 max timestamp; 8: -4 earliest
 * local; 9: -5 latest tiered; 11: -6 earliest pending upload (W19). There is no tiered storage: the last two are -1.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { ListOffsets } from '../../proto/kafka/generated/apis.ts'
import type {
  ListOffsetsPartition,
  ListOffsetsPartitionResponse,
  ListOffsetsRequest,
  ListOffsetsResponse,
} from '../../proto/kafka/generated/02-list-offsets.ts'
import type { Partition } from '../replication/api.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const EARLIEST_PENDING_UPLOAD = -6

/** The first version in which a special timestamp means something. */
const SPECIAL_SINCE: ReadonlyMap<number, number> = new Map([
  [LATEST, 1],
  [EARLIEST, 1],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
])

const READ_COMMITTED = 1

/** Kafka's debugging consumer: asks any replica, and hears where its log ends, committed or not. */
const DEBUGGING_REPLICA = -2

export const listOffsetsHandler: Handler<ListOffsetsRequest, ListOffsetsResponse> = {
  api: ListOffsets,
  handle(request, context, services) {
    const topics: ListOffsetsResponse['topics'] = []
    let waiting = 1
    const finishOne = () => {
      waiting -= 1
      if (waiting === 0) context.reply({ throttleTimeMs: 0, topics })
    }
    const twice = duplicates(request)
    for (const topic of request.topics) {
      const partitions: ListOffsetsPartitionResponse[] = []
      topics.push({ name: topic.name, partitions })
      for (const asked of topic.partitions) {
        const answer = {
          partitionIndex: asked.partitionIndex,
          errorCode: 0,
          timestamp: -1,
          offset: -1,
          leaderEpoch: -1,
        }
        partitions.push(answer)
        if (twice.has(`${asked.partitionIndex}:${topic.name}`)) {
          answer.errorCode = Errors.INVALID_REQUEST
          continue
        }
        waiting += 1
        lookUp(
          topic.name,
          asked,
          answer,
          {
            version: context.apiVersion,
            isolation: request.isolationLevel,
            isDebugging: request.replicaId === DEBUGGING_REPLICA,
          },
          services,
          finishOne,
        )
      }
    }
    finishOne()
  },
}

/** The log's start is known whatever is committed; every other answer depends on where that ends (KIP-207). */
function isBoundedByCommittedEnd(timestamp: number): boolean {
  return timestamp >= 0 || timestamp === LATEST || timestamp === MAX_TIMESTAMP
}

interface Terms {
  readonly version: number
  readonly isolation: number
  readonly isDebugging: boolean
}

function lookUp(
  topic: string,
  asked: ListOffsetsPartition,
  answer: ListOffsetsPartitionResponse,
  terms: Terms,
  services: Services,
  done: () => void,
): void {
  const { timestamp } = asked
  if (timestamp < 0 && terms.version < (SPECIAL_SINCE.get(timestamp) ?? Number.POSITIVE_INFINITY)) {
    answer.errorCode = Errors.UNSUPPORTED_VERSION
    done()
    return
  }
  const replica = terms.isDebugging ? services.partitions.get(topic, asked.partitionIndex) : undefined
  if (replica?.isOnline === true) {
    special(replica, timestamp, replica.logEndOffset, answer)
    return done()
  }
  const found = services.partitions.leaderOrError(topic, asked.partitionIndex)
  const error = found.partition === null ? found.error : found.partition.checkLeaderEpoch(asked.currentLeaderEpoch)
  if (found.partition === null || error !== Errors.NONE) {
    answer.errorCode = error
    done()
    return
  }
  const { partition } = found
  if (isBoundedByCommittedEnd(timestamp) && !partition.knowsCommittedEnd) {
    answer.errorCode = terms.version >= 5 ? Errors.OFFSET_NOT_AVAILABLE : Errors.LEADER_NOT_AVAILABLE
    done()
    return
  }
  const limit = terms.isolation === READ_COMMITTED ? partition.lastStableOffset : partition.highWatermark
  if (timestamp >= 0 || timestamp === MAX_TIMESTAMP) {
    const record = (result: { error: number; offset: number; timestampMs: number; leaderEpoch: number }) => {
      answer.errorCode = result.error
      answer.offset = result.offset
      answer.timestamp = result.timestampMs
      answer.leaderEpoch = result.leaderEpoch
      done()
    }
    if (timestamp === MAX_TIMESTAMP) partition.offsetOfMaxTimestamp(limit, record)
    else partition.offsetForTimestamp(timestamp, limit, record)
    return
  }
  special(partition, timestamp, limit, answer)
  done()
}

function special(partition: Partition, timestamp: number, limit: number, answer: ListOffsetsPartitionResponse): void {
  if (timestamp === LATEST) {
    answer.offset = limit
    answer.leaderEpoch = partition.leaderEpoch
  } else if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL) {
    answer.offset = partition.logStartOffset
    answer.leaderEpoch = partition.epochAt(partition.logStartOffset)
  }
}

/** Partitions named more than once: each of their entries is refused. */
function duplicates(request: ListOffsetsRequest): Set<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const topic of request.topics) {
    for (const { partitionIndex } of topic.partitions) {
      const key = `${partitionIndex}:${topic.name}`
      if (seen.has(key)) twice.add(key)
      seen.add(key)
    }
  }
  return twice
}
