/** AddRaftVoter (key 80, KIP-853). Versions 0 and 1. 1: may be answered before the change is committed. */
import { Errors } from '../../proto/kafka/errors.ts'
import { AddRaftVoter } from '../../proto/kafka/generated/apis.ts'
import type { AddRaftVoterRequest, AddRaftVoterResponse } from '../../proto/kafka/generated/80-add-raft-voter.ts'
import type { Handler } from './handler.ts'
import { withinTimeout } from './topics/deadline.ts'
import { clusterProblem, namedVoter, voterResponse } from './voters.ts'
import type { ItemResult } from '../controller/api.ts'

export const addRaftVoterHandler: Handler<AddRaftVoterRequest, AddRaftVoterResponse> = {
  api: AddRaftVoter,
  handle(request, context, { controller, metadata, config, clock }) {
    const problem = clusterProblem(request.clusterId, metadata.clusterId)
    if (problem !== null) return context.reply(voterResponse(problem.error, problem.message))
    const voter = namedVoter(request, 'Add voter', config)
    if (typeof voter === 'string') return context.reply(voterResponse(Errors.INVALID_REQUEST, voter))
    withinTimeout<ItemResult>(
      request.timeoutMs,
      clock,
      (done) => controller.changeVoters({ kind: 'add', voter }, { waits: request.ackWhenCommitted }, done),
      ({ error, message }) => context.reply(voterResponse(error, message)),
      () => context.reply(voterResponse(Errors.REQUEST_TIMED_OUT, null)),
    )
  },
}
