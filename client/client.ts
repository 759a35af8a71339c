import { KafkaAdmin } from './admin/admin.ts'
import type { Admin } from './admin/types.ts'
import { Cluster } from './cluster/cluster.ts'
import { resolveClientOptions } from './config.ts'
import { KafkaConsumer } from './consumer/consumer.ts'
import type { Consumer, ConsumerOptions } from './consumer/types.ts'
import { clientError } from './errors.ts'
import type { Abortable, ClientOptions } from './options.ts'
import { KafkaProducer } from './producer/producer.ts'
import type { Producer, ProducerOptions } from './producer/types.ts'
import type { Topic } from './topic.ts'

interface Closable {
  close(options?: Abortable): Promise<void>
}

/**
 * A connection to a Kafka-compatible cluster: shared metadata for the producers, consumers and admins made from it.
 * Connects when first needed; `close()` closes everything made from it.
 */
export class Client implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #parts = new Set<Closable>()
  #partCount = 0
  #closing: Promise<void> | undefined

  /** Throws CLIENT_CONFIG for an option that is not valid. */
  constructor(options: ClientOptions) {
    this.#cluster = new Cluster(resolveClientOptions(options))
  }

  /** A producer with its own buffers and connections. Throws CLIENT_CONFIG. */
  producer(options: ProducerOptions = {}): Producer {
    return this.#keep((channel, forget) => new KafkaProducer(this.#cluster, options, `produce-${channel}`, forget))
  }

  /** A consumer; joins its group when the first record is asked for. Throws CLIENT_CONFIG. */
  consumer<T extends Topic>(options: ConsumerOptions<T>): Consumer<T> {
    return this.#keep((channel, forget) => new KafkaConsumer<T>(this.#cluster, options, String(channel), forget))
  }

  /** An admin; as cheap as the requests it makes. */
  admin(): Admin {
    return this.#keep((_channel, forget) => new KafkaAdmin(this.#cluster, forget))
  }

  /** Closes everything made from this client, then the connections. Idempotent; throws the first failure. */
  close(options: Abortable = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(options: Abortable): Promise<void> {
    const results = await Promise.allSettled([...this.#parts].map((part) => part.close(options)))
    this.#cluster.close()
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  #keep<P extends Closable>(make: (channel: number, forget: () => void) => P): P {
    if (this.#closing !== undefined) throw clientError('CLIENT_CLOSED', 'client')
    const part = make(this.#partCount++, () => this.#parts.delete(part))
    this.#parts.add(part)
    return part
  }
}
