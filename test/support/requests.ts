/** Requests as tests need them: every field filled in, the interesting ones given. */
import { encodeBatch, type BatchOptions } from '../../proto/kafka/batch/encode.ts'
import { Fetch, Metadata, Produce } from '../../proto/kafka/generated/apis.ts'
import type { ProduceRequest, ProduceResponse } from '../../proto/kafka/generated/00-produce.ts'
import { defaultReplicaState, type FetchRequest, type FetchResponse } from '../../proto/kafka/generated/01-fetch.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { RawClient } from './raw-client.ts'

/** One uncompressed batch of `values`, keys null, at `timestamp` (now unless given). */
export function batchOf(values: readonly string[], options: BatchOptions = {}, timestamp = Date.now()): Buffer {
  return encodeBatch(
    values.map((value) => ({ key: null, value, timestamp })),
    options,
  )
}

export function produceRequest(
  topic: string,
  partition: number,
  records: Buffer | null,
  changes: Partial<ProduceRequest> & { topicId?: string } = {},
): ProduceRequest {
  const { topicId = ZERO_UUID, ...rest } = changes
  return {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topicData: [{ name: topic, topicId, partitionData: [{ index: partition, records }] }],
    ...rest,
  }
}

/** Produces and returns the answer of the one partition. */
export async function produce(
  client: RawClient,
  topic: string,
  partition: number,
  records: Buffer | null,
  changes: Parameters<typeof produceRequest>[3] & { version?: number } = {},
): Promise<ProduceResponse['responses'][0]['partitionResponses'][0]> {
  const { version = 9, ...rest } = changes
  const response = await client.request(Produce, version, produceRequest(topic, partition, records, rest))
  const answer = response.responses[0]?.partitionResponses[0]
  if (answer === undefined) throw new Error('the answer names no partition')
  return answer
}

export interface FetchOf {
  readonly topic?: string
  readonly topicId?: string
  readonly partition?: number
  readonly offset?: number
  readonly maxBytes?: number
  readonly leaderEpoch?: number
  readonly lastFetchedEpoch?: number
}

export function fetchRequest(partitions: readonly FetchOf[], changes: Partial<FetchRequest> = {}): FetchRequest {
  return {
    clusterId: null,
    replicaId: -1,
    replicaState: defaultReplicaState,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 10_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: partitions.map((asked) => ({
      topic: asked.topic ?? '',
      topicId: asked.topicId ?? ZERO_UUID,
      partitions: [
        {
          partition: asked.partition ?? 0,
          currentLeaderEpoch: asked.leaderEpoch ?? -1,
          fetchOffset: asked.offset ?? 0,
          lastFetchedEpoch: asked.lastFetchedEpoch ?? -1,
          logStartOffset: -1,
          partitionMaxBytes: asked.maxBytes ?? 1_000_000,
          replicaDirectoryId: ZERO_UUID,
          highWatermark: 0,
        },
      ],
    })),
    forgottenTopicsData: [],
    rackId: '',
    ...changes,
  }
}

export type FetchedPartition = FetchResponse['responses'][0]['partitions'][0]

/** Fetches one partition and returns its answer. */
export async function fetchOne(
  client: RawClient,
  asked: FetchOf,
  changes: Partial<FetchRequest> & { version?: number } = {},
): Promise<FetchedPartition> {
  const { version = 12, ...rest } = changes
  const response = await client.request(Fetch, version, fetchRequest([asked], rest))
  const answer = response.responses[0]?.partitions[0]
  if (answer === undefined) throw new Error(`the answer names no partition (error ${response.errorCode})`)
  return answer
}

/** The records of an answer as one buffer. */
export function recordsOf(answer: FetchedPartition): Buffer {
  const { records } = answer
  if (records === null) return Buffer.alloc(0)
  return Buffer.isBuffer(records) ? records : Buffer.concat(records)
}

/** A topic's id, through Metadata. */
export async function topicIdOf(client: RawClient, name: string): Promise<string> {
  const response = await client.request(Metadata, 12, {
    topics: [{ name, topicId: ZERO_UUID }],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  return response.topics[0]?.topicId ?? ZERO_UUID
}
