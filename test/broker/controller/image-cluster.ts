import { defaultConfig } from '../../../broker/config.ts'
import type { NewTopic } from '../../../broker/controller/api.ts'
import { registerBroker, type Registration, unfenceBroker } from '../../../broker/controller/broker-life.ts'
import type { CommandContext, Outcome } from '../../../broker/controller/core.ts'
import { createTopics } from '../../../broker/controller/create-topics.ts'
import { MetadataImage } from '../../../broker/controller/image.ts'
import { seededRandom } from './harness.ts'

/** Brokers and topics without a log: each command's records are applied at once. */
export class Cluster {
  readonly image = new MetadataImage('cluster')
  private offset = 0
  private starts = 0
  readonly context: CommandContext

  constructor(properties: Record<string, string | number> = {}) {
    this.context = { image: this.image, config: defaultConfig({ properties }), random: seededRandom(5) }
  }

  run<Result>(outcome: Outcome<Result>): Result {
    this.image.apply(outcome.records, this.offset)
    this.offset += outcome.records.length
    return outcome.result
  }

  register(brokerId: number, more: Partial<Registration> = {}) {
    this.starts += 1
    const registration = {
      brokerId,
      incarnationId: `start-${this.starts}`,
      directoryId: 'd',
      host: 'h',
      port: 9092,
      rack: null,
      clean: true,
      peerHost: '',
      peerPort: 0,
      features: [],
      ...more,
    }
    return this.run(registerBroker(this.context, registration))
  }

  epochOf(brokerId: number): number {
    return this.image.broker(brokerId)?.epoch ?? -1
  }

  up(...ids: number[]): this {
    for (const id of ids) {
      this.register(id)
      this.run(unfenceBroker(this.context, id, this.epochOf(id)))
    }
    return this
  }

  create(topic: Partial<NewTopic> & { name: string }) {
    const whole = { partitions: -1, replicationFactor: -1, assignments: [], configs: [], ...topic }
    return this.run(createTopics(this.context, [whole], false))[0]
  }

  partition(topic: string, index = 0) {
    return this.image.topic(topic)?.partitions[index]
  }
}
