/**
 * What the active controller does unasked: ends the sessions of brokers that are silent or gone, gives leaders back to the
 * replicas that are preferred, and hands over when it has no room. Does nothing while another node is the active controller.
 */
import type { BrokerConfig } from '../config.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import { balanceLeaders } from './balance-leaders.ts'
import { type BrokerUptime, fenceBroker } from './broker-life.ts'
import type { BrokerSessions } from './broker-sessions.ts'
import type { Controller, ControllerLogger } from './controller.ts'
import { electUncleanLeaders } from './unclean-leaders.ts'
import type { BrokerView } from './view.ts'

/** What tells early that a broker may be dead. */
export interface BrokerWatch {
  /** Watches one uptime of a broker, from now on until `unwatch`. */
  watch(broker: BrokerView): void
  unwatch(brokerId: number): void
}

export interface ControllerDutiesOptions {
  readonly controller: Controller
  readonly sessions: BrokerSessions
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly logger: ControllerLogger
  readonly watch: BrokerWatch
}

/** A timer that fires so much late (ms) shows that this process stood still, and heard nobody because it did not listen. */
const STANDSTILL_MS = 500

/** Of a session's length: silence is looked at this often at least, so that a standstill is found out long before it is one. */
const LOOK_SHARE = 1 / 6

/** Between looks at somebody whose time is up and who is not fenced yet (ms). */
const LOOK_AGAIN_MS = 100

/** Partitions without a leader are looked at this often (ms): an operator may have allowed an unclean one. Kafka: 5 minutes. */
const UNCLEAN_INTERVAL_MS = 5_000

export class ControllerDuties {
  private readonly options: ControllerDutiesOptions
  private readonly fencing = new Set<number>()
  /** What `followBrokers` saw last; the metadata makes another list for every change. */
  private followed: readonly BrokerView[] = []
  private lookTimer: Timer | null = null
  private balanceTimer: Timer | null = null
  private uncleanTimer: Timer | null = null
  /** When the timer is due. */
  private lookAtMs = 0

  constructor(options: ControllerDutiesOptions) {
    this.options = options
    options.controller.onActive({
      activated: () => this.begin(),
      applied: () => this.followBrokers(true),
      resigned: () => this.end(),
    })
    options.sessions.onSooner(() => this.scheduleLook())
  }

  /** Nothing listens at the broker's address any more: its process is gone, as far as can be told. */
  gone(brokerId: number, brokerEpoch: number): void {
    const { sessions, clock, logger } = this.options
    logger.info({ brokerId, brokerEpoch }, 'a broker is gone: its connection broke and cannot be made again')
    sessions.expire(brokerId, brokerEpoch, clock.monotonic())
    this.look()
  }

  /** The connection broke, and could be made again. */
  shaky(brokerId: number): void {
    this.options.sessions.suspect(brokerId, this.options.clock.monotonic())
  }

  close(): void {
    this.end()
  }

  private begin(): void {
    this.options.sessions.open(this.options.clock.monotonic())
    this.followBrokers(false)
    this.scheduleLook()
    this.scheduleUnclean()
    if (this.options.config.properties['auto.leader.rebalance.enable']) this.scheduleBalance()
  }

  private end(): void {
    const { sessions, watch } = this.options
    for (const brokerId of sessions.ids()) watch.unwatch(brokerId)
    sessions.clear()
    this.followed = []
    this.fencing.clear()
    this.lookTimer?.cancel()
    this.lookTimer = null
    this.balanceTimer?.cancel()
    this.balanceTimer = null
    this.uncleanTimer?.cancel()
    this.uncleanTimer = null
  }

  /** Sessions are for brokers that are not fenced, as the committed metadata has them. `areHeard`: they have just been unfenced. */
  private followBrokers(areHeard: boolean): void {
    const { controller, sessions, config, clock, watch } = this.options
    const brokers = controller.view.brokers()
    if (brokers === this.followed) return
    this.followed = brokers
    const nowMs = clock.monotonic()
    for (const brokerId of [...sessions.ids()]) {
      if (controller.view.broker(brokerId)?.fenced === false) continue
      sessions.end(brokerId)
      watch.unwatch(brokerId)
    }
    for (const broker of brokers) {
      if (broker.fenced) continue
      sessions.begin(broker.id, broker.epoch, nowMs, areHeard)
      if (broker.id !== config.nodeId) watch.watch(broker)
    }
  }

  /** For the next deadline: one that was renewed meanwhile is found to have moved then. */
  private scheduleLook(): void {
    const { sessions, clock, config } = this.options
    const nowMs = clock.monotonic()
    const longestMs = config.properties['broker.session.timeout.ms'] * LOOK_SHARE
    const atMs = nowMs + Math.min(longestMs, Math.max(LOOK_AGAIN_MS, sessions.deadlineMs - nowMs))
    // One that is late already is left alone: it shows a standstill.
    if (this.lookTimer !== null && this.lookAtMs <= atMs) return
    this.lookTimer?.cancel()
    this.lookAtMs = atMs
    this.lookTimer = clock.after(atMs - nowMs, () => this.lookAgain())
  }

  private lookAgain(): void {
    const { sessions, clock } = this.options
    const nowMs = clock.monotonic()
    this.lookTimer = null
    if (nowMs - this.lookAtMs > STANDSTILL_MS) sessions.renewAll(nowMs)
    this.look()
    this.scheduleLook()
  }

  private look(): void {
    const { sessions, clock, controller } = this.options
    if (!controller.isActive) return
    for (const late of sessions.expired(clock.monotonic())) {
      if (!this.fencing.has(late.brokerId)) this.fence(late)
    }
    this.lookForRoom()
  }

  /** On a full disk nothing can be changed, nor anybody's leaders be moved: another voter may have room. */
  private lookForRoom(): void {
    const { controller, sessions, logger } = this.options
    if (!controller.isFull || !sessions.hasRoomElsewhere) return
    logger.error({}, 'the metadata log is full: another controller is to take over')
    controller.resign()
  }

  private fence({ brokerId, brokerEpoch }: BrokerUptime): void {
    const { controller, logger } = this.options
    this.fencing.add(brokerId)
    const done = () => void this.fencing.delete(brokerId)
    logger.info({ brokerId, brokerEpoch }, 'a broker is fenced: it has been silent for too long, or is gone')
    controller.commands.run((context) => fenceBroker(context, brokerId, brokerEpoch), done, done)
  }

  private scheduleUnclean(): void {
    const { clock, controller, logger } = this.options
    this.uncleanTimer = clock.after(UNCLEAN_INTERVAL_MS, () => {
      const ignore = () => {}
      const tell = (elected: number) => {
        if (elected > 0) logger.error({ partitions: elected }, 'leaders were elected uncleanly, as their topics allow')
      }
      controller.commands.run(electUncleanLeaders, tell, ignore)
      this.scheduleUnclean()
    })
  }

  private scheduleBalance(): void {
    const { clock, config, controller } = this.options
    const intervalMs = config.properties['leader.imbalance.check.interval.seconds'] * 1000
    this.balanceTimer = clock.after(intervalMs, () => {
      const ignore = () => {}
      controller.commands.run(balanceLeaders, ignore, ignore)
      this.scheduleBalance()
    })
  }
}
