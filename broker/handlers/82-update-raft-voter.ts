/** UpdateRaftVoter (key 82, KIP-853). Version 0. A voter tells where it is found now. For brokers only. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { UpdateRaftVoter } from '../../proto/kafka/generated/apis.ts'
import type {
  UpdateRaftVoterRequest,
  UpdateRaftVoterResponse,
} from '../../proto/kafka/generated/82-update-raft-voter.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'
import { clusterProblem, namedVoter } from './voters.ts'

export const updateRaftVoterHandler: Handler<UpdateRaftVoterRequest, UpdateRaftVoterResponse> = {
  api: UpdateRaftVoter,
  handle(request, context, services) {
    const { controller, metadata, config } = services
    const reply = (error: ErrorCode) => context.reply(response(error, services))
    const problem = clusterProblem(request.clusterId, metadata.clusterId)
    if (problem !== null) return reply(problem.error)
    const { minSupportedVersion: min, maxSupportedVersion: max } = request.kRaftVersionFeature
    const voter = namedVoter(request, 'Update voter', config)
    if (typeof voter === 'string' || min < 0 || max < min) return reply(Errors.INVALID_REQUEST)
    const { epoch } = services.cluster.controller
    if (request.currentLeaderEpoch >= 0 && request.currentLeaderEpoch !== epoch) {
      return reply(request.currentLeaderEpoch < epoch ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH)
    }
    controller.changeVoters({ kind: 'update', voter }, { waits: false }, ({ error }) => reply(error))
  },
}

function response(errorCode: ErrorCode, { metadata, cluster }: Services): UpdateRaftVoterResponse {
  const { controllerId } = metadata
  const leader = cluster.controller.voters.find(({ id }) => id === controllerId)
  const { host, port } = leader ?? { host: '', port: 0 }
  const currentLeader = { leaderId: controllerId, leaderEpoch: cluster.controller.epoch, host, port }
  return { throttleTimeMs: 0, errorCode, currentLeader }
}
