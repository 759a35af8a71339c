/**
 * The pump of a broker's life in its cluster: asks the active controller what `BrokerLifecycle` wants asked, one request at a
 * time, and tells it what came of it.
 */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { BrokerRegistrationRequest } from '../../proto/kafka/generated/62-broker-registration.ts'
import type { EndTopic, LostTopic } from '../../proto/kafka/generated/63-broker-heartbeat.ts'
import { readUuid } from '../../proto/kafka/uuid.ts'
import type { BrokerConfig } from '../config.ts'
import { BrokerLifecycle } from '../controller/broker-lifecycle.ts'
import type { TopicReplicas } from '../controller/broker-life.ts'
import { CLIENT_LISTENER, PEER_LISTENER } from '../controller/broker-registration.ts'
import type { Controller } from '../controller/controller.ts'
import { supportedFeatures } from '../controller/metadata-version.ts'
import type { ReplicaEnd } from '../controller/last-replicas.ts'
import { MembershipError } from '../errors.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Logger } from '../services.ts'
import type { PeerAddress } from './channel.ts'
import type { ActiveControllerLink } from './controller-link.ts'
import { registrationRefusal } from './refusals.ts'
import { WaitNotes } from './wait-notes.ts'

/** How often the clock is looked at while there is nothing to ask for (ms). */
const IDLE_MS = 5_000

/** How often the clock is looked at while the broker waits for its leaders to move (ms). */
const PATIENCE_MS = 100

/** What a broker is registered as. */
export interface OwnAddresses {
  readonly client: PeerAddress
  /** Null for a broker without a listener for others. */
  readonly peer: PeerAddress | null
}

export interface MembershipOptions {
  readonly config: BrokerConfig
  readonly clusterId: string
  readonly directoryId: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly controller: Controller
  readonly link: ActiveControllerLink
  /** Nothing acknowledged before this start can be missing from the disk. */
  readonly isClean: boolean
  /** The broker epoch that the last clean stop noted; -1 for none. */
  readonly previousBrokerEpoch: number
  /** The metadata with this broker's own registration is applied: opens what it names. */
  readonly open: () => void
  /** Replicas opened here that may lack acknowledged records. */
  readonly suspects: () => readonly TopicReplicas[]
  /** Replicas here whose logs are offline now. */
  readonly lost: () => readonly TopicReplicas[]
  /** Replicas here that have no room for more. */
  readonly full: () => readonly TopicReplicas[]
  /** How far a replica here goes; null when its log is not open. */
  readonly replicaEnd: (topicId: string, partition: number) => ReplicaEnd | null
}

export class Membership {
  private readonly options: MembershipOptions
  private readonly lifecycle: BrokerLifecycle
  private readonly incarnationId: string
  private addresses: OwnAddresses | null = null
  private timer: Timer | null = null
  private isAsking = false
  private isOpen = false
  private startedMs = 0
  private readonly notes: WaitNotes
  private settleStart: ((error: Error | null) => void) | null = null
  private whenStopped: (() => void) | null = null
  private closed = false
  /** What the controller wants to know of the replicas here. */
  private wantedEnds: readonly TopicReplicas[] = []
  /** A log has failed since the last heartbeat was sent. */
  private hasLost = false
  /** The active controller when the metadata moved last. */
  private controllerId = -1
  private awaitsNews = false

  constructor(options: MembershipOptions) {
    this.options = options
    const { properties } = options.config
    this.notes = new WaitNotes(options.logger)
    this.incarnationId = readUuid(options.random.bytes(16), 0)
    this.lifecycle = new BrokerLifecycle({
      heartbeatIntervalMs: properties['broker.heartbeat.interval.ms'],
      sessionTimeoutMs: properties['broker.session.timeout.ms'],
    })
  }

  /** Of this uptime; -1 until it is registered. */
  get brokerEpoch(): number {
    return this.lifecycle.brokerEpoch
  }

  /** See `BrokerLifecycle.isCutOff`. */
  get isCutOff(): boolean {
    return this.lifecycle.isCutOff(this.options.clock.monotonic())
  }

  /** `done` once the broker is unfenced, as this node's own metadata has it; with MembershipError when it can never be. */
  start(addresses: OwnAddresses, done: (error: Error | null) => void): void {
    const { clock, controller } = this.options
    this.addresses = addresses
    this.startedMs = clock.monotonic()
    this.notes.begin(this.startedMs)
    this.settleStart = done
    controller.onMetadata(() => this.metadataMoved())
    this.step()
  }

