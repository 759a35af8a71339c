/** What a broker does every now and then, whoever asks: checkpoints, expiry and retention. */
import type { BrokerConfig } from './config.ts'
import type { LogManager } from './log/log-manager.ts'
import type { Clock, Timer } from './ports/clock.ts'
import type { Logger } from './services.ts'

export interface MaintenanceOptions {
  readonly clock: Clock
  readonly logs: Pick<LogManager, 'tick' | 'applyRetention'>
  readonly logger: Logger
  readonly config: BrokerConfig
}

export class Maintenance {
  private readonly options: MaintenanceOptions
  private readonly timers = new Set<Timer>()
  private stopped = false

  constructor(options: MaintenanceOptions) {
    this.options = options
  }

  start(): void {
    const { config, logs, logger, clock } = this.options
    const { properties } = config
    this.every(properties['replica.high.watermark.checkpoint.interval.ms'], () => logs.tick(clock.now()))
    this.every(properties['log.retention.check.interval.ms'], () => {
      const segments = logs.applyRetention(clock.now())
      if (segments > 0) logger.info({ segments }, 'deleted segments past their retention')
    })
  }

  stop(): void {
    this.stopped = true
    for (const timer of this.timers) timer.cancel()
    this.timers.clear()
  }

  /** An error is logged and does not stop the next round. */
  private every(intervalMs: number, work: () => void): void {
    if (this.stopped) return
    const timer = this.options.clock.after(intervalMs, () => {
      this.timers.delete(timer)
      try {
        work()
      } catch (error) {
        this.options.logger.error({ err: error }, 'periodic work failed')
      }
      this.every(intervalMs, work)
    })
    this.timers.add(timer)
  }
}
