/** An administrator: creates topics, and asks again until it is told what became of it. */
import { Errors, errorName } from '../../../../proto/kafka/errors.ts'
import { CreateTopics } from '../../../../proto/kafka/generated/apis.ts'
import { must } from '../../log/violation.ts'
import { type ClientOptions, SimClient } from './client.ts'

export interface TopicWanted {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
}

const CREATE_VERSION = 7
const TIMEOUT_MS = 5_000
const RETRY_MS = 200

/** Answers after which the same may go well later, or has gone well already. */
const PASSING: ReadonlySet<number> = new Set([
  Errors.REQUEST_TIMED_OUT,
  Errors.NOT_CONTROLLER,
  Errors.INVALID_REPLICATION_FACTOR,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.KAFKA_STORAGE_ERROR,
])

export class SimAdmin {
  readonly #client: SimClient

  constructor(options: ClientOptions) {
    this.#client = new SimClient(options)
  }

  /** `done` once the topic is there. */
  createTopic(topic: TopicWanted, done: () => void): void {
    const message = {
      topics: [
        {
          name: topic.name,
          numPartitions: topic.partitions,
          replicationFactor: topic.replicationFactor,
          assignments: [],
          configs: Object.entries(topic.configs).map(([name, value]) => ({ name, value })),
        },
      ],
      timeoutMs: TIMEOUT_MS,
      validateOnly: false,
    }
    this.#client.anyBroker().request(CreateTopics, CREATE_VERSION, message, TIMEOUT_MS + 1_000, (response) => {
      const error = response?.topics[0]?.errorCode ?? Errors.REQUEST_TIMED_OUT
      if (error === Errors.NONE || error === Errors.TOPIC_ALREADY_EXISTS) return done()
      must(PASSING.has(error), 'admin', () => `creating ${topic.name} is answered with ${errorName(error)}`)
      this.#client.after(RETRY_MS, () => this.createTopic(topic, done))
    })
  }
}
