/** Broker options about the node itself, its sockets, replication and the metadata quorum, and Millrace's own. */
import { bool, hidden, int, list, long, string, unsetList, unsetString } from './definition.ts'
import { atLeast, between, oneOf } from './validators.ts'

const INT_MAX = '2147483647'
const LONG_MAX = '9223372036854775807'

function throttle(documentation: string) {
  return hidden(long(LONG_MAX, atLeast(0), documentation, 'cluster-wide'))
}

const node = {
  'advertised.listeners': unsetList(null, 'Address given to clients, e.g. PLAINTEXT://host:9092.'),
  'broker.id': int('-1', null, 'Older name of node.id.'),
  'broker.rack': unsetString(null, 'Rack, zone or host of this broker; replicas of a partition are spread over racks.'),
  'controller.listener.names': list('CONTROLLER', null, 'Names of the listeners that brokers use among themselves.'),
  'listener.security.protocol.map': string(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    null,
    'What each listener speaks, NAME:PROTOCOL; only PLAINTEXT is supported.',
    'per-broker',
  ),
  listeners: list(
    'PLAINTEXT://127.0.0.1:9092,PLAINTEXT://[::1]:9092',
    null,
    'Addresses to bind. Kafka binds all addresses by default; Millrace binds loopback only.',
    'per-broker',
  ),
  'node.id': int('1', atLeast(0), 'Id of this node, unique in its cluster.'),
  'process.roles': list(
    'broker,controller',
    null,
    'Roles of this node; a controller is one of controller.quorum.voters. Unset, that list decides.',
  ),
} as const

const topics = {
  'auto.create.topics.enable': bool('true', null, 'Whether a metadata request for an unknown topic creates it.'),
  'auto.leader.rebalance.enable': bool(
    'true',
    null,
    'Whether leadership moves back to the preferred replicas by itself.',
  ),
  'default.replication.factor': int('1', null, 'Replicas of a topic created without a count.'),
  'delete.topic.enable': bool('true', null, 'Whether topics may be deleted.'),
  'leader.imbalance.check.interval.seconds': long(
    '300',
    atLeast(1),
    'How often the leaders are rebalanced, in seconds.',
  ),
  'max.request.partition.size.limit': int('2000', atLeast(1), 'Most partitions in one DescribeTopicPartitions answer.'),
  'num.partitions': int('1', atLeast(1), 'Partitions of a topic created without a count.'),
} as const

const sockets = {
  'connections.max.idle.ms': long('600000', null, 'A connection idle for this long is closed, in ms.'),
  'connections.max.reauth.ms': long('0', null, 'Longest life of an authenticated session, in ms; 0 is no limit.'),
  'fetch.max.bytes': int('57671680', atLeast(1024), 'Most bytes in one fetch answer.'),
  'max.connection.creation.rate': int(INT_MAX, atLeast(0), 'Most new connections per second.', 'cluster-wide'),
  'max.connections': int(INT_MAX, atLeast(0), 'Most open connections of the broker.', 'cluster-wide'),
  'max.connections.per.ip': int(INT_MAX, atLeast(0), 'Most open connections of one address.', 'cluster-wide'),
  'max.incremental.fetch.session.cache.slots': int('1000', atLeast(0), 'Most fetch sessions kept.'),
  'queued.max.request.bytes': long('-1', null, 'Bytes of requests read and not yet answered, -1 is no limit.'),
  'queued.max.requests': int('500', atLeast(1), 'Requests read and not yet answered.'),
  'request.timeout.ms': int('30000', null, 'How long a request to another broker may take, in ms.'),
  'socket.listen.backlog.size': int('50', atLeast(1), 'Connections waiting to be accepted.'),
  'socket.request.max.bytes': int('104857600', atLeast(1), 'Largest request, in bytes.'),
} as const

