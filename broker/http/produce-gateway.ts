/**
 * Records from HTTP requests, on their way to the log by the very path of the wire protocol: what concurrent requests bring
 * in one loop turn becomes one batch per partition, so that they share one append and one sync.
 */
import { maxRecordBytes } from '../../proto/kafka/batch/encode.ts'
import { HEADER_BYTES } from '../../proto/kafka/batch/header.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type {
  PartitionProduceResponse,
  ProduceRequest,
  ProduceResponse,
} from '../../proto/kafka/generated/00-produce.ts'
import { Metadata, Produce } from '../../proto/kafka/generated/apis.ts'
import { partitionForKey } from '../../proto/kafka/murmur2.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { TopicView } from '../controller/view.ts'
import { HTTP_BATCH_BYTES_MAX } from '../limits.ts'
import type { Dispatch } from './dispatch.ts'
import {
  BuilderPool,
  type GatewayRecord,
  OpenBatch,
  type ProduceDone,
  ProduceInFlight,
  type Share,
} from './produce-batches.ts'
import { kafkaProblem, type ProblemError } from './problem.ts'
import type { Placed } from './schema/records.ts'

export interface GatewayOptions {
  readonly dispatch: Dispatch
  /** Calls back once everything that this loop turn brings has been read. */
  readonly turnEnd: (work: () => void) => void
  readonly topic: (name: string) => TopicView | undefined
  /** `max.message.bytes` of a topic. */
  readonly maxBatchBytes: (topic: TopicView) => number
  /** Milliseconds a produce may wait for its acknowledgement. */
  readonly timeoutMs: number
  /** Told of records that could not be stored and whose sender had asked for no acknowledgement. */
  readonly unheardFailure: (records: number, problem: Error) => void
}

/** What one turn brings for one topic. */
interface TopicTurn {
  readonly topic: TopicView
  /** Bytes that a batch of the topic may have. */
  readonly ceilingBytes: number
  readonly batches: Map<number, OpenBatch>
  /** At most as many bytes as this are in all batches together. */
  bytes: number
}

/** What one turn brings at one level of acknowledgement: one produce request. */
interface Lane {
  readonly acks: -1 | 1
  /** By name. */
  topics: Map<string, TopicTurn>
}

const produceVersion = 12
const metadataVersion = 9

/** Errors that the records of one request may have brought on the others in their batch. */
const perRecordErrors: ReadonlySet<number> = new Set([
  Errors.INVALID_RECORD,
  Errors.MESSAGE_TOO_LARGE,
  Errors.RECORD_LIST_TOO_LARGE,
  Errors.INVALID_TIMESTAMP,
])

