/** A consumer of assigned partitions: reads each from its start, in order, and notes what it sees. */
import { Errors, errorName } from '../../../../proto/kafka/errors.ts'
import { decodeBatches, type RecordCursor } from '../../../../proto/kafka/batch/decode.ts'
import { Fetch } from '../../../../proto/kafka/generated/apis.ts'
import type { FetchResponse, PartitionData } from '../../../../proto/kafka/generated/01-fetch.ts'
import { type PartitionHistory, recordId } from '../history.ts'
import { must } from '../../log/violation.ts'
import { type ClientOptions, SimClient } from './client.ts'

export interface ConsumerOptions extends ClientOptions {
  readonly partitions: readonly PartitionHistory[]
  readonly maxWaitMs: number
  readonly maxBytes: number
}

const FETCH_VERSION = 12
const SLACK_MS = 3_000
const RETRY_MS = 50
const PASSING: ReadonlySet<number> = new Set([
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.FENCED_LEADER_EPOCH,
  Errors.UNKNOWN_LEADER_EPOCH,
  Errors.OFFSET_NOT_AVAILABLE,
  Errors.KAFKA_STORAGE_ERROR,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
  Errors.LEADER_NOT_AVAILABLE,
  Errors.REPLICA_NOT_AVAILABLE,
])

interface Reading {
  readonly history: PartitionHistory
  position: number
  /** What the leader of an epoch last said. */
  highWatermark: number
  epoch: number
}

export class SimConsumer {
  readonly #client: SimClient
  readonly #options: ConsumerOptions
  readonly #readings: readonly Reading[]
  /** Records read. */
  records = 0
  readonly #busy = new Set<number>()

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#client = new SimClient(options)
    this.#readings = options.partitions.map((history) => ({ history, position: 0, highWatermark: -1, epoch: -1 }))
  }

  start(): void {
    this.#poll()
  }

  /** Where it stands in a partition; -1 when it does not read it. */
  positionOf(history: PartitionHistory): number {
    return this.#readings.find((reading) => reading.history === history)?.position ?? -1
  }

  /** One fetch for each broker that leads something and is not asked already. */
  #poll(): void {
    const byLeader = new Map<number, Reading[]>()
    let isMissing = false
    for (const reading of this.#readings) {
      if (reading.history.isDeleted) continue
      const { leader, epoch } = this.#client.leaderOf(reading.history.topic, reading.history.index)
      if (epoch > reading.epoch) {
        reading.epoch = epoch
        reading.highWatermark = -1
      }
      if (this.#client.broker(leader) === null) isMissing = true
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), reading])
    }
    for (const [leader, readings] of byLeader) if (!this.#busy.has(leader)) this.#fetch(leader, readings)
    if (isMissing) this.#client.after(RETRY_MS, () => this.#poll())
  }

  #fetch(leader: number, readings: readonly Reading[]): void {
    this.#busy.add(leader)
    const asked = readings.map((reading) => ({ reading, position: reading.position, epoch: reading.epoch }))
    const message = this.#request(asked)
    const { maxWaitMs } = this.#options
    this.#client.broker(leader)!.request(Fetch, FETCH_VERSION, message, maxWaitMs + SLACK_MS, (response) => {
      this.#busy.delete(leader)
      const isGood = response !== null && this.#take(response, asked)
      if (response === null) for (const { history } of readings) this.#client.doubt(history.topic, history.index)
      if (isGood) this.#poll()
      else this.#client.after(RETRY_MS, () => this.#poll())
    })
  }

  #request(asked: readonly { reading: Reading; position: number; epoch: number }[]) {
    const { maxBytes, maxWaitMs } = this.#options
    return {
      clusterId: null,
      replicaId: -1,
      replicaState: { replicaId: -1, replicaEpoch: -1 },
      maxWaitMs,
      minBytes: 1,
      maxBytes,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: asked.map(({ reading, position, epoch }) => ({
        topic: reading.history.topic,
        topicId: '',
        partitions: [
          {
            partition: reading.history.index,
            currentLeaderEpoch: epoch,
            fetchOffset: position,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes: maxBytes,
            replicaDirectoryId: '',
            highWatermark: 0,
          },
        ],
      })),
      forgottenTopicsData: [],
      rackId: '',
    }
  }

  /** False when something went wrong with any of them. */
  #take(response: FetchResponse, asked: readonly { reading: Reading; position: number; epoch: number }[]): boolean {
    let isGood = response.errorCode === Errors.NONE
    for (const { topic, partitions } of response.responses) {
      for (const data of partitions) {
        const found = asked.find(
          ({ reading: { history } }) => history.topic === topic && history.index === data.partitionIndex,
        )
        must(found !== undefined, 'wire', () => `a fetch is answered with ${topic}-${data.partitionIndex}, unasked`)
        const { reading, position, epoch } = found
        if (reading.history.isDeleted) continue
        if (data.errorCode === Errors.NONE) this.#read(reading, position, epoch, data)
        else {
          isGood = false
          this.#failed(reading, position, epoch, data)
        }
      }
    }
    return isGood
  }

  #read(reading: Reading, position: number, epoch: number, { records, highWatermark }: PartitionData): void {
    const { history } = reading
    if (epoch === reading.epoch) {
      must(highWatermark >= reading.highWatermark, 'R7', () => {
        return `${history.name} in epoch ${epoch} says its high watermark is ${highWatermark}, and said ${reading.highWatermark} before`
      })
      reading.highWatermark = highWatermark
    }
    if (records === null || position !== reading.position) return
    for (const batch of decodeBatches(records)) {
      must(batch.lastOffset < highWatermark, 'consumer-limit', () => {
        return `${history.name} gives offset ${batch.lastOffset} to a consumer, and its high watermark is ${highWatermark}`
      })
      if (batch.isControl || batch.lastOffset < reading.position) continue
      this.#readRecords(reading, batch.records())
    }
  }

  #readRecords(reading: Reading, cursor: RecordCursor): void {
    const { history } = reading
    while (cursor.advance()) {
      const { offset, buffer, valueStart, valueLength } = cursor
      if (offset < reading.position) continue
      must(offset === reading.position, 'P6', () => `${history.name} goes from ${reading.position} to ${offset}`)
      must(valueLength >= 8, 'P-value', () => `${history.name} offset ${offset} has a value of ${valueLength} bytes`)
      history.read(offset, recordId(buffer.readUInt32BE(valueStart), buffer.readUInt32BE(valueStart + 4)))
      reading.position = offset + 1
      this.records++
    }
  }

  #failed({ history }: Reading, position: number, epoch: number, { errorCode }: PartitionData): void {
    must(PASSING.has(errorCode), 'R1', () => {
      return `${history.name} in epoch ${epoch} answers a fetch of ${position}, where a consumer stands, with ${errorName(errorCode)}`
    })
    this.#client.doubt(history.topic, history.index)
  }
}
