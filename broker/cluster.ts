/**
 * This node's part in its cluster, composed: the listener for brokers, the ways to the others, the member of the metadata
 * quorum, and what makes the broker a member. A node alone goes the same way, without a listener.
 */
import type { BrokerPorts } from './broker.ts'
import type { BrokerConfig } from './config.ts'
import { fetchWaitMs } from './consensus/events.ts'
import type { TopicReplicas } from './controller/broker-life.ts'
import type { ControllerApi } from './controller/api.ts'
import { BrokerRequests } from './controller/broker-requests.ts'
import { BrokerSessions } from './controller/broker-sessions.ts'
import { Controller } from './controller/controller.ts'
import { ControllerDuties } from './controller/duties.ts'
import type { ReplicaEnd } from './controller/last-replicas.ts'
import { openMetadataLog } from './controller/open-metadata-log.ts'
import type { LogManager } from './log/log-manager.ts'
import type { Metrics } from './metrics.ts'
import { PeerWatch } from './peer/broker-watch.ts'
import type { PeerAddress } from './peer/channel.ts'
import { PeerChannels } from './peer/channels.ts'
import { ActiveControllerLink } from './peer/controller-link.ts'
import { Forwarder } from './peer/forward/forwarder.ts'
import { ForwardingController } from './peer/forward/forwarding-controller.ts'
import { LeaderWatch } from './peer/leader-watch.ts'
import { createPeerServer } from './peer/listener.ts'
import { Membership } from './peer/membership.ts'
import { QuorumFit } from './peer/quorum-fit.ts'
import { QuorumTransport } from './peer/quorum-transport.ts'
import { VoterAddress } from './peer/voter-address.ts'
import type { Turn } from './replication/turn.ts'
import type { KafkaServer } from './server/server.ts'
import type { ClusterServices, Services } from './services.ts'

export interface ClusterOptions {
  readonly ports: BrokerPorts
  readonly config: BrokerConfig
  readonly turn: Turn
  readonly metrics: Metrics
  /** This node's metadata log has failed while others may go on: it must not serve what it knows no more about. */
  readonly failed: (error: Error) => void
}

/** What the other rooms of the broker hang on to. */
export interface ClusterRooms {
  readonly logs: LogManager
  /** The metadata with this broker's own registration is applied: opens the partitions that it names. */
  readonly open: () => void
  /** Replicas opened here that may lack acknowledged records. */
  readonly suspects: () => readonly TopicReplicas[]
  /** Replicas here whose logs are offline now. */
  readonly lost: () => readonly TopicReplicas[]
  /** Replicas here that have no room for more. */
  readonly full: () => readonly TopicReplicas[]
  /** How far a replica here goes; null when its log is not open. */
  readonly replicaEnd: (topicId: string, partition: number) => ReplicaEnd | null
}

/** What stands once the data directory is open. */
interface Parts {
  readonly clusterId: string
  readonly directoryId: string
  readonly controller: Controller
  readonly brokerRequests: BrokerRequests
  readonly duties: ControllerDuties
  readonly watch: PeerWatch
  readonly link: ActiveControllerLink
  readonly membership: Membership
  readonly forwarder: Forwarder
  readonly requests: ControllerApi
  readonly voterAddress: VoterAddress
}

/** Beyond two heartbeats, for the network and a busy loop (ms). */
const SUSPECT_MARGIN_MS = 200

/** How long a broker that leads the quorum waits for its word that it leaves to reach the others (ms). */
const RESIGN_MS = 50

export class Cluster {
  /** The ways to the other brokers. */
  readonly channels: PeerChannels
  private readonly options: ClusterOptions
  private readonly transport: QuorumTransport
  private readonly leaderWatch: LeaderWatch
  /** Null for a node alone. */
  private readonly server: KafkaServer | null
  private readonly fit: QuorumFit
  private parts: Parts | null = null
  private boundPort = 0

  constructor(options: ClusterOptions) {
    this.options = options
    const { config, ports } = options
    const { network, clock, random, logger } = ports
    this.fit = new QuorumFit({
      logger,
      configured: config.voters,
      clusterId: () => this.built.clusterId,
      misfit: (why) => this.built.membership.fail(why),
    })
    this.channels = new PeerChannels({
      network,
      clock,
      random,
      nodeId: config.nodeId,
      configured: config.voters,
      voters: () => this.parts?.controller.voters ?? config.voters,
      metadata: () => this.controller.view,
    })
    this.leaderWatch = new LeaderWatch({
      network,
      leader: () => this.parts?.controller.view.controllerId ?? -1,
      addressOf: (id) => this.channels.addressOf(id, 'quorum'),
      leaderDown: (id) => this.controller.leaderDown(id),
    })
    this.channels.onDown((id) => this.leaderWatch.broke(id))
    this.transport = this.makeTransport()
    this.server = isAlone(config) ? null : this.makeServer()
  }

