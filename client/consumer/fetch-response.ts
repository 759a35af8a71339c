import { Errors, errorInfo } from '../../proto/kafka/errors.ts'
import type { FetchResponse, PartitionData } from '../../proto/kafka/generated/01-fetch.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { isStaleMetadata } from '../cluster/stale.ts'
import { KafkaError, type MillraceError } from '../errors.ts'
import type { FrameMemory } from '../network/frame-memory.ts'
import type { ConsumerConfig } from './config.ts'
import { FetchedBatch } from './fetched-batch.ts'
import { FrameLease } from './frame-lease.ts'
import type { PartitionState } from './partition-state.ts'
import { scanBatches } from './scan.ts'

/** A partition as it was asked for. */
export interface FetchedPartition {
  readonly state: PartitionState
  readonly version: number
  readonly offset: number
}

/** What came of one partition: records, a failure for the application, or neither. */
export interface PartitionOutcome {
  readonly batch?: FetchedBatch<unknown, unknown, string>
  readonly error?: MillraceError
  /** Leave the partition alone for a moment. */
  readonly pause?: boolean
}

const NOTHING: PartitionOutcome = {}

/** Finds each partition's part of an answer; topics go by name or by id. */
export function answersByPartition(
  response: FetchResponse,
  cluster: Cluster,
): (state: PartitionState) => PartitionData | undefined {
  const answers = new Map<string, PartitionData>()
  for (const topic of response.responses) {
    for (const answer of topic.partitions)
      answers.set(`${topic.topicId}${topic.topic} ${answer.partitionIndex}`, answer)
  }
  return ({ topic, partition }) =>
    answers.get(`${ZERO_UUID}${topic} ${partition}`) ??
    answers.get(`${cluster.metadata.topic(topic)?.id ?? ''} ${partition}`)
}

/** Takes in one partition's answer; moves its fetch offset on. */
export function takeAnswer(
  asked: FetchedPartition,
  answer: PartitionData,
  cluster: Cluster,
  config: ConsumerConfig,
  lease: FrameLease | undefined,
): PartitionOutcome {
  const { state } = asked
  if (answer.errorCode !== Errors.NONE) return takeError(asked, answer, cluster)
  state.failures = 0
  state.highWatermark = config.isReadCommitted ? answer.lastStableOffset : answer.highWatermark
  if (answer.preferredReadReplica >= 0) {
    state.preferredReplica = answer.preferredReadReplica
    state.preferredUntilMs = Date.now() + cluster.config.metadataMaxAgeMs
  }
  const buffer = joined(answer.records)
  if (buffer.length === 0) return NOTHING
  const scan = scanBatches(buffer, asked.offset, {
    place: state.name,
    checkCrcs: config.checkCrcs,
    aborted: config.isReadCommitted ? (answer.abortedTransactions ?? []) : null,
  })
  state.fetchOffset = scan.nextOffset
  const { highWatermark } = state
  const fetched = { ...scan, buffer, from: asked.offset, highWatermark, lease: lease?.hold() }
  return { batch: new FetchedBatch(state.descriptor, state.partition, fetched) }
}

/** A lease on the memory that the answer's batches lie in; undefined if it is not to be used again. */
export function leaseOf(response: FetchResponse, memory: FrameMemory): FrameLease | undefined {
  for (const topic of response.responses) {
    for (const { records } of topic.partitions) {
      if (!Buffer.isBuffer(records) || records.length === 0) continue
      return memory.owns(records) ? new FrameLease(memory, records.buffer as ArrayBuffer) : undefined
    }
  }
  return undefined
}

function takeError({ state }: FetchedPartition, answer: PartitionData, cluster: Cluster): PartitionOutcome {
  const code = answer.errorCode
  const isFromFollower = state.preferredReplica >= 0
  state.preferredReplica = -1
  if (code === Errors.OFFSET_OUT_OF_RANGE) {
    // A follower may lag behind: only the leader's word makes the offset invalid.
    if (!isFromFollower) state.loseOffset()
    return NOTHING
  }
  if (isStaleMetadata(code)) {
    const { leaderId, leaderEpoch } = answer.currentLeader
    if (cluster.metadata.moveLeader(state.topic, state.partition, leaderId, leaderEpoch)) return NOTHING
    cluster.refreshSoon()
    return { pause: true }
  }
  const info = errorInfo(code)
  if (info.retriable || code === Errors.UNKNOWN_SERVER_ERROR) return { pause: true }
  return { error: new KafkaError(code, `fetch ${state.name}`) }
}

function joined(records: Buffer | readonly Buffer[] | null): Buffer {
  if (records === null) return Buffer.alloc(0)
  return Buffer.isBuffer(records) ? records : Buffer.concat(records)
}
