/** What brokers ask the active controller, in Kafka's messages: registration, heartbeats, in-sync sets, producer ids. */
import { Errors } from '../../proto/kafka/errors.ts'
import type { AlterPartitionRequest, AlterPartitionResponse } from '../../proto/kafka/generated/56-alter-partition.ts'
import type {
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../../proto/kafka/generated/62-broker-registration.ts'
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  WantedTopic,
} from '../../proto/kafka/generated/63-broker-heartbeat.ts'
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '../../proto/kafka/generated/67-allocate-producer-ids.ts'
import type { Clock } from '../ports/clock.ts'
import { REFUSED_BROKERS_MAX } from '../limits.ts'
import { alterPartition, refusedAlterPartition } from './alter-partition.ts'
import type { ItemResult } from './api.ts'
import { brokerEpochProblem } from './broker-life.ts'
import { brokerRegistration, isStale } from './broker-registration.ts'
import type { BrokerSessions } from './broker-sessions.ts'
import type { CommandContext } from './core.ts'
import type { Controller, ControllerLogger } from './controller.ts'
import { brokerHeartbeat, heartbeatResponse } from './heartbeat.ts'
import { electChosen, LastReplicas } from './last-replicas.ts'
import { allocateProducerIds } from './producer-ids.ts'

export interface BrokerRequestsOptions {
  readonly controller: Controller
  readonly sessions: BrokerSessions
  readonly clock: Clock
  readonly logger: ControllerLogger
}

/** Each `reply` is called once, in a later turn. NOT_CONTROLLER when this node is not the active controller. */
export class BrokerRequests {
  private readonly options: BrokerRequestsOptions
  /** Brokers that were refused, with the reason: it is logged once. */
  private readonly refused = new Map<number, string>()

  private readonly lastReplicas = new LastReplicas()

  constructor(options: BrokerRequestsOptions) {
    this.options = options
    options.controller.onActive({ resigned: () => this.lastReplicas.clear() })
  }

  register(request: BrokerRegistrationRequest, reply: (response: BrokerRegistrationResponse) => void): void {
    const { controller, sessions, clock } = this.options
    const { brokerId, incarnationId } = request
    const nowMs = clock.monotonic()
    const isLive = sessions.isLive(brokerId, nowMs)
    const silent = sessions.silent(brokerId)
    // Kafka has no error that says: ask again in a moment.
    if (silent.length > 0 && !sessions.isSettled(nowMs)) {
      return clock.turnEnd(() => reply({ throttleTimeMs: 0, errorCode: Errors.NOT_CONTROLLER, brokerEpoch: -1 }))
    }
    const answer = (result: ItemResult) => {
      this.noteRefusal(brokerId, result)
      // Whoever is registered under this id shows that it lives, or makes room.
      if (result.error === Errors.DUPLICATE_BROKER_REGISTRATION) sessions.suspect(brokerId, nowMs)
      const registered = controller.commands.newestImage?.broker(brokerId)
      const isThis = result.error === Errors.NONE && registered?.incarnationId === incarnationId
      const brokerEpoch = isThis ? registered.epoch : -1
      reply({ throttleTimeMs: 0, errorCode: result.error, brokerEpoch })
    }
    controller.commands.run(
      (context) => {
        const outcome = brokerRegistration(context, request, isLive, silent)
        const before = context.image.broker(brokerId)
        if (outcome.records.length > 0) {
          const fields = { brokerId, incarnationId, before: before?.incarnationId ?? null }
          this.options.logger.info(fields, 'a broker registers')
          if (isStale(context, request)) {
            const consequence = 'it may lead nothing until it has caught up'
            this.options.logger.warn(fields, `a broker came back with an old copy of its data: ${consequence}`)
          }
        }
        return outcome
      },
      answer,
      answer,
    )
  }

  heartbeat(request: BrokerHeartbeatRequest, reply: (response: BrokerHeartbeatResponse) => void): void {
    const { controller, sessions, clock } = this.options
    const { brokerId, brokerEpoch, currentMetadataOffset } = request
    const hasRoom = request.fullReplicas.length === 0
    sessions.heard(brokerId, brokerEpoch, currentMetadataOffset, clock.monotonic(), hasRoom)
    controller.commands.run(
      (context) => {
        const knowledge = {
          lowestOffset: sessions.lowestOffset(),
          shutdownOffset: sessions.shutdownOffset(brokerId),
        }
        return brokerHeartbeat(context, request, knowledge)
      },
      (response) => {
        const isLeaving = request.wantShutDown && response.errorCode === Errors.NONE
        if (isLeaving) sessions.shuttingDown(brokerId, controller.appliedOffset - 1)
        reply({ ...response, wantedEnds: this.wantedEnds(request) })
      },
      ({ error }) => reply(heartbeatResponse({ errorCode: error })),
    )
  }

  alterPartition(request: AlterPartitionRequest, reply: (response: AlterPartitionResponse) => void): void {
    this.options.controller.commands.run(
      (context) => alterPartition(context, request),
      reply,
      ({ error }) => reply(refusedAlterPartition(error)),
    )
  }

  allocateProducerIds(
    { brokerId, brokerEpoch }: AllocateProducerIdsRequest,
    reply: (response: AllocateProducerIdsResponse) => void,
  ): void {
    const answer = (errorCode: number, first: number, count: number) =>
      reply({ throttleTimeMs: 0, errorCode, producerIdStart: first, producerIdLen: count })
    this.options.controller.commands.run(
      (context: CommandContext) => {
        const problem = brokerEpochProblem(context, brokerId, brokerEpoch)
        if (problem !== null) return { records: [], result: { error: problem.error, first: -1, count: 0 } }
        return allocateProducerIds(context, brokerId)
      },
      ({ error, first, count }) => answer(error, first, count),
      ({ error }) => answer(error, -1, 0),
    )
  }

  /** Takes what the broker told of its replicas, elects where that decides it, and says what it shall tell next. */
  private wantedEnds({ brokerId, brokerEpoch, replicaEnds }: BrokerHeartbeatRequest): WantedTopic[] {
    const { controller } = this.options
    const wanted = this.lastReplicas.wanted(controller.view, controller.appliedOffset, brokerId)
    if (replicaEnds.length > 0) this.lastReplicas.report(brokerId, brokerEpoch, replicaEnds)
    // With every heartbeat: the last to tell may have been fenced still, and may lead from now on.
    this.electLast()
    if (replicaEnds.length > 0) return []
    return wanted.map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions] }))
  }

  private electLast(): void {
    const { controller, logger } = this.options
    const chosen = this.lastReplicas.chosen(controller.view)
    if (chosen.length === 0) return
    const tell = (partitions: number) => {
      if (partitions === 0) return
      logger.info({ partitions }, 'all replicas that were last complete are back: the ones with the most lead')
    }
    controller.commands.run(
      (context) => electChosen(context, chosen),
      tell,
      () => {},
    )
  }

  private noteRefusal(brokerId: number, { error, message }: ItemResult): void {
    if (error === Errors.NONE) {
      this.refused.delete(brokerId)
      return
    }
    const reason = `${error}: ${message}`
    if (error === Errors.NOT_CONTROLLER || this.refused.get(brokerId) === reason) return
    if (!this.refused.has(brokerId) && this.refused.size >= REFUSED_BROKERS_MAX) return
    this.refused.set(brokerId, reason)
    this.options.logger.error({ brokerId, error, reason: message }, 'a broker was refused')
  }
}
