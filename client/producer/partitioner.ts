import { partitionForKey } from '../../proto/kafka/murmur2.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { clientError } from '../errors.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { RecordEncoder } from './record-encoder.ts'
import type { Partitioner } from './types.ts'

/**
 * Chooses partitions within one topic. Records with a key go where Java's default partitioner puts them. Records without
 * stay on one partition while that fills batches, then move on to the less busy of two drawn at random (KIP-480, 794).
 */
export class TopicPartitioner {
  readonly #topic: string
  readonly #custom: Partitioner | undefined
  readonly #batchBytes: number
  #sticky: PartitionQueue | undefined
  #stickyBytes = 0

  constructor(topic: string, custom: Partitioner | undefined, batchBytes: number) {
    this.#topic = topic
    this.#custom = custom
    this.#batchBytes = batchBytes
  }

  /** Throws CLIENT_INVALID_PARTITION for a partition that the topic does not have. */
  choose(
    encoder: RecordEncoder,
    explicit: number | undefined,
    queues: readonly PartitionQueue[],
    cluster: Cluster,
  ): PartitionQueue {
    if (explicit !== undefined) return this.#at(explicit, queues)
    const key = encoder.key()
    if (this.#custom !== undefined) {
      return this.#at(this.#custom({ topic: this.#topic, key, partitionCount: queues.length }), queues)
    }
    if (key !== null) return queues[partitionForKey(key, queues.length)]!
    return this.#stick(queues, cluster, encoder.keyLength + encoder.valueLength)
  }

  #at(partition: number, queues: readonly PartitionQueue[]): PartitionQueue {
    const queue = queues[partition]
    if (queue === undefined) throw clientError('CLIENT_INVALID_PARTITION', `${this.#topic}[${partition}]`)
    return queue
  }

  #stick(queues: readonly PartitionQueue[], cluster: Cluster, bytes: number): PartitionQueue {
    const sticky = this.#sticky
    this.#stickyBytes += bytes
    const isIdle = sticky?.open === undefined && sticky?.inFlight.length === 0
    if (sticky !== undefined && !isIdle && this.#stickyBytes < this.#batchBytes) return sticky
    this.#stickyBytes = 0
    this.#sticky = this.#draw(queues, cluster)
    return this.#sticky
  }

  #draw(queues: readonly PartitionQueue[], cluster: Cluster): PartitionQueue {
    if (queues.length === 1) return queues[0]!
    const led = queues.filter(
      ({ topic, partition }) => (cluster.metadata.partition(topic, partition)?.leader ?? -1) >= 0,
    )
    const candidates = led.length > 0 ? led : queues
    const first = candidates[Math.floor(Math.random() * candidates.length)]!
    const second = candidates[Math.floor(Math.random() * candidates.length)]!
    return first.pendingBytes <= second.pendingBytes ? first : second
  }
}