  /** This node's own controller; throws before `furnish`. */
  get controller(): Controller {
    return this.built.controller
  }

  /** The active controller, wherever it is, for what clients ask. */
  get requests(): ControllerApi {
    return this.built.requests
  }

  /** The active controller, for what brokers ask. */
  get link(): ActiveControllerLink {
    return this.built.link
  }

  /** Of this uptime; -1 until it is registered. */
  get brokerEpoch(): number {
    return this.parts?.membership.brokerEpoch ?? -1
  }

  /** No controller has answered for so long that this broker must take itself for fenced. */
  get isCutOff(): boolean {
    return this.parts?.membership.isCutOff ?? false
  }

  /** Where other brokers find this one; null for a node alone. */
  get peerAddress(): PeerAddress | null {
    const { advertisedPeer, advertisedHost } = this.options.config
    if (this.server === null) return null
    return advertisedPeer ?? { host: advertisedHost, port: this.boundPort }
  }

  get services(): ClusterServices {
    const { controller, brokerRequests } = this.built
    return { controller, brokerRequests, brokerEpoch: () => this.brokerEpoch }
  }

  /** Binds the port for brokers, if there are others. Rejects with the system's error. */
  async listen(): Promise<void> {
    const { peerHosts, peerPort } = this.options.config
    this.boundPort = (await this.server?.listen(peerHosts, peerPort)) ?? 0
  }

  /** Makes the controller and what goes with it, none of it doing anything yet. */
  furnish(rooms: ClusterRooms): void {
    const { channels } = this
    const { config, ports } = this.options
    const { clock } = ports
    const { properties, nodeId } = config
    const { clusterId, directoryId } = rooms.logs
    const controller = this.makeController(rooms.logs)
    const active = this.makeActiveParts(controller)
    const link = new ActiveControllerLink({
      nodeId,
      clock,
      metadata: controller.view,
      channels,
      local: active.brokerRequests,
      timeoutMs: properties['broker.session.timeout.ms'] / 2,
    })
    const membership = this.makeMembership(rooms, controller, link)
    const timeoutMs = properties['request.timeout.ms']
    const forwarder = new Forwarder({ nodeId, clock, controller, channels, timeoutMs })
    const requests = new ForwardingController({
      nodeId,
      quorum: { clusterId, listener: properties['controller.listener.names'][0] ?? 'CONTROLLER' },
      forwarder,
      local: controller.requests,
      link,
      brokerEpoch: () => membership.brokerEpoch,
    })
    const voterAddress = this.makeVoterAddress(rooms.logs, controller, requests)
    this.parts = { clusterId, directoryId, controller, ...active, link, membership, forwarder, requests, voterAddress }
  }

  /** Answers the other brokers from here on. */
  serve(services: Services): void {
    const address = this.peerAddress
    if (address !== null) this.server?.serve(`${address.host}:${address.port}`, services)
  }

  /** Resolves when this broker is part of the cluster and not fenced. Waits for a majority as long as it takes. */
  join(client: PeerAddress): Promise<void> {
    const { controller, membership } = this.built
    return new Promise((resolve, reject) => {
      membership.start({ client, peer: this.peerAddress }, (error) => {
        if (error !== null) return reject(error)
        this.fit.compare(controller.voters)
        resolve()
      })
      controller.start()
    })
  }

  /** Hands the leaders over to others, if there are any. The broker still serves. */
  leave(): Promise<void> {
    const { membership } = this.built
    const { properties } = this.options.config
    if (this.server === null || !properties['controlled.shutdown.enable']) return Promise.resolve()
    return new Promise((resolve) => membership.stop(resolve))
  }

  /** A log here has failed: the controller hears of it in a moment. */
  reportLost(): void {
    this.parts?.membership.reportLost()
  }

  /** Leaves the quorum and stops answering the others. */
  async stop(): Promise<void> {
    const { clock } = this.options.ports
    const { controller, membership } = this.built
    membership.close()
    if (this.server !== null && controller.view.controllerId === this.options.config.nodeId) {
      controller.resign()
      await new Promise<void>((resolve) => void clock.after(RESIGN_MS, resolve))
    }
    this.close()
    await this.server?.stop()
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    if (this.parts !== null) this.close()
    await this.server?.kill()
  }

  /** Cuts the other brokers off; they may connect again at once. For fault injection. */
  dropConnections(): void {
    this.server?.dropConnections()
  }

  private get built(): Parts {
    if (this.parts === null) throw new Error('the cluster is not furnished yet')
    return this.parts
  }

