/** BrokerHeartbeat as a command (KIP-631): what a broker wants to be, and what the active controller lets it be. */
import { Errors } from '../../proto/kafka/errors.ts'
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
} from '../../proto/kafka/generated/63-broker-heartbeat.ts'
import { brokerEpochProblem, fenceBroker, shutDownBroker, unfenceBroker } from './broker-life.ts'
import { afterwards, type CommandContext, type Outcome } from './core.ts'
import { withdrawFull, withdrawLost } from './lost-replicas.ts'

/** What the active controller knows besides the metadata. */
export interface HeartbeatKnowledge {
  /** Metadata that every live broker that stays has applied. */
  readonly lowestOffset: number
  /** Where the metadata was when this broker had handed its leaders over; null unless it shuts down. */
  readonly shutdownOffset: number | null
}

/** `fenced` and `shutdown` are those of {@link BrokerHeartbeatResponse} after the change. */
type State = 'fenced' | 'unfenced' | 'shutting-down' | 'stopped'

export function heartbeatResponse(fields: Partial<BrokerHeartbeatResponse>): BrokerHeartbeatResponse {
  return {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
    isCaughtUp: false,
    isFenced: true,
    shouldShutDown: false,
    wantedEnds: [],
    ...fields,
  }
}

function leadsAny(context: CommandContext, brokerId: number): boolean {
  for (const topic of context.image.topics()) {
    if (topic.partitions.some((partition) => partition.leader === brokerId)) return true
  }
  return false
}

function present(context: CommandContext, brokerId: number): State {
  const broker = context.image.broker(brokerId)
  if (broker === undefined || broker.fenced) return 'fenced'
  return broker.inControlledShutdown ? 'shutting-down' : 'unfenced'
}

function wanted(
  context: CommandContext,
  request: BrokerHeartbeatRequest,
  state: State,
  { lowestOffset, shutdownOffset }: HeartbeatKnowledge,
): State {
  const { brokerId, brokerEpoch, wantFence, wantShutDown, currentMetadataOffset } = request
  switch (state) {
    case 'fenced':
      if (wantShutDown) return 'stopped'
      // It must know of its own registration, and with that of everything that happened to its earlier uptime.
      return !wantFence && currentMetadataOffset >= brokerEpoch ? 'unfenced' : 'fenced'
    case 'unfenced':
      if (wantFence) return wantShutDown ? 'stopped' : 'fenced'
      if (!wantShutDown) return 'unfenced'
      return leadsAny(context, brokerId) ? 'shutting-down' : 'stopped'
    case 'shutting-down':
      if (leadsAny(context, brokerId)) return 'shutting-down'
      // Those that led elsewhere on from here must have heard of it before it is gone.
      return (shutdownOffset ?? 0) <= lowestOffset ? 'stopped' : 'shutting-down'
    case 'stopped':
      return 'stopped'
  }
}

function change(context: CommandContext, request: BrokerHeartbeatRequest, from: State, to: State) {
  const { brokerId, brokerEpoch, suspectReplicas } = request
  if (from === to) return []
  if (to === 'unfenced') return unfenceBroker(context, brokerId, brokerEpoch, suspectReplicas).records
  if (to === 'shutting-down') return shutDownBroker(context, brokerId, brokerEpoch).records
  return fenceBroker(context, brokerId, brokerEpoch).records
}

export function brokerHeartbeat(
  context: CommandContext,
  request: BrokerHeartbeatRequest,
  knowledge: HeartbeatKnowledge,
): Outcome<BrokerHeartbeatResponse> {
  const problem = brokerEpochProblem(context, request.brokerId, request.brokerEpoch)
  if (problem !== null) return { records: [], result: heartbeatResponse({ errorCode: problem.error }) }
  const from = present(context, request.brokerId)
  const to = wanted(context, request, from, knowledge)
  // A fenced one is in no in-sync set.
  const lost = from === 'fenced' ? [] : withdrawLost(context, request.brokerId, request.lostReplicas)
  const full = from === 'fenced' ? [] : withdrawFull(afterwards(context, lost), request.brokerId, request.fullReplicas)
  const withdrawn = [...lost, ...full]
  return {
    records: [...withdrawn, ...change(afterwards(context, withdrawn), request, from, to)],
    result: heartbeatResponse({
      isCaughtUp: request.currentMetadataOffset >= request.brokerEpoch,
      isFenced: to === 'fenced' || to === 'stopped',
      shouldShutDown: to === 'stopped',
    }),
  }
}