const replication = {
  'broker.heartbeat.interval.ms': int(
    '500',
    null,
    'How often a broker reports to the controller, in ms (Kafka: 2000).',
  ),
  'broker.session.timeout.ms': int('3000', null, 'A broker silent for this long is fenced, in ms (Kafka: 9000).'),
  'controlled.shutdown.enable': bool('true', null, 'Whether a stopping broker moves its leaders away first.'),
  'num.replica.fetchers': int('1', atLeast(1), 'Connections to each leader this broker fetches from.', 'cluster-wide'),
  'replica.fetch.backoff.ms': int('1000', atLeast(0), 'Pause of a fetcher after an error, in ms.'),
  'replica.fetch.max.bytes': int('1048576', atLeast(0), 'Bytes a fetcher asks for per partition.'),
  'replica.fetch.min.bytes': int('1', null, 'Fewest bytes a fetcher waits for.'),
  'replica.fetch.response.max.bytes': int('10485760', atLeast(0), 'Bytes a fetcher asks for in all.'),
  'replica.fetch.wait.max.ms': int('500', null, 'How long a fetcher waits for the fewest bytes, in ms.'),
  'replica.high.watermark.checkpoint.interval.ms': long('5000', null, 'How often high watermarks are written, in ms.'),
  'replica.lag.time.max.ms': long('30000', null, 'A follower behind for this long leaves the in-sync set, in ms.'),
  'replica.socket.timeout.ms': int('30000', null, 'How long an answer to a fetcher may take beyond its wait, in ms.'),
  'replica.selector.class': unsetString(null, 'How the replica that serves a consumer is chosen; unset is the leader.'),
} as const

const quorum = {
  'controller.quorum.append.linger.ms': int('25', atLeast(0), 'How long the quorum leader gathers writes, in ms.'),
  'controller.quorum.bootstrap.servers': list(
    '',
    null,
    'Addresses to find the quorum at: only those of a node alone, others are named in controller.quorum.voters.',
  ),
  'controller.quorum.election.backoff.max.ms': int('1000', atLeast(0), 'Longest pause after a lost election, in ms.'),
  'controller.quorum.election.timeout.ms': int(
    '1000',
    atLeast(0),
    'Shortest wait for votes, in ms; up to twice as long.',
  ),
  'controller.quorum.fetch.max.bytes': int('1048576', atLeast(1), 'Bytes a quorum follower fetches at once.'),
  'controller.quorum.fetch.timeout.ms': int(
    '2000',
    atLeast(0),
    'A quorum leader silent for this long is replaced, in ms.',
  ),
  'controller.quorum.request.timeout.ms': int('2000', atLeast(0), 'How long a quorum request may take, in ms.'),
  'controller.quorum.retry.backoff.ms': int('20', atLeast(0), 'Pause before a quorum request is sent again, in ms.'),
  'controller.quorum.voters': list('', null, 'Voters of the quorum, id@host:port each; empty is this node alone.'),
  'metadata.log.max.record.bytes.between.snapshots': long(
    '20971520',
    atLeast(1),
    'Metadata log bytes after which a snapshot is written.',
  ),
  'metadata.log.max.snapshot.interval.ms': long(
    '3600000',
    atLeast(0),
    'Longest time between metadata snapshots, in ms.',
  ),
} as const

/** Options that Kafka knows as dynamic ones only: it shows them once they are set. */
const throttles = {
  'follower.replication.throttled.rate': throttle(
    'Bytes per second that this broker fetches for the replicas in follower.replication.throttled.replicas.',
  ),
  'leader.replication.throttled.rate': throttle(
    'Bytes per second that this broker sends for the replicas in leader.replication.throttled.replicas.',
  ),
} as const

/** Options Kafka does not have. */
const own = {
  'millrace.cluster.id': unsetString(
    null,
    'Id of the cluster; unset, it follows from controller.quorum.voters, and a node alone makes it up.',
  ),
  'millrace.durability': string(
    'fsync',
    oneOf('fsync', 'page-cache', 'memory'),
    'When a batch counts as stored: on disk (fsync), written to the operating system (page-cache), or in memory only.',
  ),
  'millrace.http.port': int('8080', atLeast(-1), 'Port of the HTTP gateway; 0 is any free one, -1 is none.'),
  'millrace.metadata.version': int(
    '2',
    between(1, 2),
    'Highest metadata.version that this broker takes part in, and the one that a new cluster begins with.',
  ),
} as const

export const serverOptions = {
  ...node,
  ...topics,
  ...sockets,
  ...replication,
  ...quorum,
  ...throttles,
  ...own,
} as const
