/** The cleaner of compacted logs, composed: its runner, what it is told of options, and what the operator hears of it. */
import type { BrokerConfig } from './config.ts'
import { brokerNumber, type DynamicConfigs } from './config/effective.ts'
import { LogCleaner } from './log/compaction/log-cleaner.ts'
import { type CompactionRunner, type Pacing, StepRunner } from './log/compaction/runner.ts'
import type { LogManager } from './log/log-manager.ts'
import { COMPACTION_BYTES_PER_SECOND_MAX } from './limits.ts'
import type { Metrics } from './metrics.ts'
import type { Clock } from './ports/clock.ts'
import type { Disk } from './ports/disk.ts'
import type { Logger } from './services.ts'

/** Makes the runner that recopies off the event loop; null where that cannot be, and the loop does it in small steps. */
export type MakeCompactionRunner = (bytesPerSecond: () => number) => CompactionRunner | null

export interface LogCleaningOptions {
  readonly logs: Pick<LogManager, 'logs'>
  readonly disk: Disk
  readonly clock: Clock
  readonly config: BrokerConfig
  readonly dynamic: DynamicConfigs
  readonly metrics: Metrics
  readonly logger: Logger
  readonly makeRunner: MakeCompactionRunner
}

/** The cleaner, to be ticked every `log.cleaner.backoff.ms`. Null with `log.cleaner.enable=false`. */
export function createLogCleaner(options: LogCleaningOptions): LogCleaner | null {
  const { logs, disk, clock, config, dynamic, metrics, logger, makeRunner } = options
  if (!config.properties['log.cleaner.enable']) return null
  const bytesPerSecond = () => {
    const configured = brokerNumber('log.cleaner.io.max.bytes.per.second', config, dynamic)
    return Math.min(configured, COMPACTION_BYTES_PER_SECOND_MAX)
  }
  const pacing: Pacing = {
    bytesPerSecond,
    monotonic: () => clock.monotonic(),
    after: (delayMs, fn) => clock.after(delayMs, fn),
  }
  const cleaner = new LogCleaner({
    logs: () => logs.logs(),
    runner: makeRunner(bytesPerSecond) ?? new StepRunner(disk, pacing),
    listener: cleanerEvents(metrics, logger),
    now: () => clock.now(),
    mapBytesMax: () => brokerNumber('log.cleaner.dedupe.buffer.size', config, dynamic),
  })
  registerGauges(metrics, cleaner, clock)
  return cleaner
}

function cleanerEvents(metrics: Metrics, logger: Logger): ConstructorParameters<typeof LogCleaner>[0]['listener'] {
  const runs = metrics.counter('millrace_log_cleaner_runs_total', 'Cleanings of compacted logs that ended well.')
  const read = metrics.counter('millrace_log_cleaner_read_bytes_total', 'Bytes that cleanings read to recopy.')
  const written = metrics.counter('millrace_log_cleaner_written_bytes_total', 'Bytes that cleanings kept.')
  const failures = metrics.counter('millrace_log_cleaner_failures_total', 'Logs given up by the cleaner.')
  return {
    cleaned({ topic, partition }, stats) {
      runs.add(1)
      read.add(stats.bytesRead)
      written.add(stats.bytesWritten)
      logger.info({ topic, partition, ...stats }, 'compacted a log')
    },
    abandoned({ topic, partition }, reason) {
      logger.info({ topic, partition, err: reason }, 'a compaction was given up and will be tried again')
    },
    failed({ topic, partition }, reason) {
      failures.add(1)
      const message = 'a log cannot be compacted: it goes on serving and is left alone until the broker is restarted'
      logger.error({ topic, partition, err: reason }, message)
    },
  }
}

function registerGauges(metrics: Metrics, cleaner: LogCleaner, clock: Clock): void {
  metrics.gauge(
    'millrace_log_cleaner_uncleanable_logs',
    'Compacted logs that the cleaner has given up.',
    () => [...cleaner.uncleanable()].length,
  )
  metrics.gauge('millrace_log_cleaner_max_dirty_percent', 'Dirty share of the dirtiest log at the last look.', () =>
    Math.floor(cleaner.dirtiestRatio * 100),
  )
  metrics.gauge('millrace_log_cleaner_since_last_run_seconds', 'Time since the cleaner last looked at the logs.', () =>
    Math.max(0, (clock.now() - cleaner.lastRunMs) / 1000),
  )
}
