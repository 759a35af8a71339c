/**
 * Produce (key 0). Versions 3 to 13 are served, 0 is advertised (W5: librdkafka before 2.4 silently stops compressing
 * below that). 7: zstd; 8: record errors (KIP-467); 10: leader hints (KIP-951); 13: topic ids (KIP-516).
 * A partition named twice in one request: the last one counts, as in Kafka. acks=0 has no reply (W21); a failure then
 * closes the connection, which is the only way to tell the producer.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { codecId, HEADER_BYTES, isTransactional } from '../../proto/kafka/batch/header.ts'
import type {
  PartitionProduceResponse,
  ProduceRequest,
  ProduceResponse,
  TopicProduceData,
} from '../../proto/kafka/generated/00-produce.ts'
import { Produce } from '../../proto/kafka/generated/apis.ts'
import type { AppendResult } from '../replication/api.ts'
import type { Services } from '../services.ts'
import type { Handler, RequestContext } from './handler.ts'
import { LeaderHints } from './leader-hint.ts'

const CODEC_ZSTD = 4
const TOPIC_ID_VERSION = 13
/** Clients of this name may write to internal topics, as in Kafka. */
const ADMIN_CLIENT_ID = '__admin_client'

/** Errors whose text is for the client; Kafka sends none with the others. */
const EXPLAINED: ReadonlySet<ErrorCode> = new Set([Errors.INVALID_RECORD, Errors.INVALID_TIMESTAMP])

/** One request in flight: waits for each of its partitions, then answers once. */
class PendingProduce {
  private readonly request: ProduceRequest
  private readonly context: RequestContext<ProduceResponse>
  private readonly hints: LeaderHints
  private readonly responses: ProduceResponse['responses'] = []
  private waiting = 1
  private failed: ErrorCode = Errors.NONE

  constructor(request: ProduceRequest, context: RequestContext<ProduceResponse>, services: Services) {
    this.request = request
    this.context = context
    this.hints = new LeaderHints(services.metadata)
  }

  start(services: Services): void {
    const superseded = supersededPartitions(this.request)
    for (const topic of this.request.topicData) {
      const name =
        this.context.apiVersion >= TOPIC_ID_VERSION ? services.metadata.topicById(topic.topicId)?.name : topic.name
      const partitionResponses: PartitionProduceResponse[] = []
      this.responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses })
      for (const data of topic.partitionData) {
        if (superseded?.has(data) === true) continue
        const answer = emptyAnswer(data.index)
        partitionResponses.push(answer)
        if (name === undefined) this.refuse(answer, '', Errors.UNKNOWN_TOPIC_ID)
        else this.append(name, data.records, answer, services)
      }
    }
    this.finishOne()
  }

  private append(topic: string, records: Buffer | null, answer: PartitionProduceResponse, services: Services): void {
    const refusal = this.precheck(topic, answer.index, records, services)
    if (refusal !== Errors.NONE || records === null) {
      this.refuse(answer, topic, refusal === Errors.NONE ? Errors.INVALID_RECORD : refusal)
      return
    }
    const found = services.partitions.leaderOrError(topic, answer.index)
    if (found.partition === null) {
      this.refuse(answer, topic, found.error)
      return
    }
    this.waiting += 1
    found.partition.append(records, this.request.acks, this.request.timeoutMs, (result) => {
      this.record(answer, topic, result)
      this.finishOne()
    })
  }

  /** What can be said without the log. */
  private precheck(topic: string, index: number, records: Buffer | null, services: Services): ErrorCode {
    const view = services.metadata.topic(topic)
    if (view?.partitions[index] === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION
    const { acks } = this.request
    if (acks !== -1 && acks !== 0 && acks !== 1) return Errors.INVALID_REQUIRED_ACKS
    if (view.isInternal && this.context.clientId !== ADMIN_CLIENT_ID) return Errors.INVALID_TOPIC_EXCEPTION
    if (records === null || records.length < HEADER_BYTES) return Errors.NONE
    if (this.context.apiVersion < 7 && codecId(records, 0) === CODEC_ZSTD) return Errors.UNSUPPORTED_COMPRESSION_TYPE
    // No transaction can be open: there is no transaction coordinator yet.
    return isTransactional(records, 0) ? Errors.INVALID_TXN_STATE : Errors.NONE
  }

  private refuse(answer: PartitionProduceResponse, topic: string, error: ErrorCode): void {
    answer.errorCode = error
    answer.currentLeader = this.hints.for(topic, answer.index, error)
    this.failed = error
  }

  private record(answer: PartitionProduceResponse, topic: string, result: AppendResult): void {
    answer.logStartOffset = result.logStartOffset
    if (result.error === Errors.NONE) {
      answer.baseOffset = result.baseOffset
      answer.logAppendTimeMs = result.logAppendTimeMs
      return
    }
    this.refuse(answer, topic, result.error)
    if (EXPLAINED.has(result.error)) answer.errorMessage = result.message
    answer.recordErrors = result.recordErrors.map(({ batchIndex, message }) => ({
      batchIndex,
      batchIndexErrorMessage: message,
    }))
  }

  private finishOne(): void {
    this.waiting -= 1
    if (this.waiting > 0) return
    if (this.request.acks !== 0) {
      this.context.reply({ responses: this.responses, throttleTimeMs: 0, nodeEndpoints: this.hints.endpoints() })
    } else if (this.failed === Errors.NONE) {
      this.context.noReply()
    } else {
      this.context.close('a produce with acks=0 failed')
    }
  }
}

function emptyAnswer(index: number): PartitionProduceResponse {
  return {
    index,
    errorCode: Errors.NONE,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: [],
    errorMessage: null,
    currentLeader: NO_LEADER,
  }
}

const NO_LEADER = Object.freeze({ leaderId: -1, leaderEpoch: -1 })

/** Entries for a partition that a later entry names again; null (nearly always) when there are none. */
function supersededPartitions(request: ProduceRequest): Set<TopicProduceData['partitionData'][number]> | null {
  const { topicData } = request
  if (topicData.length === 1 && topicData[0]?.partitionData.length === 1) return null
  const last = new Map<string, TopicProduceData['partitionData'][number]>()
  let superseded: Set<TopicProduceData['partitionData'][number]> | null = null
  for (const topic of topicData) {
    for (const data of topic.partitionData) {
      const key = `${data.index}:${topic.topicId}:${topic.name}`
      const earlier = last.get(key)
      if (earlier !== undefined) {
        superseded ??= new Set()
        superseded.add(earlier)
      }
      last.set(key, data)
    }
  }
  return superseded
}

export const produceHandler: Handler<ProduceRequest, ProduceResponse> = {
  api: Produce,
  // The log copies what is lent to it.
  borrowsRequest: true,
  handle(request, context, services) {
    new PendingProduce(request, context, services).start(services)
  },
}
