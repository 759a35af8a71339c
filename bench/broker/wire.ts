/** Prepared Kafka frames for the pipelined client, and one-off requests. */
import { connect } from 'node:net'
import type { Api } from '../../proto/kafka/api.ts'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { FrameSplitter, frameRequest } from '../../proto/kafka/frame.ts'
import { defaultReplicaState } from '../../proto/kafka/generated/01-fetch.ts'
import { CreateTopics, DeleteTopics, Fetch, ListOffsets, Produce } from '../../proto/kafka/generated/apis.ts'
import { readResponseHeader } from '../../proto/kafka/header.ts'
import { Reader } from '../../proto/kafka/reader.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'

/** One request on a connection of its own. */
export function ask<Request, Response>(
  port: number,
  api: Api<Request, Response>,
  version: number,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const splitter = new FrameSplitter(64 * 1024 * 1024)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`the connection closed without an answer to ${api.name}`)))
    socket.on('data', (chunk) => {
      for (const frame of splitter.push(chunk)) {
        const reader = new Reader(frame)
        readResponseHeader(reader, api, version)
        resolve(api.readResponse(reader, version))
        socket.destroy()
      }
    })
    for (const part of frameRequest(api, version, 1, 'bench', request)) socket.write(part)
  })
}

export async function createTopic(port: number, name: string, partitions: number): Promise<void> {
  await ask(port, CreateTopics, 5, {
    topics: [{ name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 10_000,
    validateOnly: false,
  })
}

export async function deleteTopic(port: number, name: string): Promise<void> {
  await ask(port, DeleteTopics, 5, { topics: [], topicNames: [name], timeoutMs: 10_000 })
}

/** A batch of `count` records with values of `valueBytes` bytes that do not compress to nothing. */
export function batchOf(count: number, valueBytes: number): Buffer {
  const records = Array.from({ length: count }, (_, index) => {
    const value = Buffer.alloc(valueBytes)
    for (let at = 0; at < valueBytes; at++) value[at] = (at * 31 + index * 17 + (at >> 3)) & 0xff
    return { timestamp: 1_700_000_000_000 + index, key: null, value, headers: [] }
  })
  return encodeBatch(records)
}

/** A produce request of one batch as one buffer; the same bytes may be sent again and again. */
export function produceFrame(topic: string, partition: number, batch: Buffer, acks: number): Buffer {
  const topicData = [{ name: topic, topicId: ZERO_UUID, partitionData: [{ index: partition, records: batch }] }]
  return Buffer.concat(
    frameRequest(Produce, 9, 7, 'bench', { transactionalId: null, acks, timeoutMs: 30_000, topicData }),
  )
}

export function fetchFrame(topic: string, partition: number, offset: number, maxBytes: number): Buffer {
  const one = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: offset,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: maxBytes,
    replicaDirectoryId: ZERO_UUID,
    highWatermark: -1,
  }
  const request = {
    clusterId: null,
    replicaId: -1,
    replicaState: defaultReplicaState,
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic, topicId: ZERO_UUID, partitions: [one] }],
    forgottenTopicsData: [],
    rackId: '',
  }
  return Buffer.concat(frameRequest(Fetch, 11, 7, 'bench', request))
}

/** Offset after the last record of a partition. */
export async function endOffset(port: number, topic: string, partition: number): Promise<number> {
  const reply = await ask(port, ListOffsets, 5, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp: -1 }] }],
    timeoutMs: 10_000,
  })
  return reply.topics[0]?.partitions[0]?.offset ?? -1
}
