/**
 * The broker, composed: takes its ports and its configuration, wires the rooms once, starts and stops them in order. Owns
 * the order of life; must not import a real port (`node.ts` does).
 */
import type { Api } from '../proto/kafka/api.ts'
import type { BrokerConfig } from './config.ts'
import { brokerNumber, logConfig, topicProperties } from './config/effective.ts'
import { Cluster, isAlone } from './cluster.ts'
import type { ReplicaEnd } from './controller/last-replicas.ts'
import type { MetadataDelta, MetadataView, TopicView } from './controller/view.ts'
import { GroupManager } from './groups/manager.ts'
import { FetchPurgatory } from './handlers/fetch/purgatory.ts'
import { ReplicaFetches } from './handlers/fetch/replica-fetch.ts'
import { FetchSessions } from './handlers/fetch/sessions.ts'
import { createHandlers } from './handlers/index.ts'
import { ProducerIds } from './handlers/producer-ids.ts'
import type { Log } from './log/log.ts'
import { LogManager } from './log/log-manager.ts'
import { createLogShared } from './log/shared.ts'
import { createLogCleaner, type MakeCompactionRunner } from './log-cleaning.ts'
import { logEvents, registerLogGauges, UNREADABLE_LOG } from './log-events.ts'
import { registerGauges } from './gauges.ts'
import { LOG_TAIL_CACHE_BYTES, LOG_TAIL_CACHE_BYTES_AMONG_OTHERS } from './limits.ts'
import { Maintenance } from './maintenance.ts'
import { MetricsRegistry } from './metrics.ts'
import type { Clock } from './ports/clock.ts'
import type { Disk } from './ports/disk.ts'
import type { Network } from './ports/network.ts'
import type { Random } from './ports/random.ts'
import { PartitionManager, type TopicSettings } from './replication/partition-manager.ts'
import { registerReplicationGauges } from './replication/gauges.ts'
import { Replication } from './replication/replication.ts'
import { ReplicationQuota, ThrottledReplicas } from './replication/throttle.ts'
import { Turn } from './replication/turn.ts'
import { Suspects } from './suspects.ts'
import { dispatchInProcess, type DispatchOptions } from './server/in-process.ts'
import { KafkaServer, serverLimits } from './server/server.ts'
import type { Logger, Services } from './services.ts'

/** The world outside, as the broker is given it. */
export interface BrokerPorts {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
  readonly logger: Logger
  /** fdatasyncs in flight at once: threads of the pool less two, so that reads are never stuck behind them. */
  readonly maxSyncsInFlight: number
  /** Files that logs may keep open. */
  readonly maxOpenFiles: number
  /** Connections that file descriptors are left for. */
  readonly maxConnections: number
  /** Where logs are recopied when they are compacted. */
  readonly makeCompactionRunner: MakeCompactionRunner
  /** Size of the volume of the data directory; -1 when unknown. */
  readonly volume: Services['volume']
}

/** What `start` has made, and `stop` takes apart. */
interface Running {
  readonly logs: LogManager
  readonly partitions: PartitionManager
  readonly replication: Replication
  readonly groups: GroupManager
  readonly maintenance: Maintenance
  readonly services: Services
}

export class Broker {
  readonly config: BrokerConfig
  readonly metrics = new MetricsRegistry()
  private readonly ports: BrokerPorts
  private readonly turn: Turn
  private readonly server: KafkaServer
  private readonly cluster: Cluster
  private running: Running | null = null
  /** `start` is done. */
  private isServing = false
  private boundPort = 0
  private stopped: Promise<void> | null = null
  private readonly failedListeners: ((error: Error) => void)[] = []

  constructor(ports: BrokerPorts, config: BrokerConfig) {
    this.ports = ports
    this.config = config
    this.turn = new Turn(ports.clock)
    const { properties } = config
    this.server = new KafkaServer({
      network: ports.network,
      clock: ports.clock,
      turn: this.turn,
      metrics: this.metrics,
      logger: ports.logger,
      handlers: createHandlers(),
      limits: serverLimits({
        requestBytesMax: properties['socket.request.max.bytes'],
        idleTimeoutMs: properties['connections.max.idle.ms'],
        connectionsMax: Math.min(properties['max.connections'], ports.maxConnections),
      }),
    })
    this.cluster = new Cluster({
      ports,
      config,
      turn: this.turn,
      metrics: this.metrics,
      failed: (error) => this.fail(error),
    })
  }

  /** The bound port; 0 before `start`. */
  get port(): number {
    return this.boundPort
  }

  /** Host and port as clients see them. */
  get bootstrap(): string {
    const { advertisedHost, advertisedPort } = this.config
    const host = advertisedHost.includes(':') ? `[${advertisedHost}]` : advertisedHost
    return `${host}:${advertisedPort ?? this.boundPort}`
  }

  /** The running broker's rooms; throws before `start` and after `stop`. */
  get services(): Services {
    if (this.running === null) throw new Error('the broker is not running')
    return this.running.services
  }

