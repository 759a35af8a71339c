/** A producer: batches at a steady rate, idempotent or not, retried until answered or given up. */
import { Errors, errorName } from '../../../../proto/kafka/errors.ts'
import { BatchBuilder } from '../../../../proto/kafka/batch/encode.ts'
import { InitProducerId, Produce } from '../../../../proto/kafka/generated/apis.ts'
import type { ProduceResponse } from '../../../../proto/kafka/generated/00-produce.ts'
import type { History, PartitionHistory, SentBatch, Writer } from '../history.ts'
import { must } from '../../log/violation.ts'
import { SimClient, type ClientOptions } from './client.ts'
import type { NoAnswer } from './wire.ts'

export interface ProducerOptions extends ClientOptions {
  readonly history: History
  readonly partitions: readonly PartitionHistory[]
  readonly isIdempotent: boolean
  readonly acks: number
  /** Pause between two batches (ms), on average. */
  readonly intervalMs: number
  readonly batchRecords: number
  readonly valueBytes: number
  /** Requests for one partition that are on the way at once. */
  readonly inFlightMax: number
}

const PRODUCE_VERSION = 9
const INIT_VERSION = 4
const REQUEST_TIMEOUT_MS = 3_000
const ACKS_TIMEOUT_MS = 2_000
const RETRY_MS = 50
/** A batch that is this old is given up. */
const DELIVERY_MS = 15_000
/** Batches that wait per partition; while there are so many, no more are made. */
const QUEUE_MAX = 8
/** Brokers remember so many batches of a producer: who sends more beyond one that is in doubt cannot send that again. */
const REMEMBERED_BATCHES = 5
const NO_PRODUCER = { id: -1, epoch: -1, session: 0 }

/** Answers after which the batch may or may not be in the log. */
const maybeWritten: ReadonlySet<number> = new Set([
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.REQUEST_TIMED_OUT,
  Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  Errors.KAFKA_STORAGE_ERROR,
])
/** Answers that say that it is not. */
const notWritten: ReadonlySet<number> = new Set([
  Errors.NOT_ENOUGH_REPLICAS,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
  Errors.LEADER_NOT_AVAILABLE,
])

interface Outgoing {
  readonly sent: SentBatch
  readonly data: Buffer
  readonly sequence: number
  /** Its place among the batches of its lane. */
  readonly ordinal: number
  readonly madeAtMs: number
  mayBeWritten: boolean
}

/** What waits for one partition, in order of sequence. */
interface Lane {
  readonly history: PartitionHistory
  nextSequence: number
  nextOrdinal: number
  /** The session in which a batch was last acknowledged: the broker knows the producer. */
  knownSession: number
  /** The first `inFlight` of them are on the way. */
  queue: Outgoing[]
  inFlight: number
  /** Something on the way failed: it is sent again once nothing is on the way any more. */
  isRetrying: boolean
}

export class SimProducer {
  readonly writer: Writer
  readonly #client: SimClient
  readonly #options: ProducerOptions
  readonly #lanes: readonly Lane[]
  readonly #builder: BatchBuilder
  /** Who wrote the record, its number, and padding: the builder copies it. */
  readonly #value: Buffer
  #producer = NO_PRODUCER
  #isAskingId = false
  #nextNumber = 0
  #isStopped = false
  /** Records acknowledged. */
  acknowledged = 0

