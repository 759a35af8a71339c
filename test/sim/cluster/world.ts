/** A cluster with its clients: made from a seed, kept going while faults befall it. */
import { coordinatorPartition, OFFSETS_TOPIC } from '../../../broker/groups/partition.ts'
import { Violation } from '../log/violation.ts'
import {
  rackOf,
  type SimNode,
  SeededRandom,
  SimClock,
  SimCluster,
  SimProcess,
  type Trace,
} from '../../../testing/sim/index.ts'
import { SimAdmin } from './clients/admin.ts'
import type { ClientOptions } from './clients/client.ts'
import { SimConsumer } from './clients/consumer.ts'
import { SimGroupMember } from './clients/group-member.ts'
import { SimOperator } from './clients/operator.ts'
import { SimProducer } from './clients/producer.ts'
import { SimVoterOperator } from './clients/voter-operator.ts'
import { GroupHistory } from './group-history.ts'
import { History, type PartitionHistory } from './history.ts'
import { Invariants } from './invariants/index.ts'
import { newestView } from './invariants/survey.ts'
import { drawSettings, type Settings } from './settings.ts'
import { Weather } from './weather.ts'

/** A dead broker is started again after so long at most (ms). */
const RESTART_MS_MAX = 6_000
/** Errors that go back to a fault of the disk. */
const INJECTED = new Set(['EIO', 'ENOSPC', 'EMFILE', 'ESHORTWRITE'])

export class World {
  readonly clock = new SimClock()
  readonly random: SeededRandom
  readonly settings: Settings
  readonly trace: Trace
  readonly cluster: SimCluster
  readonly history = new History()
  readonly weather: Weather
  readonly invariants: Invariants
  producers: readonly SimProducer[] = []
  consumers: readonly SimConsumer[] = []
  readonly group = new GroupHistory('g1')
  members: readonly SimGroupMember[] = []
  operator: SimOperator | null = null
  voterOperator: SimVoterOperator | null = null
  /** Events so far. */
  events = 0
  /** What broke a promise, or the simulator itself. */
  failure: unknown = null
  #clients = 0
  readonly #restarting = new Set<SimNode>()

  constructor(seed: number, trace: Trace, settings?: Settings) {
    this.random = new SeededRandom(seed)
    this.trace = trace
    this.settings = settings ?? drawSettings(this.random)
    const { brokers, durability, properties, links, minInsync, diskFaults } = this.settings
    this.weather = new Weather(this, this.random.fork())
    this.cluster = new SimCluster({
      clock: this.clock,
      random: this.random.fork(),
      trace,
      brokers,
      durability,
      racks: this.settings.racks,
      properties: { ...properties, 'min.insync.replicas': minInsync },
      linkProfile: () => links,
      clockFault: () => this.#clockFault(),
      uncaught: (node, error) => this.#uncaught(node, error),
      dying: (node) => this.invariants.dying(node),
      startFailed: (node, error) => this.#startFailed(node, error),
    })
    this.invariants = new Invariants(this.cluster.nodes, this.history, durability === 'fsync')
    for (const { faults } of this.cluster.nodes) for (const [kind, chance] of diskFaults) faults.set(kind, chance)
  }

  note(what: string): void {
    this.trace.note(`# ${what}`)
  }

  get nowMs(): number {
    return this.clock.monotonic()
  }

  newClient(name: string): ClientOptions {
    const host = `10.0.1.${++this.#clients}`
    const process = new SimProcess(name, this.clock, (error) => this.fail(error))
    const random = this.random.fork()
    return { process, network: this.cluster.network.of(host, process), random, bootstrap: this.cluster.addresses }
  }

  fail(error: unknown): void {
    this.failure ??= error
  }

  startNodes(): void {
    for (const node of this.cluster.nodes) this.clock.after(this.random.between(0, 300), () => node.start())
  }

  createTopics(done: () => void): void {
    const admin = new SimAdmin(this.newClient('admin'))
    let missing = this.settings.topics.length
    for (const topic of this.settings.topics) {
      for (let index = 0; index < topic.partitions; index++) this.history.partition(topic.name, index)
      admin.createTopic({ ...topic, configs: {} }, () => {
        missing--
        if (missing === 0) done()
      })
    }
  }

