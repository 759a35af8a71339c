/**
 * Topics that come into being because a client asked about them (W22). Kafka answers UNKNOWN_TOPIC_OR_PARTITION and makes
 * the topic meanwhile; here the answer waits until the topic is made and led, so that a first record need not wait out the
 * client's refresh.
 */
import { Errors } from '../../../proto/kafka/errors.ts'
import type { NewTopic } from '../../controller/api.ts'
import { internalTopic } from '../../controller/internal-topics.ts'
import { topicNameProblem } from '../../controller/names.ts'
import { onceWithin } from './deadline.ts'
import { AUTO_CREATE_WAIT_MAX_MS } from '../../limits.ts'
import type { Services } from '../../services.ts'

/** INVALID_TOPIC_EXCEPTION for a name no topic can have, else UNKNOWN_TOPIC_OR_PARTITION. */
export function absentTopicError(name: string): number {
  return topicNameProblem(name) === null ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION
}

function newTopic(name: string, services: Services): NewTopic {
  const internal = internalTopic(name, services.config)
  return internal ?? { name, partitions: -1, replicationFactor: -1, assignments: [], configs: [] }
}

/**
 * Makes the topics. `done` is called once, in a later turn: when they are made, and so led here or elsewhere, or cannot be,
 * or after `AUTO_CREATE_WAIT_MAX_MS`. Of a topic that another request is making it waits for the outcome, too: the
 * controller answers TOPIC_ALREADY_EXISTS only once that one is committed.
 */
export function autoCreateTopics(names: readonly string[], services: Services, done: () => void): void {
  const answer = onceWithin(AUTO_CREATE_WAIT_MAX_MS, services.clock, done)
  const topics = names.map((name) => newTopic(name, services))
  services.controller.createTopics(topics, { validateOnly: false }, (results) => {
    for (const { name, error, message } of results) {
      services.logger.info({ topic: name, error, reason: message }, 'topic asked for that did not exist')
    }
    answer()
  })
}
