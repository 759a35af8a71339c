/** What the benchmarks of a cluster ask of whichever broker answers. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { CreateTopics, Metadata, Produce } from '../../proto/kafka/generated/apis.ts'
import type { MetadataResponse } from '../../proto/kafka/generated/03-metadata.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { ask } from '../broker/wire.ts'
import type { ClusterSide } from './side.ts'

/** Longest wait for a cluster to come to itself (ms). */
const PATIENCE_MS = 180_000

const RETRY_MS = 10

/** Asks again every few milliseconds, as no real client would, so that the cluster alone is measured. */
export async function eventually<T>(what: string, attempt: () => Promise<T | null>, pauseMs = RETRY_MS): Promise<T> {
  const begun = performance.now()
  for (;;) {
    const result = await attempt().catch(() => null)
    if (result !== null) return result
    if (performance.now() - begun > PATIENCE_MS) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** An attempt that hangs on a dead broker must not hold the others up. */
const ANSWER_MS = 2_000

function within<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no answer')), ANSWER_MS).unref())
  return Promise.race([work, late])
}

export function metadata(port: number, topics: readonly string[]): Promise<MetadataResponse> {
  return within(
    ask(port, Metadata, 9, {
      topics: topics.map((name) => ({ topicId: ZERO_UUID, name })),
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }),
  )
}

/** A topic with a replica on every broker; returns once all are in sync. */
export async function createReplicated(side: ClusterSide, name: string, partitions: number): Promise<void> {
  const topics = [{ name, numPartitions: partitions, replicationFactor: 3, assignments: [], configs: [] }]
  await eventually(`creating ${name}`, async () => {
    const code = await createOnce(side, { topics, timeoutMs: 30_000, validateOnly: false })
    return code === Errors.NONE || code === Errors.TOPIC_ALREADY_EXISTS ? true : null
  })
  await inSync(side, name, partitions)
}

async function createOnce(side: ClusterSide, request: Parameters<typeof CreateTopics.writeRequest>[1]) {
  for (const { port } of side.brokers()) {
    const answer = await ask(port, CreateTopics, 5, request).catch(() => null)
    const code = answer?.topics[0]?.errorCode
    if (code !== undefined && code !== Errors.NOT_CONTROLLER) return code
  }
  return Errors.NOT_CONTROLLER
}

/** Milliseconds until a new topic is acknowledged by whoever controls the cluster. */
export async function createdAt(side: ClusterSide, name: string): Promise<number> {
  const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
  await eventually(`creating ${name}`, async () => {
    const code = await within(createOnce(side, { topics, timeoutMs: 1_000, validateOnly: false }))
    return code === Errors.NONE || code === Errors.TOPIC_ALREADY_EXISTS ? true : null
  })
  return performance.now()
}

export function inSync(side: ClusterSide, topic: string, partitions: number): Promise<true> {
  return eventually(`all replicas of ${topic} in sync`, async () => {
    const answer = await metadata(side.brokers()[0]?.port ?? 0, [topic])
    const all = answer.topics[0]?.partitions ?? []
    return all.length === partitions && all.every(({ isrNodes, leaderId }) => isrNodes.length === 3 && leaderId >= 0)
      ? true
      : null
  })
}

/** One acks=all produce to whoever leads partition 0 by now. */
export async function produceOnce(side: ClusterSide, topic: string, records: Buffer): Promise<ErrorCode> {
  const ports = new Map(side.brokers().map(({ nodeId, port }) => [nodeId, port]))
  const [any] = ports.values()
  const answer = await metadata(any ?? 0, [topic])
  const leader = answer.topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === 0)?.leaderId ?? -1
  const port = ports.get(leader)
  if (port === undefined) return Errors.LEADER_NOT_AVAILABLE
  const topicData = [{ name: topic, topicId: ZERO_UUID, partitionData: [{ index: 0, records }] }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 1_500, topicData }
  const reply = await within(ask(port, Produce, 9, request))
  return reply.responses[0]?.partitionResponses[0]?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR
}

/** When the next record is acknowledged (performance.now()). */
export async function acknowledgedAt(side: ClusterSide, topic: string, records: Buffer): Promise<number> {
  await eventually(`a record in ${topic}`, async () =>
    (await produceOnce(side, topic, records)) === Errors.NONE ? true : null,
  )
  return performance.now()
}
