/** What becomes of the logs, as the operator hears of it: a line for each event, and gauges of how many are in trouble. */
import { FilesPinnedError } from './log/errors.ts'
import type { Log } from './log/log.ts'
import type { Metrics } from './metrics.ts'
import type { PartitionEvents } from './replication/partition-manager.ts'
import type { Logger } from './services.ts'

/** What its readers are answered is KAFKA_STORAGE_ERROR, which they try again. */
export const UNREADABLE_LOG =
  'records of a log cannot be read: see to the file that is named; the rest of the log is served'

export function logEvents(logger: Logger, metrics: Metrics): PartitionEvents {
  const offline = metrics.counter(
    'millrace_logs_offline_total',
    'Logs taken offline by a failed write or sync, or not opened.',
  )
  let saidPinned = false
  return {
    offline(topic, partition, reason) {
      offline.add(1)
      logger.error(
        { topic, partition, err: reason },
        'a log failed and is offline: check its disk, then restart the broker, which recovers it',
      )
    },
    unopened(topic, partition, reason) {
      offline.add(1)
      logger.error(
        { topic, partition, err: reason },
        'a log cannot be opened and is offline: see to the file that is named, then restart the broker',
      )
    },
    full(topic, partition, reason) {
      // It lasts until the next sync and befalls every log in turn: what is to be done about it is said once.
      if (reason.cause instanceof FilesPinnedError) {
        if (saidPinned) return
        saidPinned = true
      }
      logger.error(
        { topic, partition, err: reason },
        'a log has no room and refuses appends: free some, and it takes them again by itself',
      )
    },
    relieved(topic, partition) {
      logger.info({ topic, partition }, 'a log has room again and takes appends')
    },
    suspect(topic, partition, { tornBytes, tornFile, tornReason }) {
      const what = tornBytes > 0 ? 'had a torn end, which was cut off and kept' : 'has a damaged durable-end mark'
      logger.warn(
        { topic, partition, tornBytes, tornFile, tornReason },
        `a log ${what}: its newest records may be missing`,
      )
    },
    setAside(topic, partition) {
      logger.warn({ topic, partition }, 'a directory belongs to no topic and was set aside')
    },
  }
}

/** `logs` are the open ones, the metadata log among them. */
export function registerLogGauges(
  metrics: Metrics,
  logs: { logs(): Iterable<Pick<Log, 'offline' | 'full'>> },
  partitions: { readonly unopenedCount: number },
): void {
  const count = (test: (log: Pick<Log, 'offline' | 'full'>) => boolean) => [...logs.logs()].filter(test).length
  metrics.gauge(
    'millrace_logs_offline',
    'Logs that are offline: failed, or not opened.',
    () => count((log) => log.offline !== null) + partitions.unopenedCount,
  )
  metrics.gauge('millrace_logs_full', 'Logs that refuse appends for want of room.', () =>
    count((log) => log.full !== null),
  )
}
