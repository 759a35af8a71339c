/**
 * Brokers inside a test process: the real protocol on real sockets, everything in memory, torn down in milliseconds, with
 * faults on demand.
 */
import { createNodeNetwork, reserveNodePorts } from '../broker/node.ts'
import { formatVoter, type Voter } from '../broker/config/voters.ts'
import type { PartitionView } from '../broker/controller/view.ts'
import type { Logger } from '../broker/services.ts'
import { Client, type ClientOptions } from '../client/index.ts'
import { errorName } from '../proto/kafka/errors.ts'
import { type ClusterBroker, TestBroker } from './cluster-broker.ts'
import { FaultNetwork, FaultPlan } from './fault-network.ts'

export type { ClusterBroker } from './cluster-broker.ts'

/** Options of {@link startCluster}. */
export interface ClusterOptions {
  /** Brokers to start, each of them a voter of the metadata quorum; default 1. */
  readonly brokers?: number
  /** Broker options by Kafka's names, on top of the test defaults. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /**
   * `broker.rack` of each broker, from the first on. Replicas are then spread over racks, and a consumer with `rack`
   * (`client.rack`) reads from a follower in its own, if there is one (KIP-392). Default none.
   */
  readonly racks?: readonly string[]
  /** Topics to create before the promise resolves: names, or name with partitions and options. */
  readonly topics?: readonly (string | TopicOptions)[]
  /** Where the brokers log; default nowhere. */
  readonly logger?: Logger
}

export interface TopicOptions {
  readonly name: string
  /** Default 1. */
  readonly partitions?: number
  /** Default that of the brokers: 3 with three or more of them, else 1. */
  readonly replicationFactor?: number
  /** Topic options by Kafka's names. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
}

/** What can go wrong, on demand. Node ids count from 1, which is the default where one is asked for. */
export interface ClusterFaults {
  /** Stops a broker as a crash would: nothing is answered, nothing is marked clean. Its disk stays. */
  kill(nodeId?: number): Promise<void>
  /** Stops a broker cleanly. */
  stop(nodeId?: number): Promise<void>
  /**
   * Starts a stopped or killed broker again, on its disk and its ports. Resolves when it serves, for which a majority of the
   * brokers must run.
   */
  restart(nodeId?: number): Promise<void>
  /** The broker answers nobody and closes nothing, as a process that hangs, until `resume`. */
  pause(nodeId?: number): void
  resume(nodeId?: number): void
  /** No byte passes between the two brokers until `heal`; clients reach both. */
  cut(a: number, b: number): void
  /** Cuts the broker off from all other brokers. */
  isolate(nodeId?: number): void
  /** Ends every cut. */
  heal(): void
  /** Cuts every connection to the broker; clients may connect again at once. */
  dropConnections(nodeId?: number): void
  /** Every reply of the broker leaves so many milliseconds later; Infinity holds them back until the next call, 0 ends it. */
  delayReplies(delayMs: number, nodeId?: number): void
}

export interface Cluster extends AsyncDisposable {
  /** host:port of every broker, comma separated. */
  readonly bootstrap: string
  readonly brokers: readonly ClusterBroker[]
  readonly faults: ClusterFaults
  /** Creates a topic; rejects with Kafka's error name in the message. */
  createTopic(topic: string | TopicOptions): Promise<void>
  /** Node id of the active controller as the running brokers know it; -1 when there is none. */
  controller(): number
  /** Node id of the partition's leader as the active controller knows it; -1 when it has none. Throws for a stranger. */
  leader(topic: string, partition?: number): number
  /** Node ids of the partition's in-sync replicas, as the active controller knows them. Throws for a stranger. */
  inSync(topic: string, partition?: number): readonly number[]
  /** A client of this cluster, closed with it. */
  client(options?: Omit<ClientOptions, 'brokers'>): Client
  /** Closes the clients made here, then stops every broker. Idempotent. */
  close(): Promise<void>
}

/** A test wants its first rebalance and its first record now. */
const TEST_DEFAULTS: Readonly<Record<string, string | number | boolean>> = {
  'group.initial.rebalance.delay.ms': 0,
  'offsets.topic.num.partitions': 5,
}

const HOST = '127.0.0.1'

class TestCluster implements Cluster {
  readonly brokers: readonly TestBroker[]
  readonly faults: ClusterFaults = {
    kill: (nodeId = 1) => this.node(nodeId).stop('kill'),
    stop: (nodeId = 1) => this.node(nodeId).stop('stop'),
    restart: async (nodeId = 1) => {
      await this.node(nodeId).stop('stop')
      await this.node(nodeId).start()
    },
    pause: (nodeId = 1) => this.plan.pause(this.node(nodeId).nodeId),
    resume: (nodeId = 1) => this.plan.resume(this.node(nodeId).nodeId),
    cut: (a, b) => this.plan.cut(this.node(a).nodeId, this.node(b).nodeId),
    isolate: (nodeId = 1) => {
      for (const other of this.brokers)
        if (other.nodeId !== nodeId) this.plan.cut(this.node(nodeId).nodeId, other.nodeId)
    },
    heal: () => this.plan.heal(),
    dropConnections: (nodeId = 1) => this.node(nodeId).running.dropConnections(),
    delayReplies: (delayMs, nodeId = 1) => this.node(nodeId).running.delayReplies(delayMs),
  }

  private readonly plan: FaultPlan
  private readonly clients: Client[] = []

