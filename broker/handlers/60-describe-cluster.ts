/**
 * DescribeCluster (key 60, KIP-700). Versions 0 to 2. 1: endpoint type (KIP-919); 2: fenced brokers (KIP-1073). This is a
 * broker endpoint; asking it for controllers is MISMATCHED_ENDPOINT_TYPE.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { DescribeCluster } from '../../proto/kafka/generated/apis.ts'
import type {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from '../../proto/kafka/generated/60-describe-cluster.ts'
import type { Handler } from './handler.ts'
import { CLUSTER_OPERATIONS, NOT_ASKED } from './topics/authorized-operations.ts'
import { shownController } from './topics/shown-controller.ts'

const BROKER_ENDPOINT = 1
const CONTROLLER_ENDPOINT = 2

export const describeClusterHandler: Handler<DescribeClusterRequest, DescribeClusterResponse> = {
  api: DescribeCluster,
  handle(request, context, { metadata, nodeId }) {
    if (context.apiVersion >= 1 && request.endpointType !== BROKER_ENDPOINT) {
      return context.reply(refusal(request.endpointType))
    }
    const shown = metadata.brokers().filter((broker) => !broker.fenced || request.includeFencedBrokers)
    context.reply({
      throttleTimeMs: 0,
      errorCode: Errors.NONE,
      errorMessage: null,
      endpointType: BROKER_ENDPOINT,
      clusterId: metadata.clusterId,
      controllerId: shownController(metadata, nodeId),
      brokers: shown.map(({ id, host, port, rack, fenced }) => ({ brokerId: id, host, port, rack, isFenced: fenced })),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    })
  },
}

function refusal(endpointType: number): DescribeClusterResponse {
  const known = endpointType === CONTROLLER_ENDPOINT
  return {
    throttleTimeMs: 0,
    errorCode: known ? Errors.MISMATCHED_ENDPOINT_TYPE : Errors.UNSUPPORTED_ENDPOINT_TYPE,
    errorMessage: known
      ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
      : `Unsupported endpoint type ${endpointType}`,
    endpointType: BROKER_ENDPOINT,
    clusterId: '',
    controllerId: -1,
    brokers: [],
    clusterAuthorizedOperations: NOT_ASKED,
  }
}
