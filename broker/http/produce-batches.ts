/** Batches as they gather the records of several requests, and requests as they wait for several batches. */
import { decodeBatch } from '../../proto/kafka/batch/decode.ts'
import { BatchBuilder, maxRecordBytes, type RecordHeaderInput } from '../../proto/kafka/batch/encode.ts'
import { partialProblem, ProblemError } from './problem.ts'
import type { Placed } from './schema/records.ts'

export interface GatewayRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeaderInput[]
  /** Null = chosen by key, else the one that records without a key get in this turn. */
  readonly partition: number | null
  readonly timestampMs: number
}

/** Hears once of a request: where its records are (-1 = not acknowledged), and what went wrong, if anything did. */
export type ProduceDone = (problem: Error | null, places: Placed[]) => void

/** One request: its records may be spread over several batches. */
export class ProduceInFlight {
  /** One for each record; the offsets come as batches are answered. */
  readonly places: Placed[]
  readonly #done: ProduceDone
  /** Batches not answered yet, and one more until all records are placed. */
  #open = 1
  #stored = false
  #problem: Error | null = null

  constructor(places: Placed[], done: ProduceDone) {
    this.places = places
    this.#done = done
  }

  joined(): void {
    this.#open++
  }

  /** Every record is in a batch. */
  placed(): void {
    this.#closeOne()
  }

  stored(indexes: readonly number[], baseOffset: number): void {
    this.#stored = true
    let offset = baseOffset
    for (const index of indexes) {
      const place = this.places[index]
      if (place !== undefined) place.offset = offset++
    }
    this.#closeOne()
  }

  failed(problem: Error): void {
    this.#problem ??= problem
    this.#closeOne()
  }

  #closeOne(): void {
    this.#open--
    if (this.#open > 0) return
    const problem = this.#problem
    const isPartial = problem instanceof ProblemError && this.#stored
    this.#done(isPartial ? partialProblem(problem, this.places) : problem, this.places)
  }
}

/** The records of one request in one batch, which lie side by side. */
export interface Share {
  readonly request: ProduceInFlight
  /** Places of the records in the request, in the order of the batch. */
  readonly indexes: number[]
}

/** One partition's batch of one turn. */
export class OpenBatch {
  readonly shares: Share[] = []
  readonly #builders: BuilderPool
  readonly #builder: BatchBuilder
  #last: Share | null = null
  #encoded: Buffer | null = null

  constructor(builders: BuilderPool) {
    this.#builders = builders
    this.#builder = builders.take()
  }

  hasRoom(record: GatewayRecord, ceilingBytes: number): boolean {
    const { key, value, headers } = record
    return this.#builder.sizeBytes + maxRecordBytes(key, value, headers) <= ceilingBytes
  }

  append(record: GatewayRecord, request: ProduceInFlight, index: number): void {
    this.#builder.append(record.key, record.value, record.headers, record.timestampMs)
    if (this.#last?.request === request) {
      this.#last.indexes.push(index)
      return
    }
    this.#last = { request, indexes: [index] }
    this.shares.push(this.#last)
    request.joined()
  }

  /** The finished batch; nothing may be appended any more. */
  encode(): Buffer {
    if (this.#encoded === null) {
      this.#encoded = this.#builder.build()
      this.#builders.give(this.#builder)
    }
    return this.#encoded
  }

  stored(baseOffset: number): void {
    let offset = baseOffset
    for (const { request, indexes } of this.shares) {
      request.stored(indexes, offset)
      offset += indexes.length
    }
  }

  failed(problem: Error): void {
    for (const { request } of this.shares) request.failed(problem)
  }

  /** A refused batch as one for each request that has records in it. */
  *split(): Generator<OpenBatch> {
    const records = decodeBatch(this.encode(), 0, { verifyCrc: false }).records()
    for (const share of this.shares) {
      const alone = new OpenBatch(this.#builders)
      alone.shares.push(share)
      for (let left = share.indexes.length; left > 0 && records.advance(); left--) {
        alone.#builder.append(records.key(), records.value(), records.headers(), records.timestamp)
      }
      yield alone
    }
  }
}

/** Builders are used again: a fresh one costs an allocation of a page for a batch that may hold one small record. */
export class BuilderPool {
  readonly #idle: BatchBuilder[] = []

  take(): BatchBuilder {
    return this.#idle.pop() ?? new BatchBuilder()
  }

  give(builder: BatchBuilder): void {
    if (this.#idle.length < idleBuildersMax) this.#idle.push(builder)
  }
}

/** A turn rarely brings more batches; each keeps at most the memory of the largest batch. */
const idleBuildersMax = 16