  /**
   * Resolves when requests are answered: with other brokers, once a majority of the voters is up and this broker is one of
   * the cluster's. Ports are bound first and nothing on disk is touched when one is taken; rejects with the system's error
   * for that, with DataDirError, or with MembershipError.
   */
  async start(): Promise<void> {
    const startedMs = this.ports.clock.monotonic()
    this.boundPort = await this.server.listen(this.config.hosts, this.config.port)
    try {
      await this.cluster.listen()
      this.running = this.openRooms()
      await this.joinCluster(this.running)
    } catch (error) {
      await this.kill()
      throw error
    }
    this.server.serve(this.bootstrap, this.running.services, this.running.logs.arenas)
    this.isServing = true
    const tookMs = Math.round(this.ports.clock.monotonic() - startedMs)
    this.ports.logger.info({ nodeId: this.config.nodeId, bootstrap: this.bootstrap, tookMs }, 'broker started')
  }

  /**
   * Stops cleanly: takes no more requests, answers what is in flight, syncs and closes the logs. Idempotent.
   */
  stop(): Promise<void> {
    this.stopped ??= this.stopOnce()
    return this.stopped
  }

  /** Stops as a crash would: nothing is answered, flushed or marked clean. For fault injection. */
  async kill(): Promise<void> {
    if (this.stopped !== null) return this.stopped
    const { running } = this
    this.running = null
    this.stopped = Promise.all([this.server.kill(), this.cluster.kill()]).then(() => {})
    if (running !== null) {
      running.maintenance.stop()
      running.groups.close()
      running.replication.close()
      running.partitions.close()
      running.logs.abandon()
    }
    await this.stopped
  }

  /**
   * Told once when the broker cannot go on and stops as by a crash: its process should end and be started again. Errors of
   * `start` are not told here.
   */
  onFailed(listener: (error: Error) => void): void {
    this.failedListeners.push(listener)
  }

  /** Cuts every client and every other broker off; they may connect again at once. For fault injection. */
  dropConnections(): void {
    this.server.dropConnections()
    this.cluster.dropConnections()
  }

  /** Every reply to a socket leaves so much later; Infinity holds them all back until the next call. For fault injection. */
  delayReplies(delayMs: number): void {
    this.server.delayReplies(delayMs)
  }

