/** RemoveRaftVoter (key 81, KIP-853). Version 0. A leader that removes itself leads until that is committed. */
import { Errors } from '../../proto/kafka/errors.ts'
import { RemoveRaftVoter } from '../../proto/kafka/generated/apis.ts'
import type {
  RemoveRaftVoterRequest,
  RemoveRaftVoterResponse,
} from '../../proto/kafka/generated/81-remove-raft-voter.ts'
import type { ItemResult } from '../controller/api.ts'
import type { Handler } from './handler.ts'
import { withinTimeout } from './topics/deadline.ts'
import { clusterProblem, isVoterKey, voterResponse } from './voters.ts'

export const removeRaftVoterHandler: Handler<RemoveRaftVoterRequest, RemoveRaftVoterResponse> = {
  api: RemoveRaftVoter,
  handle(request, context, { controller, metadata, config, clock }) {
    const problem = clusterProblem(request.clusterId, metadata.clusterId)
    if (problem !== null) return context.reply(voterResponse(problem.error, problem.message))
    if (!isVoterKey(request)) {
      const message = "Remove voter request didn't include a valid voter"
      return context.reply(voterResponse(Errors.INVALID_REQUEST, message))
    }
    const { voterId: id, voterDirectoryId: directoryId } = request
    withinTimeout<ItemResult>(
      config.properties['request.timeout.ms'],
      clock,
      (done) => controller.changeVoters({ kind: 'remove', id, directoryId }, { waits: true }, done),
      ({ error, message }) => context.reply(voterResponse(error, message)),
      () => context.reply(voterResponse(Errors.REQUEST_TIMED_OUT, null)),
    )
  },
}
