/** What the clients of one log send: plain, idempotent and transactional batches, with the mistakes that clients make. */
import type { SeededRandom } from '../../../testing/sim/index.ts'
import { encodeData, encodeMarker, type SentBatch } from './batches.ts'

interface Client {
  readonly id: number
  readonly isTransactional: boolean
  epoch: number
  nextSequence: number
  hasOpen: boolean
  sent: SentBatch[]
}

const SEQUENCE_MASK = 0x7fffffff
const RECENT = 7
const KEYS = 15

export class Workload {
  readonly #random: SeededRandom
  readonly #valueBytesMax: number
  readonly #clients: Client[]
  #serial = 0

  /** For a compacted log: no transactions, and keys that come again. */
  readonly #isKeyed: boolean

  constructor(random: SeededRandom, valueBytesMax: number, isKeyed: boolean) {
    this.#random = random
    this.#valueBytesMax = valueBytesMax
    this.#isKeyed = isKeyed
    this.#clients = (isKeyed ? [1, 2, 3] : [1, 2, 11, 12]).map((id) => ({
      id,
      isTransactional: id > 10,
      epoch: 0,
      // Some are about to wrap.
      nextSequence: random.chance(0.2) ? SEQUENCE_MASK - 3 : 0,
      hasOpen: false,
      sent: [],
    }))
  }

  next(nowMs: number): SentBatch {
    const random = this.#random
    if (random.chance(0.4)) return this.#data(null, false, nowMs)
    const client = random.pick(this.#clients)
    if (client.hasOpen && random.chance(0.35)) return this.#marker(client, nowMs)
    if (client.sent.length > 0 && random.chance(0.2)) return copyOf(random.pick(client.sent))
    if (random.chance(0.15)) return this.#mistake(client, nowMs)
    const producer = { id: client.id, epoch: client.epoch, firstSequence: client.nextSequence }
    const batch = this.#data(producer, client.isTransactional, nowMs)
    client.nextSequence = (client.nextSequence + batch.count) & SEQUENCE_MASK
    client.hasOpen = client.isTransactional
    client.sent = [...client.sent, { ...batch, data: Buffer.from(batch.data) }].slice(-RECENT)
    return batch
  }

  /** A batch of so many records, of no producer. */
  plain(count: number, nowMs: number): SentBatch {
    return this.#records(count, null, false, nowMs)
  }

  /** A batch of its own did not get in: the client begins a new epoch, as one does that lost track. */
  refused({ producer }: SentBatch): void {
    const client = this.#clients.find(({ id }) => id === producer?.id)
    if (client === undefined || client.isTransactional || this.#random.chance(0.5)) return
    this.#bump(client)
  }

  #bump(client: Client): void {
    client.epoch++
    client.nextSequence = 0
    client.sent = []
  }

  #marker(client: Client, nowMs: number): SentBatch {
    client.hasOpen = false
    // KIP-890: the marker may carry the next epoch.
    if (this.#random.chance(0.3)) this.#bump(client)
    return encodeMarker(this.#random.chance(0.5) ? 'commit' : 'abort', client.id, client.epoch, nowMs)
  }

  #mistake(client: Client, nowMs: number): SentBatch {
    const { id, epoch, nextSequence } = client
    const gap = { id, epoch, firstSequence: (nextSequence + this.#random.between(1, 3)) & SEQUENCE_MASK }
    const fenced = { id, epoch: Math.max(0, epoch - 1), firstSequence: nextSequence }
    const early = { id, epoch: epoch + 1, firstSequence: 5 }
    const producer = this.#random.pick([gap, fenced, early])
    if (this.#random.chance(0.3)) this.#bump(client)
    return this.#data(producer, client.isTransactional, nowMs)
  }

  #data(producer: SentBatch['producer'], isTransactional: boolean, nowMs: number): SentBatch {
    return this.#records(this.#random.between(1, 4), producer, isTransactional, nowMs)
  }

  #records(count: number, producer: SentBatch['producer'], isTransactional: boolean, nowMs: number): SentBatch {
    const random = this.#random
    const timestamps = Array.from({ length: count }, () => nowMs - random.below(random.chance(0.1) ? 100_000 : 100))
    const value = `${this.#serial++}`.padEnd(random.below(this.#valueBytesMax), '.')
    if (!this.#isKeyed) return encodeData(value, timestamps, producer, isTransactional)
    const keys = timestamps.map(() => ({ key: `k${random.below(KEYS)}`, isTombstone: random.chance(0.15) }))
    return encodeData(value, timestamps, producer, isTransactional, keys)
  }
}

/** The log makes a buffer its own, so every send has another. */
function copyOf(batch: SentBatch): SentBatch {
  return { ...batch, data: Buffer.from(batch.data) }
}
