import { type ErrorCode, Errors, errorInfo } from '../../proto/kafka/errors.ts'
import type { PartitionProduceResponse, ProduceResponse } from '../../proto/kafka/generated/00-produce.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { isStaleMetadata } from '../cluster/stale.ts'
import { KafkaError, type MillraceError } from '../errors.ts'
import { backoffMs } from '../timing.ts'
import type { Batch } from './batch.ts'
import type { ProducerConfig } from './config.ts'
import type { ProducerIdentity } from './identity.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { Outgoing, SendOutcome } from './sender.ts'
import { splitBatch } from './split.ts'

type Verdict = 'acknowledged' | 'retry' | 'new-epoch' | 'new-id' | 'split' | 'failed'

/**
 * Answers after which the batch may be in the log: who waited for replicas when leadership moved is told so, too. After
 * others, but those of `isUnseen`, there is still no telling of an earlier attempt.
 */
const mayBeAppended: ReadonlySet<ErrorCode> = new Set([
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.REQUEST_TIMED_OUT,
  Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  Errors.KAFKA_STORAGE_ERROR,
  Errors.UNKNOWN_SERVER_ERROR,
  Errors.NETWORK_EXCEPTION,
])

/** Answers of a broker that has looked for the batch and does not have it. */
function isUnseen(code: ErrorCode): boolean {
  return code === Errors.OUT_OF_ORDER_SEQUENCE_NUMBER || code === Errors.UNKNOWN_PRODUCER_ID
}

/** Called when a batch is acknowledged or given up; halves of a split batch are not reported, the whole is. */
export type BatchDone = (queue: PartitionQueue, batch: Batch, baseOffset: number, error?: MillraceError) => void

/**
 * Decides what becomes of a batch that was sent: done, sent again, renumbered or given up. The rules of the idempotent
 * producer are here (KIP-98, KIP-360): a gap in the sequence that nothing older can close starts a new epoch.
 */
export class Delivery implements SendOutcome {
  readonly #cluster: Cluster
  readonly #config: ProducerConfig
  readonly #identity: ProducerIdentity
  readonly #done: BatchDone

  constructor(cluster: Cluster, config: ProducerConfig, identity: ProducerIdentity, done: BatchDone) {
    this.#cluster = cluster
    this.#config = config
    this.#identity = identity
    this.#done = done
  }

  answered(sent: Outgoing, answer: PartitionProduceResponse, response: ProduceResponse): void {
    const { queue, batch } = sent
    const verdict = batch.isDone ? 'acknowledged' : this.#judge(answer.errorCode, sent)
    if (mayBeAppended.has(answer.errorCode)) batch.isUncertain = true
    else if (isUnseen(answer.errorCode)) batch.isUncertain = false
    if (verdict === 'acknowledged') {
      queue.remove(batch)
      queue.failures = 0
      if (!batch.isDone || answer.errorCode === Errors.NONE) queue.knownAtMs = Date.now()
      if (!batch.isDone) this.#done(queue, batch, answer.errorCode === Errors.NONE ? answer.baseOffset : -1)
      return
    }
    // A leader that its followers do not answer may have been replaced without its knowing.
    if (answer.errorCode === Errors.REQUEST_TIMED_OUT) this.#cluster.refreshSoon()
    const hasNewLeader = isStaleMetadata(answer.errorCode) && this.#noteLeader(queue, answer, response)
    if (verdict === 'failed') this.#fail(sent, produceError(queue, answer))
    else if (verdict === 'split') this.#split(sent)
    else queue.sendAgain(batch)
    if (verdict === 'new-epoch') queue.isBumpWanted = true
    if (verdict === 'new-id') {
      this.#identity.reject(queue.producerId)
      queue.disown()
    }
    if (verdict === 'retry' && !hasNewLeader) this.#pause(queue)
  }

  lost(sent: Outgoing, error: MillraceError): void {
    const { queue, batch } = sent
    if (batch.isDone) {
      queue.remove(batch)
    } else if (error.retriable) {
      batch.isUncertain = true
      queue.sendAgain(batch)
      this.#pause(queue)
    } else {
      this.#fail(sent, error)
    }
  }

  untold({ queue, batch }: Outgoing): void {
    queue.remove(batch)
    this.#done(queue, batch, -1)
  }

  #judge(code: ErrorCode, { queue, batch }: Outgoing): Verdict {
    if (code === Errors.NONE || code === Errors.DUPLICATE_SEQUENCE_NUMBER) return 'acknowledged'
    if ((code === Errors.MESSAGE_TOO_LARGE || code === Errors.RECORD_LIST_TOO_LARGE) && batch.count > 1) return 'split'
    if (this.#config.idempotent) {
      if (isUnseen(code)) return queue.isHead(batch) ? 'new-epoch' : 'retry'
      if (code === Errors.INVALID_PRODUCER_EPOCH || code === Errors.INVALID_PRODUCER_ID_MAPPING) return 'new-id'
    }
    return errorInfo(code).retriable ? 'retry' : 'failed'
  }

  /** The broker refused it: the sequence has a gap where it was, which a new epoch closes. */
  #fail({ queue, batch }: Outgoing, error: MillraceError): void {
    queue.remove(batch)
    queue.isBumpWanted = this.#config.idempotent
    this.#done(queue, batch, -1, error)
  }

  #split({ queue, batch }: Outgoing): void {
    queue.remove(batch)
    queue.isBumpWanted = this.#config.idempotent
    const halves = splitBatch(batch, () => {
      const error = halves[0].error ?? halves[1].error
      this.#done(queue, batch, halves[0].baseOffset, error)
    })
    for (const half of halves) queue.sendAgain(half)
  }

  /** A leader named in the answer (KIP-951) saves the pause and the metadata request. True if one was. */
  #noteLeader(queue: PartitionQueue, answer: PartitionProduceResponse, response: ProduceResponse): boolean {
    const { leaderId, leaderEpoch } = answer.currentLeader
    for (const { nodeId, host, port, rack } of response.nodeEndpoints) {
      this.#cluster.metadata.addBroker({ id: nodeId, host, port, rack })
    }
    if (this.#cluster.metadata.moveLeader(queue.topic, queue.partition, leaderId, leaderEpoch)) return true
    this.#cluster.refreshSoon()
    return false
  }

  #pause(queue: PartitionQueue): void {
    const { retryBackoffMs, retryBackoffMaxMs } = this.#cluster.config
    queue.mutedUntilMs = Date.now() + backoffMs(queue.failures, retryBackoffMs, retryBackoffMaxMs)
    queue.failures++
  }
}

function produceError(queue: PartitionQueue, answer: PartitionProduceResponse): KafkaError {
  const first = answer.recordErrors[0]
  const detail = first?.batchIndexErrorMessage ?? answer.errorMessage
  const where = first === undefined ? '' : ` record ${first.batchIndex} of its batch`
  return new KafkaError(answer.errorCode, `${queue.topic}[${queue.partition}]${where}`, detail)
}
