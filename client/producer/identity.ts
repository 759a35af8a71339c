import { Errors } from '../../proto/kafka/errors.ts'
import { InitProducerId } from '../../proto/kafka/generated/apis.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KafkaError, type MillraceError } from '../errors.ts'
import { retrying } from '../timing.ts'

/** A producer without transactions states the largest timeout, as Java's does. */
const NO_TRANSACTION_TIMEOUT_MS = 0x7fff_ffff

/** Who the producer is to the brokers, so that they can tell its retries (KIP-98). */
export class ProducerIdentity {
  readonly #cluster: Cluster
  readonly #onSettled: () => void
  #pending = false
  #id = -1
  #epoch = -1
  /** Why there will be no identity: every batch fails with it. */
  failure: MillraceError | undefined

  constructor(cluster: Cluster, onSettled: () => void) {
    this.#cluster = cluster
    this.#onSettled = onSettled
  }

  /** The id and epoch, or undefined: then they are being asked for and `onSettled` will be called. */
  get(): { readonly id: number; readonly epoch: number } | undefined {
    if (this.#id >= 0) return { id: this.#id, epoch: this.#epoch }
    if (!this.#pending && this.failure === undefined) this.#ask()
    return undefined
  }

  /** The broker refused this id: the next `get` asks for another. */
  reject(id: number): void {
    if (this.#id === id) this.#id = -1
  }

  #ask(): void {
    this.#pending = true
    const { config } = this.#cluster
    retrying({ ...config, timeoutMs: config.apiTimeoutMs }, () => this.#request())
      .catch((error: MillraceError) => {
        if (!error.retriable) this.failure = error
      })
      .finally(() => {
        this.#pending = false
        this.#onSettled()
      })
  }

  async #request(): Promise<void> {
    const answer = await this.#cluster.request(InitProducerId, {
      transactionalId: null,
      transactionTimeoutMs: NO_TRANSACTION_TIMEOUT_MS,
      producerId: -1,
      producerEpoch: -1,
      enable2Pc: false,
      keepPreparedTxn: false,
    })
    if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode, 'InitProducerId')
    this.#id = answer.producerId
    this.#epoch = answer.producerEpoch
  }
}