  constructor(options: ProducerOptions) {
    this.#options = options
    this.#client = new SimClient(options)
    this.writer = options.history.newWriter(options.isIdempotent, options.acks)
    this.#lanes = options.partitions.map((history) => ({
      history,
      nextSequence: 0,
      nextOrdinal: 0,
      knownSession: -1,
      queue: [],
      inFlight: 0,
      isRetrying: false,
    }))
    this.#builder = new BatchBuilder(options.batchRecords * (options.valueBytes + 16) + 100)
    this.#value = Buffer.alloc(options.valueBytes)
    this.#value.writeUInt32BE(this.writer.id, 0)
    if (!options.isIdempotent) this.#producer = { ...NO_PRODUCER, session: options.history.newSession() }
  }

  start(): void {
    const { random, intervalMs } = { ...this.#options }
    this.#client.after(random.between(1, intervalMs * 2), () => this.#produce())
  }

  /** Makes no more batches. */
  stop(): void {
    this.#isStopped = true
  }

  /** Whether every batch has its fate. */
  get isIdle(): boolean {
    return this.#lanes.every(({ queue }) => queue.length === 0)
  }

  #produce(): void {
    if (this.#isStopped) return
    this.start()
    if (this.#producer.session === 0) return this.#askId()
    const lane = this.#options.random.pick(this.#lanes)
    if (lane.queue.length >= QUEUE_MAX) return
    lane.queue.push(this.#newBatch(lane))
    this.#pump(lane)
  }

  #newBatch(lane: Lane): Outgoing {
    const { batchRecords } = this.#options
    const { id, epoch, session } = this.#producer
    const firstNumber = this.#nextNumber
    const timestamp = this.#client.process.clock.now()
    this.#nextNumber += batchRecords
    for (let i = 0; i < batchRecords; i++) {
      this.#value.writeUInt32BE(firstNumber + i, 4)
      this.#builder.append(null, this.#value, [], timestamp)
    }
    const isIdempotent = id >= 0
    const sequence = isIdempotent ? lane.nextSequence : -1
    const data = this.#builder.build({ producerId: id, producerEpoch: epoch, baseSequence: sequence })
    lane.nextSequence += batchRecords
    const sent = lane.history.sent(this.writer, session, firstNumber, batchRecords)
    return { sent, data, sequence, ordinal: lane.nextOrdinal++, madeAtMs: this.#client.nowMs, mayBeWritten: false }
  }

  #pump(lane: Lane): void {
    if (lane.isRetrying) return
    this.#giveUpOld(lane)
    while (lane.inFlight < this.#options.inFlightMax && lane.inFlight < lane.queue.length) {
      const { topic, index } = lane.history
      const { leader } = this.#client.leaderOf(topic, index)
      const wire = this.#client.broker(leader)
      if (wire === null) return this.#retryLater(lane)
      const next = lane.queue[lane.inFlight]!
      if (next.ordinal >= lane.queue[0]!.ordinal + REMEMBERED_BATCHES) return
      lane.inFlight++
      const message = {
        transactionalId: null,
        acks: this.#options.acks,
        timeoutMs: ACKS_TIMEOUT_MS,
        topicData: [{ name: topic, topicId: '', partitionData: [{ index, records: next.data }] }],
      }
      if (this.#options.acks === 0) {
        wire.request(Produce, PRODUCE_VERSION, message, REQUEST_TIMEOUT_MS, null)
        lane.inFlight--
        this.#finish(lane, next, 'unknown')
        continue
      }
      wire.request(Produce, PRODUCE_VERSION, message, REQUEST_TIMEOUT_MS, (response, why) => {
        this.#answered(lane, next, response, why)
      })
    }
  }

  #answered(lane: Lane, batch: Outgoing, response: ProduceResponse | null, why: NoAnswer | null): void {
    lane.inFlight--
    const answer = response?.responses[0]?.partitionResponses[0]
    const error = answer?.errorCode ?? -1
    if (error === Errors.NONE || error === Errors.DUPLICATE_SEQUENCE_NUMBER) {
      this.acknowledged += batch.sent.count
      lane.knownSession = batch.sent.session
      lane.history.acknowledged(batch.sent, answer?.baseOffset ?? -1)
      this.#finish(lane, batch, 'ok')
    } else {
      if (maybeWritten.has(error) || why === 'unknown') batch.mayBeWritten = true
      if (response !== null) this.#refused(lane, batch, error)
      lane.isRetrying ||= lane.queue.includes(batch)
      this.#client.doubt(lane.history.topic, lane.history.index)
    }
    if (lane.inFlight > 0) return
    if (lane.isRetrying) this.#retryLater(lane)
    else this.#pump(lane)
  }

  /** The broker said no, for a reason that a retry may not cure. */
  #refused(lane: Lane, batch: Outgoing, error: number): void {
    if (maybeWritten.has(error) || notWritten.has(error)) return
    if (error === Errors.OUT_OF_ORDER_SEQUENCE_NUMBER) {
      // The one before it may be on its way again; but when all before it were acknowledged, the broker forgot them.
      if (lane.queue[0] !== batch) return
      // Of a producer that a broker does not know, it takes any sequence as the first, as Kafka does.
      const isKnown = batch.sequence > 0 && lane.knownSession === batch.sent.session && !lane.history.isDeleted
      must(!isKnown, 'P-sequence', () => {
        const { firstNumber, writer } = batch.sent
        return `${lane.history.name} refuses record ${firstNumber} of writer ${writer.id} as out of order, and all before it were acknowledged`
      })
    } else {
      must(this.#isExpected(error), 'P-error', () => `${lane.history.name} answers a produce with ${errorName(error)}`)
    }
    this.#giveUp(lane)
  }

  #isExpected(error: number): boolean {
    return error === Errors.INVALID_PRODUCER_EPOCH || error === Errors.UNKNOWN_PRODUCER_ID
  }

  #retryLater(lane: Lane): void {
    lane.isRetrying = true
    this.#client.after(RETRY_MS, () => {
      lane.isRetrying = false
      this.#pump(lane)
    })
  }

  #finish(lane: Lane, batch: Outgoing, fate: 'ok' | 'unknown' | 'fail'): void {
    batch.sent.fate = fate
    const index = lane.queue.indexOf(batch)
    if (index >= 0) lane.queue.splice(index, 1)
  }

  #giveUpOld(lane: Lane): void {
    const [first] = lane.queue
    if (lane.inFlight === 0 && first !== undefined && this.#client.nowMs - first.madeAtMs > DELIVERY_MS)
      this.#giveUp(lane)
  }

  /** An idempotent producer that gives up a batch cannot go on with the next: it begins anew. */
  #giveUp(lane: Lane): void {
    // What is on its way may arrive yet.
    const isOver = lane.inFlight === 0
    for (const batch of [...lane.queue]) this.#finish(lane, batch, isOver && !batch.mayBeWritten ? 'fail' : 'unknown')
    if (!this.#options.isIdempotent) return
    lane.nextSequence = 0
    this.#producer = NO_PRODUCER
  }

  #askId(): void {
    if (this.#isAskingId || this.#lanes.some(({ queue }) => queue.length > 0)) return
    this.#isAskingId = true
    const message = {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
      producerId: -1,
      producerEpoch: -1,
      enable2Pc: false,
      keepPreparedTxn: false,
    }
    this.#client.anyBroker().request(InitProducerId, INIT_VERSION, message, REQUEST_TIMEOUT_MS, (response) => {
      this.#isAskingId = false
      if (response === null || response.errorCode !== Errors.NONE) return
      for (const lane of this.#lanes) lane.nextSequence = 0
      this.#producer = {
        id: response.producerId,
        epoch: response.producerEpoch,
        session: this.#options.history.newSession(),
      }
      must(this.#options.history.takeProducerId(response.producerId, response.producerEpoch), 'producer-id', () => {
        return `producer id ${response.producerId} was given out twice`
      })
    })
  }
}