export class ProduceGateway {
  readonly #options: GatewayOptions
  readonly #builders = new BuilderPool()
  readonly #lanes: readonly [all: Lane, leader: Lane] = [
    { acks: -1, topics: new Map() },
    { acks: 1, topics: new Map() },
  ]
  readonly #ceilings = new WeakMap<TopicView, number>()
  #scheduled = false
  #turn = 0

  constructor(options: GatewayOptions) {
    this.#options = options
  }

  /**
   * Stores records; `settle` hears once where each of them is, in order, or what went wrong. A topic that does not exist is
   * created where that is allowed. With `acks` 0 `settle` is called as soon as the records are taken up, offsets being -1.
   */
  produce(topic: string, records: readonly GatewayRecord[], acks: -1 | 0 | 1, settle: ProduceDone): void {
    const view = this.#options.topic(topic)
    if (view !== undefined) {
      this.#place(view, records, acks, settle)
      return
    }
    this.#create(topic)
      .then((created) => this.#place(created, records, acks, settle))
      .catch((error: Error) => settle(error, []))
  }

  /** A topic nobody has heard of: asked for as a Kafka client would, which creates it where that is allowed. */
  async #create(topic: string): Promise<TopicView> {
    const request = {
      topics: [{ topicId: ZERO_UUID, name: topic }],
      allowAutoTopicCreation: true,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }
    const reply = await this.#options.dispatch(Metadata, request, metadataVersion)
    const error = reply?.topics[0]?.errorCode ?? Errors.UNKNOWN_TOPIC_OR_PARTITION
    const view = this.#options.topic(topic)
    if (view === undefined) {
      throw kafkaProblem(error === Errors.NONE ? Errors.UNKNOWN_TOPIC_OR_PARTITION : error, `topic ${topic}`)
    }
    return view
  }

  #place(view: TopicView, records: readonly GatewayRecord[], acks: -1 | 0 | 1, settle: ProduceDone): void {
    const count = view.partitions.length
    const places: Placed[] = []
    let bytes = 0
    for (const record of records) {
      const { key, partition } = record
      const chosen = partition ?? (key === null ? this.#turn % count : partitionForKey(key, count))
      if (chosen >= count) {
        const detail = `topic ${view.name} has no partition ${chosen}`
        settle(kafkaProblem(Errors.UNKNOWN_TOPIC_OR_PARTITION, detail), [])
        return
      }
      places.push({ partition: chosen, offset: -1 })
      bytes += maxRecordBytes(key, record.value, record.headers)
    }
    // Nobody hears of acks=0: the log is asked all the same, so that one request's bad record spoils no other's.
    const unheard = (problem: Error | null) => {
      if (problem !== null) this.#options.unheardFailure(records.length, problem)
    }
    const request = new ProduceInFlight(places, acks === 0 ? unheard : settle)
    this.#append(view, this.#lanes[acks === -1 ? 0 : 1], records, bytes, request)
    request.placed()
    if (acks === 0) settle(null, places)
  }

  #append(
    view: TopicView,
    lane: Lane,
    records: readonly GatewayRecord[],
    bytes: number,
    request: ProduceInFlight,
  ): void {
    const turn = this.#turnOf(view, lane, bytes)
    turn.bytes += bytes
    for (let index = 0; index < records.length; index++) {
      const record = records[index] as GatewayRecord
      const { partition } = request.places[index] as Placed
      let batch = turn.batches.get(partition)
      if (batch !== undefined && !batch.hasRoom(record, turn.ceilingBytes)) {
        // Only a request that is larger than a batch gets here, and its batches hold nobody else's records.
        this.#send(lane.acks, new Map([[view.name, { ...turn, batches: new Map([[partition, batch]]) }]]))
        batch = undefined
      }
      if (batch === undefined) {
        batch = new OpenBatch(this.#builders)
        turn.batches.set(partition, batch)
      }
      batch.append(record, request, index)
    }
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.turnEnd(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  /** Where `bytes` more of a topic go: a request that would not fit beside the others begins anew. */
  #turnOf(view: TopicView, lane: Lane, bytes: number): TopicTurn {
    const found = lane.topics.get(view.name)
    if (found !== undefined && found.bytes + bytes <= found.ceilingBytes && found.topic === view) return found
    if (found !== undefined) this.#flush()
    const batches = new Map<number, OpenBatch>()
    const turn = { topic: view, ceilingBytes: this.#ceilingOf(view), batches, bytes: HEADER_BYTES }
    lane.topics.set(view.name, turn)
    return turn
  }

  #ceilingOf(view: TopicView): number {
    let ceiling = this.#ceilings.get(view)
    if (ceiling === undefined) {
      ceiling = Math.min(HTTP_BATCH_BYTES_MAX, this.#options.maxBatchBytes(view))
      this.#ceilings.set(view, ceiling)
    }
    return ceiling
  }

  /** One produce request for each acks level, with one batch per partition. */
  #flush(): void {
    this.#turn++
    for (const lane of this.#lanes) {
      if (lane.topics.size === 0) continue
      const { topics } = lane
      lane.topics = new Map()
      this.#send(lane.acks, topics)
    }
  }

  #send(acks: -1 | 1, topics: ReadonlyMap<string, TopicTurn>): void {
    const topicData: ProduceRequest['topicData'] = []
    for (const [name, { batches }] of topics) {
      const partitionData: ProduceRequest['topicData'][number]['partitionData'] = []
      for (const [index, batch] of batches) partitionData.push({ index, records: batch.encode() })
      topicData.push({ name, topicId: ZERO_UUID, partitionData })
    }
    const request = { transactionalId: null, acks, timeoutMs: this.#options.timeoutMs, topicData }
    this.#options
      .dispatch(Produce, request, produceVersion)
      .then((reply) => this.#answer(acks, topics, reply))
      .catch((error: Error) => failAll(topics, error))
  }

  #answer(acks: -1 | 1, topics: ReadonlyMap<string, TopicTurn>, reply: ProduceResponse | null): void {
    for (const { name, partitionResponses } of reply?.responses ?? []) {
      const turn = topics.get(name)
      for (const answer of partitionResponses) {
        const batch = turn?.batches.get(answer.index)
        if (turn === undefined || batch === undefined) continue
        turn.batches.delete(answer.index)
        this.#settle(acks, turn, batch, answer)
      }
    }
    // What was asked and not answered cannot be known to be stored.
    if ([...topics.values()].some(({ batches }) => batches.size > 0)) {
      failAll(topics, kafkaProblem(Errors.UNKNOWN_SERVER_ERROR))
    }
  }

  #settle(acks: -1 | 1, turn: TopicTurn, batch: OpenBatch, answer: PartitionProduceResponse): void {
    const { errorCode } = answer
    if (errorCode === Errors.NONE) {
      batch.stored(answer.baseOffset)
      return
    }
    // The topic's limit may have become smaller since it was looked up.
    if (errorCode === Errors.MESSAGE_TOO_LARGE) this.#ceilings.delete(turn.topic)
    if (batch.shares.length > 1 && perRecordErrors.has(errorCode)) {
      // One request's bad record must not fail its neighbours: each goes again on its own.
      for (const alone of batch.split()) {
        this.#send(acks, new Map([[turn.topic.name, { ...turn, batches: new Map([[answer.index, alone]]) }]]))
      }
      return
    }
    batch.failed(problemOf(answer, batch.shares[0]))
  }
}

/** Names the record within its request, where the log says which one it is. */
function problemOf({ errorCode, errorMessage, recordErrors }: PartitionProduceResponse, share?: Share): ProblemError {
  const [first] = recordErrors
  const index = first === undefined ? undefined : share?.indexes[first.batchIndex]
  const message = first?.batchIndexErrorMessage ?? errorMessage
  return kafkaProblem(errorCode, index === undefined || message === null ? message : `record ${index}: ${message}`)
}

/** Fails what has no answer yet. */
function failAll(topics: ReadonlyMap<string, TopicTurn>, problem: Error): void {
  for (const { batches } of topics.values()) {
    for (const [partition, batch] of batches) {
      batches.delete(partition)
      batch.failed(problem)
    }
  }
}
