/**
 * FindCoordinator (key 10). Versions 0 to 6. 1: key type (0 group, 1 transaction); 4: many keys (KIP-699); 6: share groups
 * (KIP-932, key type 2: not served here). The offsets topic is made on first use, and the answer waits until the
 * coordinator is there, so that a newcomer does not have to ask twice.
 */
import { errorInfo, errorName, Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { FindCoordinator } from '../../proto/kafka/generated/apis.ts'
import type {
  Coordinator,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../proto/kafka/generated/10-find-coordinator.ts'
import { coordinatorPartition } from '../groups/partition.ts'
import type { Services } from '../services.ts'
import type { Handler } from './handler.ts'

const GROUP = 0
const TRANSACTION = 1
const MANY_KEYS_VERSION = 4

export const findCoordinatorHandler: Handler<FindCoordinatorRequest, FindCoordinatorResponse> = {
  api: FindCoordinator,
  handle(request, context, services) {
    const many = context.apiVersion >= MANY_KEYS_VERSION
    const keys = many ? request.coordinatorKeys : [request.key]
    const coordinators: Coordinator[] = []
    let left = keys.length
    const finish = () => context.reply(many ? manyResponse(coordinators) : oneResponse(coordinators[0]))
    if (left === 0) finish()
    for (const [i, key] of keys.entries()) {
      locate(key, request.keyType, services, (error, nodeId) => {
        coordinators[i] = describe(key, error, nodeId, services)
        left -= 1
        if (left === 0) finish()
      })
    }
  },
}

function locate(
  key: string,
  keyType: number,
  services: Services,
  done: (error: ErrorCode, nodeId: number) => void,
): void {
  if (keyType === GROUP) services.groups.findCoordinator(key, ({ error, nodeId }) => done(error, nodeId))
  else if (keyType === TRANSACTION) {
    // Any broker can say that it has no transactions; keys spread over all of them.
    const alive = services.metadata.brokers().filter(({ fenced }) => !fenced)
    const broker = alive[coordinatorPartition(key, Math.max(1, alive.length))]
    if (broker === undefined) done(Errors.COORDINATOR_NOT_AVAILABLE, -1)
    else done(Errors.NONE, broker.id)
  } else done(Errors.INVALID_REQUEST, -1)
}

function describe(key: string, error: ErrorCode, nodeId: number, services: Services): Coordinator {
  const broker = services.metadata.brokers().find(({ id }) => id === nodeId)
  if (error === Errors.NONE && broker !== undefined) {
    return { key, nodeId, host: broker.host, port: broker.port, errorCode: Errors.NONE, errorMessage: '' }
  }
  const errorCode = error === Errors.NONE ? Errors.COORDINATOR_NOT_AVAILABLE : error
  const errorMessage = errorCode === Errors.INVALID_REQUEST ? errorInfo(errorCode).message : ''
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage }
}

function manyResponse(coordinators: Coordinator[]): FindCoordinatorResponse {
  const nobody = { errorCode: Errors.NONE, errorMessage: '', nodeId: -1, host: '', port: -1 }
  return { throttleTimeMs: 0, ...nobody, coordinators }
}

function oneResponse(coordinator: Coordinator | undefined): FindCoordinatorResponse {
  const { errorCode, nodeId, host, port } = coordinator as Coordinator
  // Kafka fills this in even when there is nothing to say, and leaves it empty where there are many keys.
  const errorMessage = errorCode === Errors.NONE ? errorName(errorCode) : errorInfo(errorCode).message
  return { throttleTimeMs: 0, errorCode, errorMessage, nodeId, host, port, coordinators: [] }
}
