/**
 * Produce (key 0). Versions 3 to 13 are served, 0 is advertised (W5: librdkafka before 2.4 silently stops compressing
 * below that). 7: zstd; 8: record errors (KIP-467); 10: leader hints (KIP-951); 13: topic ids (KIP-516).
 * A partition named twice in one request: the last one counts, as in Kafka. acks=0 has no reply (W21); a failure then
 * closes the connection, which is the only way to tell the producer.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { codecId, HEADER_BYTES, isTransactional } from '../../proto/kafka/batch/header.ts'
import type {
  PartitionProduceData,
  PartitionProduceResponse,
  ProduceRequest,
  ProduceResponse,
  TopicProduceData,
  TopicProduceResponse,
} from '../../proto/kafka/generated/00-produce.ts'
import { Produce } from '../../proto/kafka/generated/apis.ts'
import type { AppendResult } from '../replication/api.ts'
import type { Services } from '../services.ts'
import type { Handler, RequestContext } from './handler.ts'
import { LeaderHints } from './leader-hint.ts'
import { accept, CODEC_ZSTD, emptyAnswer, explain, refuse, TOPIC_ID_VERSION, ZSTD_VERSION } from './produce/answer.ts'
import { produceSingle } from './produce/single-produce.ts'

/** Clients of this name may write to internal topics, as in Kafka. */
const ADMIN_CLIENT_ID = '__admin_client'

/** One request in flight: waits for each of its partitions, then answers once. */
class PendingProduce {
  private readonly request: ProduceRequest
  private readonly context: RequestContext<ProduceResponse>
  private readonly services: Services
  /** Null until a partition is led elsewhere. */
  private hints: LeaderHints | null = null
  private responses: TopicProduceResponse[] = NO_RESPONSES
  private waiting = 1
  private failed: ErrorCode = Errors.NONE

  constructor(request: ProduceRequest, context: RequestContext<ProduceResponse>, services: Services) {
    this.request = request
    this.context = context
    this.services = services
  }

  start(): void {
    const { topicData } = this.request
    const superseded = supersededPartitions(this.request)
    // Arrays of their final size, and loops: what grows, and what closes over something, costs memory for each request.
    this.responses = new Array<TopicProduceResponse>(topicData.length)
    for (let i = 0; i < topicData.length; i += 1) {
      this.responses[i] = this.startTopic(topicData[i] as TopicProduceData, superseded)
    }
    this.finishOne()
  }

  private startTopic(
    topic: TopicProduceData,
    superseded: ReadonlySet<PartitionProduceData> | null,
  ): TopicProduceResponse {
    const { metadata } = this.services
    const isById = this.context.apiVersion >= TOPIC_ID_VERSION
    const name = isById ? metadata.topicById(topic.topicId)?.name : topic.name
    const data = superseded === null ? topic.partitionData : topic.partitionData.filter((one) => !superseded.has(one))
    const partitionResponses = new Array<PartitionProduceResponse>(data.length)
    for (let i = 0; i < data.length; i += 1) {
      const { index, records } = data[i] as PartitionProduceData
      const answer = emptyAnswer(index)
      partitionResponses[i] = answer
      if (name === undefined) this.refuse(answer, '', Errors.UNKNOWN_TOPIC_ID)
      else this.append(name, records, answer)
    }
    return { name: topic.name, topicId: topic.topicId, partitionResponses }
  }

  private append(topic: string, records: Buffer | null, answer: PartitionProduceResponse): void {
    const refusal = this.precheck(topic, answer.index, records)
    if (refusal !== Errors.NONE || records === null) {
      this.refuse(answer, topic, refusal === Errors.NONE ? Errors.INVALID_RECORD : refusal)
      return
    }
    const found = this.services.partitions.leaderOrError(topic, answer.index)
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
  private precheck(topic: string, index: number, records: Buffer | null): ErrorCode {
    const view = this.services.metadata.topic(topic)
    if (view?.partitions[index] === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION
    const { acks } = this.request
    if (acks !== -1 && acks !== 0 && acks !== 1) return Errors.INVALID_REQUIRED_ACKS
    if (view.isInternal && this.context.clientId !== ADMIN_CLIENT_ID) return Errors.INVALID_TOPIC_EXCEPTION
    if (records === null || records.length < HEADER_BYTES) return Errors.NONE
    if (this.context.apiVersion < ZSTD_VERSION && codecId(records, 0) === CODEC_ZSTD)
      return Errors.UNSUPPORTED_COMPRESSION_TYPE
    // No transaction can be open: there is no transaction coordinator yet.
    return isTransactional(records, 0) ? Errors.INVALID_TXN_STATE : Errors.NONE
  }

  private refuse(answer: PartitionProduceResponse, topic: string, error: ErrorCode): void {
    this.hints ??= new LeaderHints(this.services.metadata)
    refuse(answer, topic, error, this.hints)
    this.failed = error
  }

  private record(answer: PartitionProduceResponse, topic: string, result: AppendResult): void {
    if (result.error === Errors.NONE) {
      accept(answer, result)
      return
    }
    this.hints ??= new LeaderHints(this.services.metadata)
    explain(answer, topic, result, this.hints)
    this.failed = result.error
  }

  private finishOne(): void {
    this.waiting -= 1
    if (this.waiting > 0) return
    if (this.request.acks !== 0) {
      const nodeEndpoints = this.hints === null ? NO_ENDPOINTS : this.hints.endpoints()
      this.context.reply({ responses: this.responses, throttleTimeMs: 0, nodeEndpoints })
    } else if (this.failed === Errors.NONE) {
      this.context.noReply()
    } else {
      this.context.close('a produce with acks=0 failed')
    }
  }
}

/** What answers begin with, and nearly all keep: never written to. */
const NO_RESPONSES: TopicProduceResponse[] = []
const NO_ENDPOINTS: ProduceResponse['nodeEndpoints'] = []

/** Entries for a partition that a later entry names again; null (nearly always) when there are none. */
function supersededPartitions(request: ProduceRequest): Set<PartitionProduceData> | null {
  const { topicData } = request
  if (topicData.length === 1 && topicData[0]?.partitionData.length === 1) return null
  const last = new Map<string, PartitionProduceData>()
  let superseded: Set<PartitionProduceData> | null = null
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
    new PendingProduce(request, context, services).start()
  },
  handleFrame: produceSingle,
}
