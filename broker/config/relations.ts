/** What must hold between options of one broker, as Kafka checks at start. */
import type { BrokerProperties } from './definitions.ts'
import { ConfigError } from './error.ts'

/** Consumers with a rack read from an in-sync replica there (KIP-392). */
export const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'

const replicaSelectors: ReadonlySet<string | null> = new Set([
  null,
  '',
  'org.apache.kafka.common.replica.LeaderSelector',
  RACK_AWARE_SELECTOR,
])

type Rule = readonly [option: keyof BrokerProperties, holds: (options: BrokerProperties) => boolean, message: string]

const rules: readonly Rule[] = [
  [
    'log.retention.ms',
    (o) => (o['log.retention.ms'] ?? -1) !== 0 && (o['log.retention.ms'] ?? -1) >= -1,
    'log.retention.ms must be unlimited (-1) or, greater than or equal to 1',
  ],
  ['log.roll.ms', (o) => (o['log.roll.ms'] ?? 1) >= 1, 'log.roll.ms must be equal or greater than 1'],
  [
    'log.roll.jitter.ms',
    (o) => (o['log.roll.jitter.ms'] ?? 0) >= 0,
    'log.roll.jitter.ms must be equal or greater than 0',
  ],
  [
    'replica.fetch.wait.max.ms',
    (o) => o['replica.fetch.wait.max.ms'] <= o['replica.lag.time.max.ms'],
    'replica.fetch.wait.max.ms should always be <= replica.lag.time.max.ms to prevent frequent changes in ISR',
  ],
  [
    'offsets.topic.compression.codec',
    (o) => o['offsets.topic.compression.codec'] >= 0 && o['offsets.topic.compression.codec'] <= 4,
    'offsets.topic.compression.codec must be between 0 and 4',
  ],
  [
    'queued.max.request.bytes',
    (o) => o['queued.max.request.bytes'] <= 0 || o['queued.max.request.bytes'] >= o['socket.request.max.bytes'],
    'queued.max.request.bytes must be larger or equal to socket.request.max.bytes',
  ],
  [
    'group.max.session.timeout.ms',
    (o) => o['group.max.session.timeout.ms'] >= o['group.min.session.timeout.ms'],
    'group.max.session.timeout.ms must be greater than or equal to group.min.session.timeout.ms',
  ],
  [
    'group.consumer.session.timeout.ms',
    (o) =>
      o['group.consumer.session.timeout.ms'] >= o['group.consumer.min.session.timeout.ms'] &&
      o['group.consumer.session.timeout.ms'] <= o['group.consumer.max.session.timeout.ms'],
    'group.consumer.session.timeout.ms must be between group.consumer.min.session.timeout.ms and group.consumer.max.session.timeout.ms',
  ],
  [
    'group.consumer.heartbeat.interval.ms',
    (o) =>
      o['group.consumer.heartbeat.interval.ms'] >= o['group.consumer.min.heartbeat.interval.ms'] &&
      o['group.consumer.heartbeat.interval.ms'] <= o['group.consumer.max.heartbeat.interval.ms'] &&
      o['group.consumer.heartbeat.interval.ms'] < o['group.consumer.session.timeout.ms'],
    'group.consumer.heartbeat.interval.ms must be between its minimum and maximum and below group.consumer.session.timeout.ms',
  ],
  [
    'broker.session.timeout.ms',
    (o) => o['broker.session.timeout.ms'] >= 2 * o['broker.heartbeat.interval.ms'],
    'broker.session.timeout.ms must be at least twice broker.heartbeat.interval.ms',
  ],
  [
    'process.roles',
    (o) => o['process.roles'].includes('broker'),
    'process.roles: a node that is no broker is not supported; use broker,controller or broker',
  ],
  [
    'replica.selector.class',
    (o) => replicaSelectors.has(o['replica.selector.class']),
    `replica.selector.class must be unset (the leader) or ${RACK_AWARE_SELECTOR}`,
  ],
  [
    'broker.id',
    (o) => o['broker.id'] === -1 || o['broker.id'] === o['node.id'],
    'broker.id and node.id must be equal when both are set',
  ],
]

/** Throws ConfigError naming the first option that breaks a rule. */
export function checkRelations(options: BrokerProperties): void {
  for (const [option, holds, message] of rules) {
    if (!holds(options)) throw new ConfigError(option, message)
  }
}
