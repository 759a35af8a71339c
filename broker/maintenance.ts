/** What a broker does every now and then, whoever asks: checkpoints, expiry, retention and compaction. */
import type { BrokerConfig } from './config.ts'
import { LOG_RETENTION_PAUSE_MS } from './limits.ts'
import type { LogCleaner } from './log/compaction/log-cleaner.ts'
import type { LogManager } from './log/log-manager.ts'
import type { Clock, Timer } from './ports/clock.ts'
import type { Logger } from './services.ts'

export interface MaintenanceOptions {
  readonly clock: Clock
  readonly logs: Pick<LogManager, 'tick' | 'retentionSlices'>
  /** Null = compaction is off. */
  readonly cleaner: Pick<LogCleaner, 'tick' | 'close'> | null
  readonly logger: Logger
  readonly config: BrokerConfig
}

export class Maintenance {
  private readonly options: MaintenanceOptions
  private readonly timers = new Set<Timer>()
  /** The next slice of the round of retention under way. */
  private retention: Timer | null = null
  private stopped = false

  constructor(options: MaintenanceOptions) {
    this.options = options
  }

  start(): void {
    const { config, logs, cleaner, clock } = this.options
    const { properties } = config
    this.every(properties['replica.high.watermark.checkpoint.interval.ms'], () => logs.tick(clock.now()))
    this.every(properties['log.retention.check.interval.ms'], () => this.applyRetention())
    if (cleaner !== null) this.every(properties['log.cleaner.backoff.ms'], () => cleaner.tick())
  }

  stop(): void {
    this.stopped = true
    for (const timer of this.timers) timer.cancel()
    this.timers.clear()
    this.retention?.cancel()
    this.options.cleaner?.close()
  }

  /** A slice now and the rest in later turns. While a round is not over, no other begins. */
  private applyRetention(): void {
    const { logs, clock } = this.options
    if (this.retention === null) this.retireSlice(logs.retentionSlices(clock.now()))
  }

  private retireSlice(slices: Generator<number, void, undefined>): void {
    const { clock, logger } = this.options
    this.retention = null
    const { done, value: segments } = slices.next()
    if (done === true) return
    if (segments > 0) logger.info({ segments }, 'deleted segments past their retention')
    this.retention = clock.after(LOG_RETENTION_PAUSE_MS, () => this.attempt(() => this.retireSlice(slices)))
  }

  private every(intervalMs: number, work: () => void): void {
    if (this.stopped) return
    const timer = this.options.clock.after(intervalMs, () => {
      this.timers.delete(timer)
      this.attempt(work)
      this.every(intervalMs, work)
    })
    this.timers.add(timer)
  }

  /** An error is logged and does not stop the next round. */
  private attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.options.logger.error({ err: error }, 'periodic work failed')
    }
  }
}