  /** Hands over what this broker leads, as far as others can take it. `done` once it may go, in a later turn. */
  stop(done: () => void): void {
    this.whenStopped = done
    this.lifecycle.stop(this.options.clock.monotonic())
    this.step()
  }

  /** A log here has failed: the controller hears of it in a moment. */
  reportLost(): void {
    this.hasLost = true
    if (this.timer === null) return
    const nowMs = this.options.clock.monotonic()
    this.lifecycle.hurry(nowMs)
    this.schedule(nowMs)
  }

  /** Asks for nothing any more; whoever waits is told. Idempotent. */
  close(): void {
    this.closed = true
    this.timer?.cancel()
    this.timer = null
    this.settle(new MembershipError('the broker was stopped before it had joined its cluster'))
    this.tellStopped()
  }

  /** The start fails for this reason, if it is not done yet. */
  fail(error: Error): void {
    this.settle(error)
  }

  private metadataMoved(): void {
    const { controllerId } = this.options.controller.view
    if (controllerId !== this.controllerId) {
      this.controllerId = controllerId
      if (controllerId >= 0) this.reportTo((nowMs) => this.lifecycle.controllerChanged(nowMs))
    }
    this.checkUnfenced()
  }

  private reportTo(controller: (nowMs: number) => void): void {
    if (this.timer === null) return
    const nowMs = this.options.clock.monotonic()
    controller(nowMs)
    this.schedule(nowMs)
  }

  private settle(error: Error | null): void {
    const settle = this.settleStart
    this.settleStart = null
    settle?.(error)
  }

  private tellStopped(): void {
    const done = this.whenStopped
    this.whenStopped = null
    if (done !== null) this.options.clock.turnEnd(done)
  }

  private step(): void {
    if (this.closed) return
    const { clock } = this.options
    const { lifecycle } = this
    const nowMs = clock.monotonic()
    lifecycle.checkPatience(nowMs)
    if (lifecycle.state === 'stopped') return this.tellStopped()
    if (lifecycle.refusedBy !== null) return this.settle(this.refusal(lifecycle.refusedBy))
    this.note(nowMs)
    if (!this.isAsking && lifecycle.wish !== null && lifecycle.dueMs <= nowMs) this.ask(lifecycle.wish)
    this.schedule(nowMs)
  }

  private schedule(nowMs: number): void {
    this.timer?.cancel()
    const { lifecycle } = this
    const isIdle = lifecycle.wish === null
    let delayMs = isIdle || this.isAsking ? IDLE_MS : Math.max(0, lifecycle.dueMs - nowMs)
    if (lifecycle.state === 'stopping') delayMs = Math.min(delayMs, PATIENCE_MS)
    this.timer = this.options.clock.after(delayMs, () => this.step())
  }

  private ask(wish: 'register' | 'heartbeat'): void {
    this.isAsking = true
    if (wish === 'register') this.register()
    else this.heartbeat()
  }

  /** Runs what an answer means, unless the broker has been closed meanwhile. */
  private answered(act: (nowMs: number) => void): void {
    this.isAsking = false
    if (this.closed) return
    act(this.options.clock.monotonic())
    this.step()
  }

  private register(): void {
    const { link, controller, logger } = this.options
    link.register(this.registration(), (error, response) => {
      this.answered((nowMs) => {
        const code = response?.errorCode ?? null
        if (error !== null || code !== Errors.NONE) {
          this.awaitNews()
          return this.lifecycle.registrationFailed(code, nowMs)
        }
        const { brokerEpoch = -1 } = response ?? {}
        this.lifecycle.registered(brokerEpoch, nowMs)
        logger.info({ brokerEpoch, tookMs: Math.round(nowMs - this.startedMs) }, 'broker registered')
        controller.whenApplied(brokerEpoch + 1, () => this.open())
      })
    })
  }

  /** Whatever the metadata says next, there is a controller that wrote it: a pause would be in vain. */
  private awaitNews(): void {
    if (this.awaitsNews) return
    this.awaitsNews = true
    const { controller } = this.options
    controller.whenApplied(controller.appliedOffset + 1, () => {
      this.awaitsNews = false
      this.reportTo((nowMs) => this.lifecycle.controllerFound(nowMs))
    })
  }

