/** What every simulated client has: a host, connections to the brokers, and what it believes about their leaders. */
import { Errors } from '../../../../proto/kafka/errors.ts'
import { Metadata } from '../../../../proto/kafka/generated/apis.ts'
import type { MetadataResponse } from '../../../../proto/kafka/generated/03-metadata.ts'
import type { Network } from '../../../../broker/ports/network.ts'
import type { SeededRandom, SimProcess } from '../../../../testing/sim/index.ts'
import { WireConnection } from './wire.ts'

export interface ClientOptions {
  readonly process: SimProcess
  readonly network: Network
  readonly random: SeededRandom
  readonly bootstrap: readonly { readonly host: string; readonly port: number }[]
}

export interface KnownLeader {
  /** -1 = none. */
  readonly leader: number
  readonly epoch: number
}

const METADATA_VERSION = 9
const METADATA_TIMEOUT_MS = 3_000
/** Metadata is asked for at most this often (ms). */
const METADATA_PAUSE_MS = 100
const NOBODY: KnownLeader = { leader: -1, epoch: -1 }

export class SimClient {
  readonly process: SimProcess
  readonly random: SeededRandom
  readonly #options: ClientOptions
  readonly #bootstrap: readonly WireConnection[]
  readonly #brokers = new Map<number, { readonly address: string; readonly wire: WireConnection }>()
  readonly #leaders = new Map<string, KnownLeader>()
  readonly #topics = new Set<string>()
  #isRefreshing = false
  #refreshedAtMs = Number.NEGATIVE_INFINITY
  #turn: number
  #isStopped = false

  constructor(options: ClientOptions) {
    this.#options = options
    this.process = options.process
    this.random = options.random
    this.#bootstrap = options.bootstrap.map((address) => new WireConnection(options.process, options.network, address))
    this.#turn = options.random.below(options.bootstrap.length)
  }

  get nowMs(): number {
    return this.process.clock.monotonic()
  }

  after(delayMs: number, fn: () => void): void {
    this.process.clock.after(delayMs, fn)
  }

  /** Works again and again, after a pause of `meanMs` on average, until `stop`. */
  repeat(meanMs: number, work: () => void): void {
    this.after(this.random.between(1, meanMs * 2), () => {
      if (this.#isStopped) return
      work()
      this.repeat(meanMs, work)
    })
  }

  stop(): void {
    this.#isStopped = true
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** The leader as last heard; asks again when there is none. */
  leaderOf(topic: string, partition: number): KnownLeader {
    this.#topics.add(topic)
    const known = this.#leaders.get(`${topic}-${partition}`) ?? NOBODY
    if (known.leader < 0) this.refresh()
    return known
  }

  /** What was believed about the leader proved wrong. */
  doubt(topic: string, partition: number): void {
    const key = `${topic}-${partition}`
    const known = this.#leaders.get(key)
    if (known !== undefined) this.#leaders.set(key, { leader: -1, epoch: known.epoch })
    this.refresh()
  }

  /** The connection to a broker; null when nobody has said where it is. */
  broker(id: number): WireConnection | null {
    return this.#brokers.get(id)?.wire ?? null
  }

  /** A connection to some broker. */
  anyBroker(): WireConnection {
    return this.#bootstrap[this.#turn++ % this.#bootstrap.length]!
  }

  refresh(): void {
    if (this.#isRefreshing || this.#topics.size === 0) return
    this.#isRefreshing = true
    this.after(Math.max(0, this.#refreshedAtMs + METADATA_PAUSE_MS - this.nowMs), () => {
      const message = {
        topics: [...this.#topics].map((name) => ({ name, topicId: '' })),
        allowAutoTopicCreation: false,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      }
      this.anyBroker().request(Metadata, METADATA_VERSION, message, METADATA_TIMEOUT_MS, (response) => {
        this.#isRefreshing = false
        this.#refreshedAtMs = this.nowMs
        if (response !== null) this.#learn(response)
        const isMissing = [...this.#leaders.values()].some(({ leader }) => leader < 0)
        if (response === null || isMissing) this.refresh()
      })
    })
  }

  #learn({ brokers, topics }: MetadataResponse): void {
    const { process, network } = this.#options
    for (const { nodeId, host, port } of brokers) {
      const address = `${host}:${port}`
      const known = this.#brokers.get(nodeId)
      if (known?.address === address) continue
      known?.wire.close()
      this.#brokers.set(nodeId, { address, wire: new WireConnection(process, network, { host, port }) })
    }
    for (const { name, partitions, errorCode } of topics) {
      if (errorCode !== Errors.NONE || name === null) continue
      for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
        const key = `${name}-${partitionIndex}`
        // Some brokers are behind: what they say about an older epoch is no news (KIP-320).
        if ((this.#leaders.get(key)?.epoch ?? -1) <= leaderEpoch)
          this.#leaders.set(key, { leader: leaderId, epoch: leaderEpoch })
      }
    }
  }
}
