/** CreatePartitions (key 37, KIP-195). Versions 0 to 3. */
import { Errors } from '../../proto/kafka/errors.ts'
import { CreatePartitions } from '../../proto/kafka/generated/apis.ts'
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../proto/kafka/generated/37-create-partitions.ts'
import type { ItemResult } from '../controller/api.ts'
import type { Handler } from './handler.ts'
import { withinTimeout } from './topics/deadline.ts'
import { duplicatesOf } from './topics/duplicates.ts'

type Grown = ItemResult & { readonly name: string }

export const createPartitionsHandler: Handler<CreatePartitionsRequest, CreatePartitionsResponse> = {
  api: CreatePartitions,
  handle(request, context, { controller, clock }) {
    const twice = duplicatesOf(request.topics.map(({ name }) => name))
    const refused = [...twice].map((name) => ({
      name,
      errorCode: Errors.INVALID_REQUEST,
      errorMessage: 'Duplicate topic name.',
    }))
    const changes = request.topics
      .filter(({ name }) => !twice.has(name))
      .map(({ name, count, assignments }) => ({
        name,
        count,
        assignments: assignments?.map(({ brokerIds }) => brokerIds) ?? null,
      }))
    const { validateOnly, timeoutMs } = request
    const reply = (results: readonly Grown[]) => {
      const changed = results.map(({ name, error, message }) => ({ name, errorCode: error, errorMessage: message }))
      context.reply({ throttleTimeMs: 0, results: [...refused, ...changed] })
    }
    withinTimeout<readonly Grown[]>(
      timeoutMs,
      clock,
      (done) => controller.createPartitions(changes, { validateOnly }, done),
      reply,
      () => reply(changes.map(({ name }) => ({ name, error: Errors.REQUEST_TIMED_OUT, message: null }))),
    )
  },
}