  private open(): void {
    if (this.closed || this.isOpen) return
    this.isOpen = true
    this.options.open()
    this.lifecycle.ready(this.options.clock.monotonic())
    this.step()
  }

  private registration(): BrokerRegistrationRequest {
    const { config, clusterId, directoryId, isClean, previousBrokerEpoch } = this.options
    const { client, peer } = this.addresses ?? { client: { host: '', port: 0 }, peer: null }
    const listener = (name: string, { host, port }: PeerAddress) => ({ name, host, port, securityProtocol: 0 })
    return {
      brokerId: config.nodeId,
      clusterId,
      incarnationId: this.incarnationId,
      listeners: [listener(CLIENT_LISTENER, client), ...(peer === null ? [] : [listener(PEER_LISTENER, peer)])],
      features: supportedFeatures(config).map(({ name, minLevel, maxLevel }) => ({
        name,
        minSupportedVersion: minLevel,
        maxSupportedVersion: maxLevel,
      })),
      rack: config.rack,
      isMigratingZkBroker: false,
      logDirs: [directoryId],
      previousBrokerEpoch,
      // Registered anew in mid-life it has lost nothing either.
      clean: isClean || this.isOpen,
    }
  }

  private heartbeat(): void {
    const { link, config, controller, suspects, lost, full } = this.options
    const { lifecycle } = this
    const { brokerEpoch } = lifecycle
    const isFirst = lifecycle.state === 'starting'
    this.hasLost = false
    const request = {
      brokerId: config.nodeId,
      brokerEpoch,
      currentMetadataOffset: controller.appliedOffset - 1,
      // With a full metadata log it hears of no change: neither of what it leads no more nor of what it is to follow.
      wantFence: lifecycle.wantsFence || (controller.isFull && !controller.isActive),
      wantShutDown: lifecycle.wantsShutDown,
      offlineLogDirs: [],
      cordonedLogDirs: null,
      suspectReplicas: isFirst ? named(suspects()) : [],
      replicaEnds: this.replicaEnds(),
      // Every time: another controller, or a later in-sync set, may not know.
      lostReplicas: named(lost()),
      fullReplicas: named(full()),
    }
    link.heartbeat(request, (error, response) => {
      this.answered((nowMs) => {
        const code = response?.errorCode ?? null
        if (error !== null || response === null || code !== Errors.NONE) lifecycle.heartbeatFailed(code, nowMs)
        else {
          this.wantedEnds = response.wantedEnds
          const isUrgent = this.wantedEnds.length > 0 || this.hasLost
          lifecycle.heartbeatAnswered({ ...response, isUrgent }, nowMs)
        }
        this.checkUnfenced()
      })
    })
  }

  /** The answer to what the controller asked for with its last one. */
  private replicaEnds(): EndTopic[] {
    const { replicaEnd } = this.options
    const asked = this.wantedEnds
    this.wantedEnds = []
    return asked.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.flatMap((partition) => {
        const end = replicaEnd(topicId, partition)
        return end === null ? [] : [{ partition, ...end }]
      }),
    }))
  }

  /** Clients are served once this node's own metadata says so, too. */
  private checkUnfenced(): void {
    if (this.settleStart === null || this.lifecycle.state !== 'running') return
    const own = this.options.controller.view.broker(this.options.config.nodeId)
    if (own?.epoch === this.brokerEpoch && !own.fenced) this.settle(null)
  }

  private refusal(code: ErrorCode): MembershipError {
    const { config, clusterId, directoryId, controller } = this.options
    const { nodeId, dataDir } = config
    const node = { nodeId, clusterId, dataDir, directoryId, supported: supportedFeatures(config) }
    return new MembershipError(registrationRefusal(code, node, controller.view))
  }

  private note(nowMs: number): void {
    const { lifecycle, notes, startedMs } = this
    const { isFull, view } = this.options.controller
    const { controllerId } = view
    const { isDuplicate } = lifecycle
    if (lifecycle.state === 'registering') notes.waits(nowMs, startedMs, controllerId, { isDuplicate, isFull })
    notes.cutOff(lifecycle.isCutOff(nowMs), nowMs, controllerId)
  }
}

function named(replicas: readonly TopicReplicas[]): LostTopic[] {
  return replicas.map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions] }))
}
