/**
 * DeleteTopics (key 20). Versions 1 to 6. 3: TOPIC_DELETION_DISABLED; 5: error messages; 6: by id, or by name in the same
 * structure (KIP-516).
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { DeleteTopics } from '../../proto/kafka/generated/apis.ts'
import type {
  DeletableTopicResult,
  DeleteTopicsRequest,
  DeleteTopicsResponse,
} from '../../proto/kafka/generated/20-delete-topics.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { ItemResult, TopicRef } from '../controller/api.ts'
import type { MetadataView } from '../controller/view.ts'
import type { Handler } from './handler.ts'
import { withinTimeout } from './topics/deadline.ts'
import { duplicatesOf } from './topics/duplicates.ts'

export const deleteTopicsHandler: Handler<DeleteTopicsRequest, DeleteTopicsResponse> = {
  api: DeleteTopics,
  handle(request, context, { config, metadata, controller, clock }) {
    const asked =
      context.apiVersion >= 6
        ? request.topics.map(({ name, topicId }) => ({ name, id: topicId }))
        : request.topicNames.map((name) => ({ name, id: ZERO_UUID }))
    if (!config.properties['delete.topic.enable']) {
      const error = context.apiVersion < 3 ? Errors.INVALID_REQUEST : Errors.TOPIC_DELETION_DISABLED
      const message = context.apiVersion < 3 ? 'Topic deletion is disabled.' : null
      return context.reply({ throttleTimeMs: 0, responses: asked.map((ref) => failed(ref, error, message)) })
    }
    const { refused, accepted } = sort(asked, metadata)
    const reply = (results: readonly (ItemResult & TopicRef)[]) => {
      const deleted = results.map(({ error, message, ...ref }) => failed(ref, error, message))
      context.reply({ throttleTimeMs: 0, responses: [...refused, ...deleted] })
    }
    withinTimeout<readonly (ItemResult & TopicRef)[]>(
      request.timeoutMs,
      clock,
      (done) => controller.deleteTopics(accepted, done),
      reply,
      () => reply(accepted.map((ref) => ({ ...ref, error: Errors.REQUEST_TIMED_OUT, message: null }))),
    )
  },
}

function failed({ name, id }: TopicRef, errorCode: number, errorMessage: string | null): DeletableTopicResult {
  return { name, topicId: id, errorCode, errorMessage }
}

interface Sorted {
  readonly refused: readonly DeletableTopicResult[]
  /** Each topic once. */
  readonly accepted: readonly TopicRef[]
}

/** Sets aside what does not name one topic, once. */
function sort(asked: readonly TopicRef[], metadata: MetadataView): Sorted {
  const refused: DeletableTopicResult[] = []
  const refuse = (ref: TopicRef, message: string) => void refused.push(failed(ref, Errors.INVALID_REQUEST, message))
  const wellFormed = asked.filter((ref) => {
    if (ref.name === null && ref.id === ZERO_UUID) refuse(ref, 'Neither topic name nor id were specified.')
    else if (ref.name !== null && ref.id !== ZERO_UUID) refuse(ref, 'You may not specify both topic name and topic id.')
    else return true
    return false
  })
  const names = wellFormed.map(({ name }) => name).filter((name) => name !== null)
  const ids = wellFormed.filter(({ name }) => name === null).map(({ id }) => id)
  const namesTwice = duplicatesOf(names)
  const idsTwice = duplicatesOf(ids)
  for (const name of namesTwice) refuse({ name, id: ZERO_UUID }, 'Duplicate topic name.')
  for (const id of idsTwice) refuse({ name: null, id }, 'Duplicate topic id.')

  const byId = new Set(ids.filter((id) => !idsTwice.has(id)))
  const byName: string[] = []
  for (const name of names.filter((candidate) => !namesTwice.has(candidate))) {
    const id = metadata.topic(name)?.id
    if (id !== undefined && (byId.has(id) || idsTwice.has(id))) {
      byId.delete(id)
      refuse({ name, id }, 'The provided topic name maps to an ID that was already supplied.')
    } else byName.push(name)
  }
  const accepted = [...[...byId].map((id) => ({ name: null, id })), ...byName.map((name) => ({ name, id: ZERO_UUID }))]
  return { refused, accepted }
}
