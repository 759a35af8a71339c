/** Broker options about groups, their offsets and transactions: Kafka 4.3's names, types and defaults. */
import { bool, int, list, long, short, string } from './definition.ts'
import { atLeast, between, listOf, oneOfIgnoreCase } from './validators.ts'

const INT_MAX = '2147483647'

const classicGroups = {
  'group.initial.rebalance.delay.ms': int(
    '3000',
    null,
    'How long the first rebalance of an empty group waits for more members, in ms.',
  ),
  'group.max.session.timeout.ms': int('1800000', null, 'Longest session timeout a member may ask for, in ms.'),
  'group.max.size': int(INT_MAX, atLeast(1), 'Most members of a group.'),
  'group.min.session.timeout.ms': int('6000', null, 'Shortest session timeout a member may ask for, in ms.'),
  'group.coordinator.rebalance.protocols': list(
    'classic,consumer,streams',
    listOf('consumer', 'classic', 'share', 'streams'),
    'Rebalance protocols that the coordinator speaks.',
  ),
} as const

const offsets = {
  'offset.metadata.max.bytes': int('4096', null, 'Most metadata beside a committed offset, in characters.'),
  'offsets.commit.timeout.ms': int('5000', atLeast(1), 'How long an offset commit may wait for the replicas, in ms.'),
  'offsets.load.buffer.size': int('5242880', atLeast(1), 'Bytes read at once while a coordinator loads.'),
  'offsets.retention.check.interval.ms': long('600000', atLeast(1), 'How often stale offsets are looked for, in ms.'),
  'offsets.retention.minutes': int('10080', atLeast(1), 'How long the offsets of an empty group are kept, in minutes.'),
  'offsets.topic.compression.codec': int('0', null, 'Codec of the batches of __consumer_offsets: 0 none to 4 zstd.'),
  'offsets.topic.num.partitions': int('50', atLeast(1), 'Partitions of __consumer_offsets; fixed once it exists.'),
  'offsets.topic.replication.factor': short(
    '3',
    atLeast(1),
    'Replicas of __consumer_offsets, at most the brokers there are.',
  ),
  'offsets.topic.segment.bytes': int('104857600', atLeast(1), 'segment.bytes of __consumer_offsets.'),
} as const

const consumerGroups = {
  'group.consumer.assignors': list('uniform,range', null, 'Server-side assignors, the default first.'),
  'group.consumer.heartbeat.interval.ms': int('5000', atLeast(1), 'Heartbeat interval given to members, in ms.'),
  'group.consumer.max.heartbeat.interval.ms': int('15000', atLeast(1), 'Largest heartbeat interval of a group, in ms.'),
  'group.consumer.max.session.timeout.ms': int('60000', atLeast(1), 'Largest session timeout of a group, in ms.'),
  'group.consumer.max.size': int(INT_MAX, atLeast(1), 'Most members of a consumer group.'),
  'group.consumer.migration.policy': string(
    'bidirectional',
    oneOfIgnoreCase('DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL'),
    'Whether groups may move between the classic and the consumer protocol.',
  ),
  'group.consumer.min.heartbeat.interval.ms': int('5000', atLeast(1), 'Smallest heartbeat interval of a group, in ms.'),
  'group.consumer.min.session.timeout.ms': int('45000', atLeast(1), 'Smallest session timeout of a group, in ms.'),
  'group.consumer.session.timeout.ms': int('45000', atLeast(1), 'Session timeout of members, in ms.'),
} as const

const shareGroups = {
  'group.share.delivery.count.limit': int(
    '5',
    between(2, 10),
    'Most times a record is given to members of a share group.',
  ),
  'group.share.heartbeat.interval.ms': int('5000', atLeast(1), 'Heartbeat interval given to share members, in ms.'),
  'group.share.max.heartbeat.interval.ms': int(
    '15000',
    atLeast(1),
    'Largest heartbeat interval of a share group, in ms.',
  ),
  'group.share.max.record.lock.duration.ms': int('60000', between(30000, 3600000), 'Longest lock of a record, in ms.'),
  'group.share.max.session.timeout.ms': int('60000', atLeast(1), 'Largest session timeout of a share group, in ms.'),
  'group.share.max.share.sessions': int('2000', atLeast(1), 'Most share sessions of the broker.'),
  'group.share.max.size': int('200', between(1, 1000), 'Most members of a share group.'),
  'group.share.min.heartbeat.interval.ms': int(
    '5000',
    atLeast(1),
    'Smallest heartbeat interval of a share group, in ms.',
  ),
  'group.share.min.record.lock.duration.ms': int('15000', between(1000, 30000), 'Shortest lock of a record, in ms.'),
  'group.share.min.session.timeout.ms': int('45000', atLeast(1), 'Smallest session timeout of a share group, in ms.'),
  'group.share.partition.max.record.locks': int(
    '2000',
    between(100, 10000),
    'Most records locked at once in a share partition.',
  ),
  'group.share.record.lock.duration.ms': int(
    '30000',
    between(1000, 3600000),
    'How long a record stays with a member, in ms.',
  ),
  'group.share.session.timeout.ms': int('45000', atLeast(1), 'Session timeout of share members, in ms.'),
  'share.coordinator.state.topic.min.isr': short('2', atLeast(1), 'min.insync.replicas of __share_group_state.'),
  'share.coordinator.state.topic.num.partitions': int('50', atLeast(1), 'Partitions of __share_group_state.'),
  'share.coordinator.state.topic.replication.factor': short('3', atLeast(1), 'Replicas of __share_group_state.'),
  'share.coordinator.state.topic.segment.bytes': int('104857600', atLeast(1), 'segment.bytes of __share_group_state.'),
} as const

const transactions = {
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int(
    '10000',
    atLeast(1),
    'How often timed-out transactions are aborted, in ms.',
  ),
  'transaction.max.timeout.ms': int('900000', atLeast(1), 'Longest transaction timeout a producer may ask for, in ms.'),
  'transaction.partition.verification.enable': bool(
    'true',
    null,
    'Whether a transactional append asks the coordinator first.',
    'cluster-wide',
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(
    '3600000',
    atLeast(1),
    'How often expired transactional ids are removed, in ms.',
  ),
  'transaction.state.log.load.buffer.size': int('5242880', atLeast(1), 'Bytes read at once while a coordinator loads.'),
  'transaction.state.log.min.isr': int('2', atLeast(1), 'min.insync.replicas of __transaction_state.'),
  'transaction.state.log.num.partitions': int('50', atLeast(1), 'Partitions of __transaction_state.'),
  'transaction.state.log.replication.factor': short('3', atLeast(1), 'Replicas of __transaction_state.'),
  'transaction.state.log.segment.bytes': int('104857600', atLeast(1), 'segment.bytes of __transaction_state.'),
  'transactional.id.expiration.ms': int('604800000', atLeast(1), 'How long an idle transactional id is kept, in ms.'),
} as const

export const groupOptions = {
  ...classicGroups,
  ...offsets,
  ...consumerGroups,
  ...shareGroups,
  ...transactions,
} as const