  private close(): void {
    const { controller, duties, watch, membership, forwarder, voterAddress } = this.built
    membership.close()
    voterAddress.close()
    duties.close()
    watch.close()
    forwarder.close()
    controller.close()
    this.leaderWatch.close()
    this.transport.close()
    this.channels.close()
  }

  private makeController(logs: LogManager): Controller {
    const { config, ports } = this.options
    const { clock, random, disk, logger } = ports
    return new Controller({
      config,
      clusterId: logs.clusterId,
      directoryId: logs.directoryId,
      ...openMetadataLog(logs, disk, clock.now()),
      disk,
      clock,
      random,
      logger,
      send: (to, message) => this.transport.send(to, message),
      failed: (error) => this.controllerFailed(error),
    })
  }

  /** A node alone serves on what it has, and takes no more changes: nobody could do better. */
  private controllerFailed(error: Error): void {
    const { membership } = this.built
    membership.fail(error)
    membership.close()
    if (this.server !== null) this.options.failed(error)
  }

  /** What works while this node is the active controller. */
  private makeActiveParts(controller: Controller): Pick<Parts, 'brokerRequests' | 'duties' | 'watch'> {
    const { config, ports } = this.options
    const { clock, logger, network } = ports
    const { nodeId, properties } = config
    const { 'broker.session.timeout.ms': sessionTimeoutMs, 'broker.heartbeat.interval.ms': intervalMs } = properties
    const suspectTimeoutMs = Math.min(sessionTimeoutMs, 2 * intervalMs + SUSPECT_MARGIN_MS)
    const sessions = new BrokerSessions({ nodeId, sessionTimeoutMs, suspectTimeoutMs })
    const brokerRequests = new BrokerRequests({ controller, sessions, clock, logger })
    const watch: PeerWatch = new PeerWatch({
      network,
      clock,
      addressOf: (id) => this.channels.addressOf(id, 'control'),
      gone: (id, epoch) => duties.gone(id, epoch),
      shaky: (id) => duties.shaky(id),
    })
    const duties = new ControllerDuties({ controller, sessions, config, clock, logger, watch })
    return { brokerRequests, duties, watch }
  }

  private makeMembership(rooms: ClusterRooms, controller: Controller, link: ActiveControllerLink): Membership {
    const { config, ports } = this.options
    const { clock, random, logger } = ports
    const { logs, open, suspects, lost, full, replicaEnd } = rooms
    return new Membership({
      config,
      clusterId: logs.clusterId,
      directoryId: logs.directoryId,
      clock,
      random,
      logger,
      controller,
      link,
      // What was acknowledged was durable, or nothing was lost because the last stop was clean.
      isClean: config.durability === 'fsync' || logs.cleanShutdown,
      previousBrokerEpoch: logs.previousBrokerEpoch,
      open,
      suspects,
      lost,
      full,
      replicaEnd,
    })
  }

  private makeVoterAddress({ directoryId }: LogManager, controller: Controller, requests: ControllerApi): VoterAddress {
    const { config, ports } = this.options
    const voterAddress = new VoterAddress({
      nodeId: config.nodeId,
      directoryId,
      clock: ports.clock,
      logger: ports.logger,
      address: () => this.peerAddress,
      voters: () => controller.voters,
      update: (voter, done) => requests.changeVoters({ kind: 'update', voter }, { waits: false }, done),
      retryMs: config.properties['controller.quorum.fetch.timeout.ms'],
    })
    controller.onMetadata(() => voterAddress.check())
    return voterAddress
  }

  private makeServer(): KafkaServer {
    const { ports, config, turn, metrics } = this.options
    const { network, clock, logger, maxConnections } = ports
    return createPeerServer({ network, clock, turn, metrics, logger }, this.transport, config, maxConnections)
  }

  private makeTransport(): QuorumTransport {
    const { config } = this.options
    const { properties, nodeId } = config
    const idsNow = () => this.built
    return new QuorumTransport({
      nodeId,
      get clusterId() {
        return idsNow().clusterId
      },
      get directoryId() {
        return idsNow().directoryId
      },
      channel: (id) => this.channels.to(id, 'quorum'),
      deliver: (from, message) => this.controller.receive(from, message),
      refused: (id, reason) => this.fit.refused(id, reason),
      rejected: (reason) => this.fit.rejected(reason),
      requestTimeoutMs: properties['controller.quorum.request.timeout.ms'],
      fetchWaitMs: fetchWaitMs({ fetchTimeoutMs: properties['controller.quorum.fetch.timeout.ms'] }),
    })
  }
}

/** There are no other brokers to speak to. */
export function isAlone({ voters, nodeId }: BrokerConfig): boolean {
  return voters.every(({ id }) => id === nodeId)
}