  startClients(): void {
    const partitions: readonly PartitionHistory[] = [...this.history.partitions()]
    this.consumers = Array.from({ length: this.settings.consumers }, (_, index) => {
      const client = this.newClient(`consumer-${index + 1}`)
      const rackId = this.settings.racks ? rackOf(this.random.pick(this.cluster.nodes).id) : ''
      return new SimConsumer({
        ...client,
        partitions,
        maxWaitMs: 500,
        maxBytes: this.random.pick([2_000, 1_000_000]),
        rackId,
      })
    })
    this.producers = this.settings.producers.map((settings, index) => {
      const client = this.newClient(`producer-${index + 1}`)
      return new SimProducer({ ...client, ...settings, history: this.history, partitions })
    })
    this.members = Array.from({ length: this.settings.members }, (_, index) => {
      const coordinator = () => this.#coordinatorOf(this.group.name)
      return new SimGroupMember({
        ...this.newClient(`member-${index + 1}`),
        group: this.group,
        partitions,
        coordinator,
      })
    })
    for (const client of [...this.consumers, ...this.producers, ...this.members]) client.start()
    this.#startVoterOperator()
    const { operatorIntervalMs: intervalMs, brokers } = this.settings
    if (intervalMs === 0) return
    const replicationFactor = Math.min(3, brokers)
    this.operator = new SimOperator({
      ...this.newClient('operator'),
      partitions,
      brokers,
      replicationFactor,
      isLonely: (partition) => this.#isLonely(partition),
      intervalMs,
    })
    this.operator.start()
    this.operator.watch()
  }

  #startVoterOperator(): void {
    const { voterIntervalMs: intervalMs } = this.settings
    if (intervalMs === 0) return
    const peers = this.cluster.nodes.map(({ id, host, config }) => ({ id, host, port: config.peerPort }))
    this.voterOperator = new SimVoterOperator({ ...this.newClient('voter-operator'), peers, intervalMs })
    this.voterOperator.start()
  }

  #coordinatorOf(group: string): string | null {
    const count = Number(this.settings.properties['offsets.topic.num.partitions'])
    const view = this.invariants.newestView(OFFSETS_TOPIC, coordinatorPartition(group, count))
    return this.cluster.nodes.find(({ id }) => id === view?.leader)?.host ?? null
  }

  #isLonely({ topic, index }: PartitionHistory): boolean {
    const view = newestView(this.cluster.nodes, topic, index)
    return view !== undefined && view.leader >= 0 && view.isr.length === 1
  }

  /** Dead brokers come back after a while, as under a supervisor. */
  tendNodes(): void {
    for (const node of this.cluster.nodes) {
      if (node.state !== 'down' || this.#restarting.has(node)) continue
      this.#restarting.add(node)
      this.clock.after(this.random.between(1, RESTART_MS_MAX), () => {
        this.#restarting.delete(node)
        if (node.state === 'down') node.start()
      })
    }
  }

  /** The faults are over, everybody runs, and nothing stands between them. */
  heal(): void {
    // First: who is woken by the end of a pause must not die of it.
    for (const { faults } of this.cluster.nodes) faults.paused = true
    this.weather.clear()
    for (const node of this.cluster.nodes) {
      node.faults.full = false
      // What has failed stays so until its broker is started again: an operator's work, but for a lost metadata log. With
      // that one a broker ends itself, unless it is alone and nobody could do better.
      const isLame = this.settings.brokers === 1 && node.faults.counts.has('enospc')
      if (hasFailedLog(node) || isLame) node.die('kill')
    }
  }

  #clockFault() {
    const { clockSkewMs, clockDrift } = this.settings
    const { random } = this
    return {
      skewMs: random.between(-clockSkewMs, clockSkewMs),
      rate: 1 + clockDrift * (random.uint32() / 0x8000_0000 - 1),
    }
  }

  /** A broker threw what nothing caught. When it died in a call, that is what it should do. */
  #uncaught(node: SimNode, error: unknown): void {
    if (node.disk.death !== null) return
    if (error instanceof Violation) return this.fail(error)
    if (isInjected(error) && node.faults.total > 0) {
      this.note(`${node.host} ends itself: ${String(error)}`)
      node.die('kill')
      return
    }
    this.fail(new Violation('no-crash', `${node.host} threw ${String(error)}`, error))
  }

  #startFailed(node: SimNode, error: unknown): void {
    if (isInjected(error) && node.faults.total > 0) return
    this.fail(new Violation('start', `${node.host} does not start: ${String(error)}`, error))
  }
}

function hasFailedLog({ faults }: SimNode): boolean {
  return ['eio-write', 'eio-sync', 'eio-read'].some((kind) => faults.counts.has(kind))
}

/** Whether an error goes back to a fault that was injected. */
function isInjected(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (INJECTED.has((cause as NodeJS.ErrnoException).code ?? '')) return true
  }
  return false
}
