/**
 * The broker, composed: takes its ports and its configuration, wires the rooms once, starts and stops them in order. Owns
 * the order of life; must not import a real port (`node.ts` does).
 */
import type { Api } from '../proto/kafka/api.ts'
import type { BrokerConfig } from './config.ts'
import { topicConfig, topicProperties } from './config/effective.ts'
import { Controller, METADATA_TOPIC, METADATA_TOPIC_ID, metadataLogConfig } from './controller/controller.ts'
import type { MetadataDelta, MetadataView, TopicView } from './controller/view.ts'
import { GroupManager } from './groups/manager.ts'
import { FetchPurgatory } from './handlers/fetch/purgatory.ts'
import { FetchSessions } from './handlers/fetch/sessions.ts'
import { createHandlers } from './handlers/index.ts'
import { ProducerIds } from './handlers/producer-ids.ts'
import { LogManager } from './log/log-manager.ts'
import { createLogShared } from './log/shared.ts'
import { createLogCleaner, type MakeCompactionRunner } from './log-cleaning.ts'
import { logEvents, registerLogGauges } from './log-events.ts'
import { LOG_TAIL_CACHE_BYTES } from './limits.ts'
import { Maintenance } from './maintenance.ts'
import { MetricsRegistry } from './metrics.ts'
import type { Clock } from './ports/clock.ts'
import type { Disk } from './ports/disk.ts'
import type { Network } from './ports/network.ts'
import type { Random } from './ports/random.ts'
import { PartitionManager, type TopicSettings } from './replication/partition-manager.ts'
import { Turn } from './replication/turn.ts'
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
  readonly controller: Controller
  readonly partitions: PartitionManager
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
  private running: Running | null = null
  private boundPort = 0
  private stopped: Promise<void> | null = null

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
   * Resolves when requests are answered. The port is bound first and nothing on disk is touched when it is taken; rejects
   * with the system's error for that, or with DataDirError.
   */
  async start(): Promise<void> {
    const startedMs = this.ports.clock.monotonic()
    this.boundPort = await this.server.listen(this.config.hosts, this.config.port)
    try {
      this.running = await this.openRooms()
    } catch (error) {
      await this.server.kill()
      throw error
    }
    this.server.serve(this.bootstrap, this.running.services)
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
    this.stopped = this.server.kill()
    if (running !== null) {
      running.maintenance.stop()
      running.groups.close()
      running.controller.close()
      running.partitions.close()
      running.logs.abandon()
    }
    await this.stopped
  }

  /** Cuts every client off; they may connect again at once. For fault injection. */
  dropConnections(): void {
    this.server.dropConnections()
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

  private async openRooms(): Promise<Running> {
    const { config, ports } = this
    const { random, disk } = ports
    const logs = LogManager.open({
      disk,
      path: config.dataDir,
      nodeId: config.nodeId,
      newClusterId: newId(random),
      newDirectoryId: newId(random),
      durability: config.durability,
      shared: createLogShared({
        maxSyncsInFlight: ports.maxSyncsInFlight,
        tailCacheBytes: LOG_TAIL_CACHE_BYTES,
        maxOpenFiles: ports.maxOpenFiles,
      }),
      producerIdExpirationMs: config.properties['producer.id.expiration.ms'],
    })
    for (const file of logs.damagedFiles) {
      ports.logger.warn({ file }, 'a checkpoint was missing or damaged and begins anew: recovery may read more')
    }
    try {
      const rooms = this.furnish(logs)
      await this.joinCluster(rooms)
      rooms.maintenance.start()
      return rooms
    } catch (error) {
      logs.abandon()
      throw error
    }
  }

  /** Makes every room, none of them doing anything yet. */
  private furnish(logs: LogManager): Running {
    const { config, ports, metrics, turn } = this
    const { clock, random, disk, logger } = ports
    const { nodeId, durability, properties } = config
    const { clusterId, directoryId } = logs
    const log = logs.openLog(METADATA_TOPIC, 0, METADATA_TOPIC_ID, metadataLogConfig, clock.now(), true)
    const controller = new Controller({ config, clusterId, directoryId, log, disk, clock, random, logger })
    const metadata = controller.view
    const topicSettings = (topic: TopicView) => effectiveSettings(topic, config, metadata)
    const events = logEvents(logger, metrics)
    const partitions = new PartitionManager({ nodeId, clock, turn, logs, durability, topicSettings, events })
    const shared = { nodeId, config, clock, random, logger, metrics, metadata, controller, partitions }
    const groups = new GroupManager(shared)
    const services: Services = {
      ...shared,
      groups,
      fetches: new FetchPurgatory(clock, turn),
      fetchSessions: new FetchSessions(random, properties['max.incremental.fetch.session.cache.slots']),
      producerIds: new ProducerIds(controller),
      topicSettings,
      logDirectory: logs.path,
      volume: ports.volume,
    }
    this.registerGauges(services)
    registerLogGauges(metrics, logs, partitions)
    const makeRunner = ports.makeCompactionRunner
    const cleaner = createLogCleaner({ logs, disk, clock, config, dynamic: metadata, metrics, logger, makeRunner })
    const maintenance = new Maintenance({ clock, logs, cleaner, logger, config })
    return { logs, controller, partitions, groups, maintenance, services }
  }

  /** Replays the metadata, opens the partitions it names, and takes up their leadership in a new epoch. */
  private async joinCluster({ controller, partitions, groups }: Running): Promise<void> {
    let opened = false
    controller.onMetadata((view: MetadataView, delta: MetadataDelta) => {
      if (opened) partitions.apply(delta, view)
      else partitions.start(view)
      opened = true
      if (delta.brokerConfigsChanged) partitions.settingsChanged()
      groups.metadataChanged(delta)
    })
    const { advertisedHost, advertisedPort } = this.config
    await new Promise<void>((resolve, reject) => {
      const settle = (error: Error | null) => (error === null ? resolve() : reject(error))
      controller.start({ host: advertisedHost, port: advertisedPort ?? this.boundPort }, settle)
    })
    groups.start()
    await new Promise<void>((resolve, reject) => {
      controller.unfence((error) => (error === null ? resolve() : reject(error)))
    })
  }

  private registerGauges(services: Services): void {
    const { metrics } = this
    metrics.gauge(
      'millrace_partitions',
      'Partitions hosted by this broker.',
      () => [...services.partitions.all()].length,
    )
    metrics.gauge('millrace_parked_fetches', 'Fetches waiting for records.', () => services.fetches.size)
    metrics.gauge('millrace_fetch_sessions', 'Fetch sessions kept (KIP-227).', () => services.fetchSessions.size)
  }

  private async stopOnce(): Promise<void> {
    const { running } = this
    if (running === null) return this.server.kill()
    running.maintenance.stop()
    const drained = this.server.stop()
    running.groups.close()
    running.services.fetches.close()
    await drained
    running.partitions.stop()
    const { brokerEpoch } = running.controller
    running.controller.close()
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

function effectiveSettings(topic: TopicView, config: BrokerConfig, metadata: MetadataView): TopicSettings {
  return {
    log: topicConfig(topic.configs, config, metadata),
    minInsyncReplicas: topicProperties(topic.configs, config, metadata)['min.insync.replicas'],
  }
}
