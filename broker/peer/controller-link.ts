/**
 * The way to the active controller, which may be in this process: asks it once, and tells what came of it. Trying again is
 * up to whoever asks.
 */
import type { Api } from '../../proto/kafka/api.ts'
import {
  AllocateProducerIds,
  AlterPartition,
  BrokerHeartbeat,
  BrokerRegistration,
} from '../../proto/kafka/generated/apis.ts'
import type * as alter from '../../proto/kafka/generated/56-alter-partition.ts'
import type * as registration from '../../proto/kafka/generated/62-broker-registration.ts'
import type * as heartbeat from '../../proto/kafka/generated/63-broker-heartbeat.ts'
import type * as allocate from '../../proto/kafka/generated/67-allocate-producer-ids.ts'
import type { BrokerRequests } from '../controller/broker-requests.ts'
import type { ControllerLink } from '../controller/link.ts'
import type { MetadataView } from '../controller/view.ts'
import type { Clock } from '../ports/clock.ts'
import type { PeerDone } from './channel.ts'
import type { PeerChannels } from './channels.ts'
import { PeerError } from './errors.ts'

export interface ActiveControllerLinkOptions {
  readonly nodeId: number
  readonly clock: Clock
  readonly metadata: Pick<MetadataView, 'controllerId'>
  readonly channels: Pick<PeerChannels, 'to'>
  /** What this node answers while it is the active controller itself. */
  readonly local: BrokerRequests
  readonly timeoutMs: number
}

export class ActiveControllerLink implements ControllerLink {
  private readonly options: ActiveControllerLinkOptions

  constructor(options: ActiveControllerLinkOptions) {
    this.options = options
  }

  register(
    request: registration.BrokerRegistrationRequest,
    done: PeerDone<registration.BrokerRegistrationResponse>,
  ): void {
    this.ask(BrokerRegistration, request, (reply) => this.options.local.register(request, reply), done)
  }

  heartbeat(request: heartbeat.BrokerHeartbeatRequest, done: PeerDone<heartbeat.BrokerHeartbeatResponse>): void {
    this.ask(BrokerHeartbeat, request, (reply) => this.options.local.heartbeat(request, reply), done)
  }

  alterPartition(request: alter.AlterPartitionRequest, done: PeerDone<alter.AlterPartitionResponse>): void {
    this.ask(AlterPartition, request, (reply) => this.options.local.alterPartition(request, reply), done)
  }

  allocateProducerIds(
    request: allocate.AllocateProducerIdsRequest,
    done: PeerDone<allocate.AllocateProducerIdsResponse>,
  ): void {
    this.ask(AllocateProducerIds, request, (reply) => this.options.local.allocateProducerIds(request, reply), done)
  }

  private ask<Req, Res>(
    api: Api<Req, Res>,
    request: Req,
    locally: (reply: (response: Res) => void) => void,
    done: PeerDone<Res>,
  ): void {
    const { nodeId, clock, metadata, channels, timeoutMs } = this.options
    const { controllerId } = metadata
    if (controllerId === nodeId) return locally((response) => done(null, response))
    const channel = controllerId < 0 ? null : channels.to(controllerId, 'control')
    if (channel !== null) return channel.request(api, request, timeoutMs, done)
    clock.turnEnd(() => done(new PeerError('unsent', 'no active controller is known'), null))
  }
}
