/**
 * CreateTopics (key 19). Versions 2 to 7. 4: -1 for partitions and replicas is the broker's default (KIP-464); 5: the
 * configs that the topic got (KIP-525); 7: its id.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { CreateTopics } from '../../proto/kafka/generated/apis.ts'
import type {
  CreatableTopic,
  CreatableTopicResult,
  CreateTopicsRequest,
  CreateTopicsResponse,
} from '../../proto/kafka/generated/19-create-topics.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { describeTopicOptions } from '../config/describe.ts'
import type { NewTopic, NewTopicResult } from '../controller/api.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'
import { withinTimeout } from './topics/deadline.ts'
import { duplicatesOf } from './topics/duplicates.ts'

export const createTopicsHandler: Handler<CreateTopicsRequest, CreateTopicsResponse> = {
  api: CreateTopics,
  handle(request, context, services) {
    const twice = duplicatesOf(request.topics.map(({ name }) => name))
    const created = request.topics.filter(({ name }) => !twice.has(name))
    const refused = [...twice].map((name) => failed(name, Errors.INVALID_REQUEST, 'Duplicate topic name.'))
    const { validateOnly } = request
    const reply = (topics: CreatableTopicResult[]) => {
      context.reply({ throttleTimeMs: 0, topics: [...topics, ...refused] })
    }
    withinTimeout<readonly NewTopicResult[]>(
      request.timeoutMs,
      services.clock,
      (done) => services.controller.createTopics(created.map(newTopic), { validateOnly }, done),
      (results) => reply(results.map((result) => describe(result, services))),
      () => reply(created.map(({ name }) => failed(name, Errors.REQUEST_TIMED_OUT, null))),
    )
  },
}

function newTopic({ name, numPartitions, replicationFactor, assignments, configs }: CreatableTopic): NewTopic {
  return {
    name,
    partitions: numPartitions,
    replicationFactor,
    assignments: assignments.map(({ partitionIndex, brokerIds }) => ({
      partition: partitionIndex,
      brokers: brokerIds,
    })),
    configs,
  }
}

function failed(name: string, errorCode: number, errorMessage: string | null): CreatableTopicResult {
  return {
    name,
    topicId: ZERO_UUID,
    errorCode,
    errorMessage,
    topicConfigErrorCode: Errors.NONE,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  }
}

function describe(result: NewTopicResult, { config, metadata }: Services): CreatableTopicResult {
  if (result.error !== Errors.NONE) return failed(result.name, result.error, result.message)
  const options = describeTopicOptions(result.configs, config, metadata)
  return {
    ...failed(result.name, Errors.NONE, null),
    topicId: result.topicId,
    numPartitions: result.partitions,
    replicationFactor: result.replicationFactor,
    configs: options
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, value, readOnly, source }) => ({
        name,
        value,
        readOnly,
        configSource: source,
        isSensitive: false,
      })),
  }
}
