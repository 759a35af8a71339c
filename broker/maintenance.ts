/** What a broker does every now and then, whoever asks: checkpoints, expiry, retention and compaction. */
import type { BrokerConfig } from './config.ts'
import type { LogCleaner } from './log/compaction/log-cleaner.ts'
import type { LogManager } from './log/log-manager.ts'
import type { Clock, Timer } from './ports/clock.ts'
import type { Logger } from './services.ts'

export interface MaintenanceOptions {
  readonly clock: Clock
  readonly logs: Pick<LogManager, 'tick' | 'applyRetention'>
  /** Null = compaction is off. */
  readonly cleaner: Pick<LogCleaner, 'tick' | 'close'> | null
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
    const { config, logs, cleaner, logger, clock } = this.options
    const { properties } = config
    this.every(properties['replica.high.watermark.checkpoint.interval.ms'], () => logs.tick(clock.now()))
    this.every(properties['log.retention.check.interval.ms'], () => {
      const segments = logs.applyRetention(clock.now())
      if (segments > 0) logger.info({ segments }, 'deleted segments past their retention')
    })
    if (cleaner !== null) this.every(properties['log.cleaner.backoff.ms'], () => cleaner.tick())
  }

  stop(): void {
    this.stopped = true
    for (const timer of this.timers) timer.cancel()
    this.timers.clear()
    this.options.cleaner?.close()
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
