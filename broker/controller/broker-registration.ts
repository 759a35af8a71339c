/** BrokerRegistration as a command (KIP-631): what the active controller checks before a broker joins, in Kafka's order. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { BrokerRegistrationRequest, Listener } from '../../proto/kafka/generated/62-broker-registration.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { ItemResult } from './api.ts'
import { type BrokerUptime, type Registration, registerBroker } from './broker-life.ts'
import { type CommandContext, failure, type Outcome } from './core.ts'
import { METADATA_VERSION } from './metadata-version.ts'

/** Names of a broker's listeners as it registers them. */
export const CLIENT_LISTENER = 'PLAINTEXT'
export const PEER_LISTENER = 'PEER'

function idProblem(context: CommandContext, request: BrokerRegistrationRequest, isLive: boolean): ItemResult | null {
  const { clusterId } = context.image
  if (request.clusterId !== clusterId) {
    const message = `Expected cluster ID ${clusterId}, but got cluster ID ${request.clusterId}`
    return failure(Errors.INCONSISTENT_CLUSTER_ID, message)
  }
  const present = context.image.broker(request.brokerId)
  if (isLive && present !== undefined && present.incarnationId !== request.incarnationId) {
    return failure(Errors.DUPLICATE_BROKER_REGISTRATION, 'Another broker is registered with that broker id.')
  }
  return null
}

function directoryProblem(
  context: CommandContext,
  { brokerId, logDirs }: BrokerRegistrationRequest,
): ItemResult | null {
  const refuse = (message: string) => failure(Errors.INVALID_REGISTRATION, message)
  const [directoryId] = logDirs
  if (directoryId === undefined) return refuse('No directories specified in request')
  if (logDirs.includes(ZERO_UUID)) return refuse('Reserved directory ID in request')
  const owner = context.image.brokers().find((broker) => broker.directoryId === directoryId && broker.id !== brokerId)
  if (owner === undefined) return null
  return refuse(`Broker ${owner.id} is already registered with directory ${directoryId}`)
}

/** A broker that does not understand what the cluster has agreed on would misread its metadata. */
function featureProblem(context: CommandContext, { features }: BrokerRegistrationRequest): ItemResult | null {
  for (const [name, level] of context.image.features()) {
    const range = features.find((feature) => feature.name === name)
    const lowest = name === METADATA_VERSION ? 1 : 0
    const { minSupportedVersion: min = lowest, maxSupportedVersion: max = lowest } = range ?? {}
    if (level < min || level > max) {
      return failure(
        Errors.UNSUPPORTED_VERSION,
        `Unable to register because the broker does not support finalized version ${level} of ${name}. The broker wants a version between ${min} and ${max}, inclusive.`,
      )
    }
  }
  return null
}

function listenerOf({ listeners }: BrokerRegistrationRequest, name: string): Pick<Listener, 'host' | 'port'> {
  return listeners.find((listener) => listener.name === name) ?? { host: '', port: 0 }
}

/**
 * A directory that was stopped cleanly in an earlier uptime than the last one is an old copy: what was acknowledged since
 * is not on it (KIP-966).
 */
export function isStale(
  { image }: Pick<CommandContext, 'image'>,
  { brokerId, previousBrokerEpoch }: BrokerRegistrationRequest,
): boolean {
  const last = image.broker(brokerId)?.epoch
  return previousBrokerEpoch >= 0 && last !== undefined && previousBrokerEpoch < last
}

/** What the request says, as the metadata keeps it. */
function registrationOf(context: CommandContext, request: BrokerRegistrationRequest): Registration {
  const { host, port } = listenerOf(request, CLIENT_LISTENER)
  const peer = listenerOf(request, PEER_LISTENER)
  return {
    brokerId: request.brokerId,
    incarnationId: request.incarnationId,
    directoryId: request.logDirs[0] ?? ZERO_UUID,
    host,
    port,
    rack: request.rack,
    clean: request.clean && !isStale(context, request),
    peerHost: peer.host,
    peerPort: peer.port,
    features: request.features.map(({ name, minSupportedVersion, maxSupportedVersion }) => ({
      name,
      minLevel: minSupportedVersion,
      maxLevel: maxSupportedVersion,
    })),
  }
}

/** `isLive`: the registered uptime of that broker is heard from. `silent`: others that are not, and may be as dead. */
export function brokerRegistration(
  context: CommandContext,
  request: BrokerRegistrationRequest,
  isLive: boolean,
  silent: readonly BrokerUptime[] = [],
): Outcome<ItemResult> {
  const problem =
    idProblem(context, request, isLive) ?? directoryProblem(context, request) ?? featureProblem(context, request)
  if (problem !== null) return { records: [], result: problem }
  return registerBroker(context, registrationOf(context, request), silent)
}

/** Errors that a retry does not heal: the broker must not be here, or not as it is. */
export const finalRegistrationErrors: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  Errors.INCONSISTENT_CLUSTER_ID,
  Errors.INVALID_REGISTRATION,
  Errors.UNSUPPORTED_VERSION,
])
