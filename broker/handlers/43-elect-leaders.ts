/** ElectLeaders (key 43, KIP-183, KIP-460). Versions 0 to 2. 1: unclean elections; 0 asks for preferred leaders only. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { ElectLeaders } from '../../proto/kafka/generated/apis.ts'
import type {
  ElectLeadersRequest,
  ElectLeadersResponse,
  ReplicaElectionResult,
} from '../../proto/kafka/generated/43-elect-leaders.ts'
import type { ItemResult, PartitionRef } from '../controller/api.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'
import { withinTimeout } from './topics/deadline.ts'

const PREFERRED = 0
const UNCLEAN = 1

type Elected = ItemResult & PartitionRef

export const electLeadersHandler: Handler<ElectLeadersRequest, ElectLeadersResponse> = {
  api: ElectLeaders,
  handle(request, context, services) {
    const { electionType, timeoutMs } = request
    const partitions = askedPartitions(request)
    const refuse = (error: ErrorCode, message: string | null) => {
      const refused = (partitions ?? []).map((ref) => ({ ...ref, error, message }))
      context.reply({ throttleTimeMs: 0, errorCode: error, replicaElectionResults: byTopic(refused) })
    }
    if (electionType !== PREFERRED && electionType !== UNCLEAN) {
      return refuse(Errors.INVALID_REQUEST, `Unknown election type ${electionType}`)
    }
    withinTimeout<readonly Elected[]>(
      timeoutMs,
      services.clock,
      (done) => services.controller.electLeaders({ unclean: electionType === UNCLEAN, partitions }, done),
      (results) => {
        const named = byTopic(results)
        const silent = partitions === null ? silentTopics(named, services) : []
        context.reply({ throttleTimeMs: 0, errorCode: Errors.NONE, replicaElectionResults: [...named, ...silent] })
      },
      () => refuse(Errors.REQUEST_TIMED_OUT, null),
    )
  },
}

/** Null = all there are. */
function askedPartitions({ topicPartitions }: ElectLeadersRequest): PartitionRef[] | null {
  if (topicPartitions === null) return null
  return topicPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}

/** Asked about everything, Kafka names every topic, even with nothing to tell of it. */
function silentTopics(named: readonly ReplicaElectionResult[], { metadata }: Services): ReplicaElectionResult[] {
  const told = new Set(named.map(({ topic }) => topic))
  const silent = [...metadata.topics()].filter(({ name }) => !told.has(name))
  return silent.map(({ name }) => ({ topic: name, partitionResult: [] }))
}

function byTopic(results: readonly Elected[]): ReplicaElectionResult[] {
  const topics = new Map<string, ReplicaElectionResult>()
  for (const { topic, partition, error, message } of results) {
    const entry = topics.get(topic) ?? { topic, partitionResult: [] }
    topics.set(topic, entry)
    entry.partitionResult.push({ partitionId: partition, errorCode: error, errorMessage: message })
  }
  return [...topics.values()]
}
