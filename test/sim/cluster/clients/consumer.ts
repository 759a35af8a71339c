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
  /** Its rack: it reads from a replica there as soon as a leader names one (KIP-392). Empty = it has none. */
  readonly rackId: string
}

const FETCH_VERSION = 12
const SLACK_MS = 3_000
const RETRY_MS = 50
const CATCH_UP_BYTES = 1_000_000
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
  /** The follower that the leader sent it to; -1 = none. */
  replica: number
}

/** A reading as it was when it was asked about. */
interface Asked extends Reading {
  readonly reading: Reading
}

export class SimConsumer {
  readonly #client: SimClient
  readonly #options: ConsumerOptions
  readonly #readings: readonly Reading[]
  /** Records read. */
  records = 0
  readonly #busy = new Set<number>()
  /** It will look again in a while. */
  #isDue = false
  #maxBytes: number

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#maxBytes = options.maxBytes
    this.#client = new SimClient(options)
    this.#readings = options.partitions.map((history) => ({
      history,
      position: 0,
      highWatermark: -1,
      epoch: -1,
      replica: -1,
    }))
  }

  start(): void {
    this.#poll()
  }

  /** Takes larger bites: one that reads little at a time over a slow network would need minutes for what is left. */
  catchUp(): void {
    this.#maxBytes = CATCH_UP_BYTES
  }

  /** Where it stands in a partition; -1 when it does not read it. */
  positionOf(history: PartitionHistory): number {
    return this.#readings.find((reading) => reading.history === history)?.position ?? -1
  }

  /** One fetch for each broker that has something for it and is not asked already. */
  #poll(): void {
    const byBroker = new Map<number, Reading[]>()
    let isMissing = false
    for (const reading of this.#readings) {
      if (reading.history.isDeleted) continue
      const { leader, epoch } = this.#client.leaderOf(reading.history.topic, reading.history.index)
      if (epoch > reading.epoch) {
        reading.epoch = epoch
        reading.highWatermark = -1
      }
      const broker = reading.replica >= 0 ? reading.replica : leader
      if (this.#client.broker(broker) === null) isMissing = true
      else byBroker.set(broker, [...(byBroker.get(broker) ?? []), reading])
    }
    for (const [broker, readings] of byBroker) if (!this.#busy.has(broker)) this.#fetch(broker, readings)
    if (!isMissing) return
    // A replica may be preferred of which this client has not heard.
    this.#client.refresh()
    this.#pollLater()
  }

  #pollLater(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#client.after(RETRY_MS, () => {
      this.#isDue = false
      this.#poll()
    })
  }

  #fetch(broker: number, readings: readonly Reading[]): void {
    this.#busy.add(broker)
    const asked = readings.map((reading) => ({ ...reading, reading }))
    const message = this.#request(asked)
    const { maxWaitMs } = this.#options
    this.#client.broker(broker)!.request(Fetch, FETCH_VERSION, message, maxWaitMs + SLACK_MS, (response) => {
      this.#busy.delete(broker)
      const isGood = response !== null && this.#take(response, asked)
      if (response === null) for (const reading of readings) this.#doubt(reading)
      if (isGood) this.#poll()
      else this.#pollLater()
    })
  }

  #request(asked: readonly Asked[]) {
    const { maxWaitMs } = this.#options
    const maxBytes = this.#maxBytes
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
      topics: asked.map(({ history, position, epoch }) => ({
        topic: history.topic,
        topicId: '',
        partitions: [
          {
            partition: history.index,
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
      rackId: this.#options.rackId,
    }
  }

  /** False when something went wrong with any of them. */
  #take(response: FetchResponse, asked: readonly Asked[]): boolean {
    let isGood = response.errorCode === Errors.NONE
    for (const { topic, partitions } of response.responses) {
      for (const data of partitions) {
        const found = asked.find(({ history }) => history.topic === topic && history.index === data.partitionIndex)
        must(found !== undefined, 'wire', () => `a fetch is answered with ${topic}-${data.partitionIndex}, unasked`)
        if (found.history.isDeleted) continue
        if (data.errorCode === Errors.NONE) this.#read(found, data)
        else {
          isGood = false
          this.#failed(found, data)
        }
      }
    }
    return isGood
  }

  #read(
    { reading, position, epoch, replica }: Asked,
    { records, highWatermark, preferredReadReplica }: PartitionData,
  ): void {
    const { history } = reading
    if (preferredReadReplica >= 0) reading.replica = preferredReadReplica
    // A follower hears of the high watermark later than its leader does, and another follower later still.
    if (epoch === reading.epoch && replica < 0) {
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

  #failed({ reading, position, epoch, replica }: Asked, { errorCode }: PartitionData): void {
    const { history } = reading
    if (errorCode === Errors.OFFSET_OUT_OF_RANGE && position < history.deletedBelow) {
      reading.position = Math.max(reading.position, history.deletedBelow)
      return
    }
    // A follower may not have yet what its leader has given out.
    const isBehind = replica >= 0 && errorCode === Errors.OFFSET_OUT_OF_RANGE
    must(PASSING.has(errorCode) || isBehind, 'R1', () => {
      return `${history.name} in epoch ${epoch} answers a fetch of ${position}, where a consumer stands, with ${errorName(errorCode)}`
    })
    this.#doubt(reading)
  }

  /** Back to the leader, whoever that is. */
  #doubt(reading: Reading): void {
    reading.replica = -1
    this.#client.doubt(reading.history.topic, reading.history.index)
  }
}
