import { Heartbeat as HeartbeatApi } from '../../../proto/kafka/generated/apis.ts'
import type { Coordinator } from '../../cluster/coordinator.ts'
import type { MillraceError } from '../../errors.ts'
import type { ConsumerConfig } from '../config.ts'
import type { Membership } from './membership.ts'

/** What a heartbeat can find out, for the poll loop. */
export interface HeartbeatEvents {
  /** The loop has work: a rebalance began or the membership is void. */
  changed(): void
  /** The membership cannot go on, e.g. another member took over the instance id. */
  failed(error: MillraceError): void
  /** Whether the application asks often enough for records; false makes the member leave. */
  isPolling(): boolean
}

/** Keeps the member's session alive, independent of what the application does with its records. */
export class Heartbeat {
  readonly #config: ConsumerConfig
  readonly #coordinator: Coordinator
  readonly #membership: Membership
  readonly #channel: string
  readonly #events: HeartbeatEvents
  #timer: NodeJS.Timeout | undefined
  #lastSuccessMs = 0
  #isRunning = false

  constructor(
    config: ConsumerConfig,
    coordinator: Coordinator,
    membership: Membership,
    channel: string,
    events: HeartbeatEvents,
  ) {
    this.#config = config
    this.#coordinator = coordinator
    this.#membership = membership
    this.#channel = channel
    this.#events = events
  }

  start(): void {
    this.stop()
    this.#isRunning = true
    this.#lastSuccessMs = Date.now()
    this.#schedule()
  }

  stop(): void {
    this.#isRunning = false
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (!this.#isRunning) return
    this.#timer = setTimeout(() => {
      this.#beat()
        .catch((error: MillraceError) => this.#missed(error))
        .finally(() => this.#schedule())
    }, this.#config.heartbeatIntervalMs)
  }

  async #beat(): Promise<void> {
    if (!this.#events.isPolling()) {
      this.stop()
      const left = this.#membership.leave('the application stopped asking for records')
      this.#membership.lose(true)
      this.#events.changed()
      await left
      return
    }
    const { memberId, generation } = this.#membership
    try {
      await this.#coordinator.call(
        HeartbeatApi,
        { groupId: this.#config.group, generationId: generation, memberId, groupInstanceId: this.#config.instanceId },
        (answer) => answer.errorCode,
        { channel: this.#channel, timeoutMs: this.#config.sessionTimeoutMs },
      )
      this.#lastSuccessMs = Date.now()
    } catch (error) {
      // An answer to a membership that has been renewed meanwhile says nothing about the new one.
      const isCurrent = this.#isRunning && generation === this.#membership.generation
      if (isCurrent) this.#missed(error as MillraceError)
    }
  }

  #missed(error: MillraceError): void {
    if (!this.#isRunning) return
    switch (error.code) {
      case 'REBALANCE_IN_PROGRESS':
        this.#lastSuccessMs = Date.now()
        this.#membership.mustJoin = true
        this.#events.changed()
        return
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
        this.stop()
        this.#membership.lose(error.code === 'UNKNOWN_MEMBER_ID')
        this.#events.changed()
        return
      default:
        if (!error.retriable) {
          this.stop()
          this.#events.failed(error)
        } else if (Date.now() - this.#lastSuccessMs > this.#config.sessionTimeoutMs) {
          this.#membership.mustJoin = true
          this.#events.changed()
        }
    }
  }
}