  constructor(brokers: readonly TestBroker[], plan: FaultPlan) {
    this.brokers = brokers
    this.plan = plan
  }

  get bootstrap(): string {
    return this.brokers.map((broker) => broker.bootstrap).join(',')
  }

  createTopic(topic: string | TopicOptions): Promise<void> {
    const options = typeof topic === 'string' ? { name: topic } : topic
    const wanted = {
      name: options.name,
      partitions: options.partitions ?? 1,
      replicationFactor: options.replicationFactor ?? -1,
      assignments: [],
      configs: Object.entries(options.config ?? {}).map(([name, value]) => ({ name, value: String(value) })),
    }
    return new Promise((resolve, reject) => {
      this.anyRunning().services.controller.createTopics([wanted], { validateOnly: false }, ([result]) => {
        const error = result?.error ?? 0
        if (error === 0) resolve()
        else reject(new Error(`${options.name}: ${errorName(error)} ${result?.message ?? ''}`.trimEnd()))
      })
    })
  }

  controller(): number {
    const known = this.brokers
      .filter(({ isRunning }) => isRunning)
      .map(({ services }) => services.metadata.controllerId)
    // One that is cut off may name another, or itself.
    const counted = known.map((id) => ({ id, count: known.filter((other) => other === id).length }))
    return counted.sort((a, b) => b.count - a.count)[0]?.id ?? -1
  }

  leader(topic: string, partition = 0): number {
    return this.partition(topic, partition).leader
  }

  inSync(topic: string, partition = 0): readonly number[] {
    return this.partition(topic, partition).isr
  }

  client(options: Omit<ClientOptions, 'brokers'> = {}): Client {
    const client = new Client({ ...options, brokers: this.brokers.map((broker) => broker.bootstrap) })
    this.clients.push(client)
    return client
  }

  async close(): Promise<void> {
    // A client that a fault left in the middle of something must not keep the brokers from stopping.
    await Promise.allSettled(this.clients.splice(0).map((client) => client.close()))
    this.plan.end()
    // The last of several could not stop in order: there would be no majority left to hand its leaders to.
    const how = this.brokers.length === 1 ? 'stop' : 'kill'
    await Promise.all(this.brokers.map((broker) => broker.close(how)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private partition(topic: string, partition: number): PartitionView {
    const controller = this.brokers.find(({ nodeId, isRunning }) => isRunning && nodeId === this.controller())
    const found = (controller ?? this.anyRunning()).services.metadata.topic(topic)?.partitions[partition]
    if (found === undefined) throw new RangeError(`there is no partition ${topic}-${partition}`)
    return found
  }

  private anyRunning(): TestBroker {
    const found = this.brokers.find(({ isRunning }) => isRunning)
    if (found === undefined) throw new Error('no broker is running')
    return found
  }

  private node(nodeId: number): TestBroker {
    const broker = this.brokers[nodeId - 1]
    if (broker === undefined) throw new RangeError(`there is no broker ${nodeId}`)
    return broker
  }
}

/** Reads from followers need a selector, which has no use without racks. */
const RACKS_DEFAULTS = { 'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector' }

/** The brokers of a cluster that know of each other, none of them started. */
async function makeBrokers(count: number, options: ClusterOptions, plan: FaultPlan): Promise<TestBroker[]> {
  const network = createNodeNetwork()
  const ports = await reserveNodePorts([HOST], 2 * count)
  const nodes = Array.from({ length: count }, (_, index) => ({
    nodeId: index + 1,
    reserved: ports.slice(2 * index, 2 * index + 2),
  }))
  const voters: Voter[] = nodes.map(({ nodeId, reserved }) => ({
    id: nodeId,
    host: HOST,
    port: reserved[1]?.port ?? 0,
  }))
  const quorum = { 'controller.quorum.voters': voters.map(formatVoter).join(',') }
  const racks = options.racks ?? []
  const defaults = { ...TEST_DEFAULTS, ...(racks.length > 0 ? RACKS_DEFAULTS : {}) }
  const properties = { ...defaults, ...options.config, ...(count > 1 ? quorum : {}) }
  try {
    return nodes.map(({ nodeId, reserved }) => {
      const sockets = new FaultNetwork(network, nodeId, plan, reserved)
      const port = reserved[0]?.port ?? 0
      const rack = racks[nodeId - 1]
      return new TestBroker({ nodeId, port, rack, properties, network: sockets, logger: options.logger })
    })
  } catch (error) {
    await Promise.all(ports.map((port) => port.release()))
    throw error
  }
}

/**
 * Starts brokers in this process, in memory, on free ports, without HTTP. Resolves when they serve; rejects with ConfigError
 * for a bad option. Three or more keep three replicas of a topic, two of which must have what is acknowledged.
 *
 * @example
 * await using cluster = await startCluster({ brokers: 3, topics: ['orders'] })
 * const kafka = new Kafka({ brokers: cluster.bootstrap.split(',') })
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const count = options.brokers ?? 1
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`brokers must be a whole number from 1, not ${count}`)
  if (options.racks !== undefined && options.racks.length !== count) {
    throw new RangeError(`racks must name one for each of ${count} brokers, not ${options.racks.length}`)
  }
  const plan = new FaultPlan()
  const cluster = new TestCluster(await makeBrokers(count, options, plan), plan)
  try {
    await Promise.all(cluster.brokers.map((broker) => broker.start()))
    for (const topic of options.topics ?? []) await cluster.createTopic(topic)
  } catch (error) {
    await cluster.close()
    throw error
  }
  return cluster
}