  /**
   * A request from inside the process, through the very handlers that serve sockets. Resolves with null when there is no
   * reply (Produce with acks=0). Rejects with DispatchError, or with the reason of the signal.
   */
  dispatch<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    version: number,
    options?: DispatchOptions,
  ): Promise<Response | null> {
    const target = { dispatcher: this.server.dispatcher, services: this.services, listener: this.bootstrap }
    return dispatchInProcess(target, api, request, version, options)
  }

  private openRooms(): Running {
    const { config, ports } = this
    const { random, disk } = ports
    const logs = LogManager.open({
      disk,
      path: config.dataDir,
      nodeId: config.nodeId,
      newClusterId: config.clusterId ?? newId(random),
      ...(config.clusterId === null ? {} : { clusterId: config.clusterId }),
      newDirectoryId: newId(random),
      durability: config.durability,
      shared: createLogShared({
        maxSyncsInFlight: ports.maxSyncsInFlight,
        tailCacheBytes: isAlone(config) ? LOG_TAIL_CACHE_BYTES : LOG_TAIL_CACHE_BYTES_AMONG_OTHERS,
        maxOpenFiles: ports.maxOpenFiles,
      }),
      producerIdExpirationMs: config.properties['producer.id.expiration.ms'],
      onUnreadable: (topic, partition, err) => ports.logger.error({ topic, partition, err }, UNREADABLE_LOG),
    })
    for (const file of logs.damagedFiles) {
      ports.logger.warn({ file }, 'a checkpoint was missing or damaged and begins anew: recovery may read more')
    }
    try {
      return this.furnish(logs)
    } catch (error) {
      logs.abandon()
      throw error
    }
  }

  /** Makes every room, none of them doing anything yet. */
  private furnish(logs: LogManager): Running {
    const { config, ports, metrics, turn, cluster } = this
    const { clock, random, disk, logger } = ports
    const { nodeId, durability, properties } = config
    const suspects = new Suspects()
    this.furnishCluster(logs, suspects)
    const metadata = cluster.controller.view
    const controller = cluster.requests
    const topicSettings = (topic: TopicView) => effectiveSettings(topic, config, metadata)
    const events = suspects.noting(logEvents(logger, metrics), metadata, () => cluster.reportLost())
    const partitions = new PartitionManager({
      nodeId,
      clock,
      turn,
      logs,
      durability,
      topicSettings,
      replicaLagMaxMs: properties['replica.lag.time.max.ms'],
      isCutOff: () => cluster.isCutOff,
      events,
    })
    const { clusterId } = logs
    const quotaOf = (option: string) => new ReplicationQuota(() => brokerNumber(option, config, metadata))
    const replication = new Replication({
      clusterId,
      nodeId,
      clock,
      partitions,
      channels: cluster.channels,
      link: cluster.link,
      properties,
      quota: quotaOf('follower.replication.throttled.rate'),
      problem: ({ topic, index }, reason) =>
        logger.warn({ topic, partition: index, reason }, 'a partition cannot be followed for now'),
    })
    const shared = { nodeId, config, clock, random, logger, metrics, metadata, controller, partitions }
    const groups = new GroupManager({ ...shared, isCutOff: () => !isAlone(config) && cluster.isCutOff })
    const services: Services = {
      ...shared,
      groups,
      cluster: cluster.services,
      fetches: new FetchPurgatory(clock, turn),
      replicaFetches: new ReplicaFetches({
        clock,
        turn,
        random,
        clusterId,
        metadata,
        partitions,
        quota: quotaOf('leader.replication.throttled.rate'),
      }),
      fetchSessions: new FetchSessions(random, properties['max.incremental.fetch.session.cache.slots']),
      producerIds: new ProducerIds(controller),
      topicSettings,
      logDirectory: logs.path,
      volume: ports.volume,
    }
    registerGauges(metrics, services)
    registerLogGauges(metrics, logs, partitions)
    registerReplicationGauges(metrics, partitions, replication)
    const makeRunner = ports.makeCompactionRunner
    const cleaner = createLogCleaner({ logs, disk, clock, config, dynamic: metadata, metrics, logger, makeRunner })
    const maintenance = new Maintenance({ clock, logs, cleaner, logger, config })
    return { logs, partitions, replication, groups, maintenance, services }
  }

  private furnishCluster(logs: LogManager, suspects: Suspects): void {
    const { cluster } = this
    cluster.furnish({
      logs,
      open: () => cluster.controller.publish(),
      suspects: () => suspects.all,
      lost: () => this.running?.partitions.lost() ?? [],
      full: () => this.running?.partitions.full() ?? [],
      replicaEnd: (topicId, partition) => {
        const topic = cluster.controller.view.topicById(topicId)?.name ?? ''
        return replicaEnd(logs.get(topic, partition))
      },
    })
  }

  /** Joins the quorum, registers, opens the partitions that the metadata names, and takes part in leading them. */
  private async joinCluster({ partitions, groups, maintenance, services }: Running): Promise<void> {
    let opened = false
    this.cluster.controller.onMetadata((view: MetadataView, delta: MetadataDelta) => {
      if (opened) partitions.apply(delta, view)
      else partitions.start(view)
      if (delta.brokerConfigsChanged) partitions.settingsChanged()
      groups.metadataChanged(delta)
      if (!opened) groups.start()
      opened = true
    })
    this.cluster.serve(services)
    const { advertisedHost, advertisedPort } = this.config
    await this.cluster.join({ host: advertisedHost, port: advertisedPort ?? this.boundPort })
    maintenance.start()
  }

  private fail(error: Error): void {
    if (this.stopped !== null || !this.isServing) return
    const { logger } = this.ports
    logger.error({ err: error }, 'the broker has lost its metadata log and stops: see to its disk, then start it again')
    for (const listener of this.failedListeners) listener(error)
    void this.kill()
  }

  private async stopOnce(): Promise<void> {
    const { running } = this
    if (running === null) {
      await this.cluster.kill()
      return this.server.kill()
    }
    await this.cluster.leave()
    running.maintenance.stop()
    const drained = this.server.stop()
    running.groups.close()
    running.services.fetches.close()
    running.replication.close()
    running.services.replicaFetches.close()
    await drained
    running.partitions.stop()
    const { brokerEpoch } = this.cluster
    await this.cluster.stop()
    // Many logs sync at once off the loop; closing then finds nothing left to sync.
    await new Promise<void>((resolve) => running.logs.settle(resolve))
    const problem = running.logs.close(brokerEpoch)
    if (problem !== null)
      this.ports.logger.warn({ err: problem }, 'not all logs were closed cleanly: the next start recovers')
    this.running = null
    this.ports.logger.info({ nodeId: this.config.nodeId }, 'broker stopped')
  }
}

/** 16 random bytes as Kafka prints ids; never with a leading dash, which command lines take for a flag. */
function newId(random: Random): string {
  for (;;) {
    const id = random.bytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}

function replicaEnd(log: Log | undefined): ReplicaEnd | null {
  if (log === undefined || log.offline !== null) return null
  return { lastEpoch: log.latestEpoch, endOffset: log.logEndOffset }
}

function effectiveSettings(topic: TopicView, config: BrokerConfig, metadata: MetadataView): TopicSettings {
  const options = topicProperties(topic.configs, config, metadata)
  return {
    log: logConfig(options),
    minInsyncReplicas: options['min.insync.replicas'],
    throttledLeaders: new ThrottledReplicas(options['leader.replication.throttled.replicas']),
    throttledFollowers: new ThrottledReplicas(options['follower.replication.throttled.replicas']),
  }
}
