/** What the requests about voters of the metadata quorum (KIP-853) have in common. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { BrokerConfig } from '../config.ts'
import type { Voter } from '../consensus/voters.ts'
import type { ItemResult } from '../controller/api.ts'

interface NamedListener {
  readonly name: string
  readonly host: string
  readonly port: number
}

interface VoterRequest {
  readonly voterId: number
  readonly voterDirectoryId: string
  readonly listeners: readonly NamedListener[]
}

/** Of the listener that brokers use among themselves. */
export function peerListenerName({ properties }: BrokerConfig): string {
  return properties['controller.listener.names'][0] ?? 'CONTROLLER'
}

/** Null when the request may be about another cluster than this one. */
export function clusterProblem(clusterId: string | null, own: string): ItemResult | null {
  if (clusterId === null || clusterId === own) return null
  const message = `The given id "${clusterId}" doesn't match the cluster id "${own}"`
  return { error: Errors.INCONSISTENT_CLUSTER_ID, message }
}

/** A voter is known by its node and its disk. */
export function isVoterKey({ voterId, voterDirectoryId }: Omit<VoterRequest, 'listeners'>): boolean {
  return voterId >= 0 && voterDirectoryId !== ZERO_UUID
}

/** The voter that a request names; a string says what is wrong with it. */
export function namedVoter(request: VoterRequest, what: string, config: BrokerConfig): Voter | string {
  if (!isVoterKey(request)) return `${what} request didn't include a valid voter`
  const name = peerListenerName(config)
  const listener = request.listeners.find((other) => other.name.toUpperCase() === name.toUpperCase())
  if (listener === undefined || listener.host === '' || listener.port === 0) {
    const given = request.listeners.map((other) => `${other.name}://${other.host}:${other.port}`).join(', ')
    return `${what} request didn't include the endpoint (${given}) for the default listener ${name}`
  }
  return { id: request.voterId, directoryId: request.voterDirectoryId, host: listener.host, port: listener.port }
}

export function voterResponse(error: ErrorCode, message: string | null) {
  return { throttleTimeMs: 0, errorCode: error, errorMessage: message }
}
