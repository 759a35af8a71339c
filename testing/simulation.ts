/**
 * Brokers, network, disks and clients in one process under a virtual clock, all from one seed: the program of a user runs
 * beside them, and runs in the same way each time the seed is the same.
 */
import type { PartitionView } from '../broker/controller/view.ts'
import { Client, type ClientOptions } from '../client/index.ts'
import type { TopicOptions } from './cluster.ts'
import { settledForReal, VirtualGlobals } from './sim/globals.ts'
import { SeededRandom, SimClock, SimCluster, type SimNode, SimProcess, Trace } from './sim/index.ts'
import { simulatedSockets } from './sim/socket.ts'

/** Options of {@link simulate}. */
export interface SimulationOptions {
  /** Everything is drawn from it: delays, elections, what a power cut takes. Its lowest 32 bits count. */
  readonly seed: number
  /** Default 3. */
  readonly brokers?: number
  /** Broker options by Kafka's names. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** Topics to create before the program starts. */
  readonly topics?: readonly (string | TopicOptions)[]
  /** Simulated milliseconds after which the program has failed; default an hour. */
  readonly limitMs?: number
  /** Given every line of what happens. */
  readonly trace?: (line: string) => void
}

/** What can happen to the world, on demand. Brokers count from 1. */
export interface SimulationFaults {
  /** As kill -9: what was written stays, synced or not. */
  kill(broker: number): void
  /** Takes the machine's power: writes that were not synced are lost, or not, as the seed has it; nobody is told goodbye. */
  powerCut(broker: number): void
  /** Starts a broker that is down, on its disk. Resolves when it serves, for which a majority must be up. */
  restart(broker: number): Promise<void>
  /** The process stands still until `resume`. */
  pause(broker: number): void
  resume(broker: number): void
  /** No byte passes between two brokers until `heal`; clients reach both. */
  cut(a: number, b: number): void
  /** Cuts a broker off from all the others. */
  isolate(broker: number): void
  /** Ends every cut. */
  heal(): void
}

/** A simulated world, for the program that runs in it. */
export interface Simulation {
  /** Of the same seed; a part of its own, so that drawing from it moves nothing else. */
  readonly random: SeededRandom
  readonly faults: SimulationFaults
  /** Simulated milliseconds since the beginning. */
  readonly nowMs: number
  /** A client on a machine of its own; closed when the program ends. */
  client(options?: Omit<ClientOptions, 'brokers' | 'openSocket'>): Client
  /** Lets so many simulated milliseconds pass. */
  sleep(ms: number): Promise<void>
  /** Broker that leads the partition, as the first broker that is up knows it; -1 = nobody. Throws for a stranger. */
  leader(topic: string, partition?: number): number
  /** The active controller, the same way; -1 = none. */
  controller(): number
}

export interface SimulationResult<T> {
  /** What the program returned. */
  readonly value: T
  /** Simulated milliseconds it took. */
  readonly elapsedMs: number
  /** A hash of everything that happened: the same for the same seed and program. */
  readonly digest: string
}

/** A simulated network is faster than most real ones, and never quite regular. */
const LINK = { delayMs: 0.2, jitterMs: 0.5, bytesPerMs: 100_000, splitChance: 0.02 }
const TRUE_TIME = { skewMs: 0, rate: 1 }
const LIMIT_MS = 3_600_000
/** How often a condition is looked at (simulated ms). */
const POLL_MS = 5
const TEST_DEFAULTS = { 'group.initial.rebalance.delay.ms': 0, 'offsets.topic.num.partitions': 5 }

class World implements Simulation {
  readonly random: SeededRandom
  readonly clock = new SimClock()
  readonly globals: VirtualGlobals
  readonly trace: Trace
  failure: unknown = null
  private readonly cluster: SimCluster
  private readonly clients: Client[] = []
  readonly faults: SimulationFaults = {
    kill: (broker) => this.node(broker).die('kill'),
    powerCut: (broker) => this.node(broker).die('power-cut'),
    restart: (broker) => this.start(this.node(broker)),
    pause: (broker) => this.node(broker).pause(),
    resume: (broker) => this.node(broker).resume(),
    cut: (a, b) => this.cut(a, b),
    isolate: (broker) => {
      for (const { id } of this.cluster.nodes) if (id !== broker) this.cut(broker, id)
    },
    heal: () => {
      for (const link of this.cluster.network.links()) if (link.isCut) link.heal()
    },
  }

  constructor({ seed, brokers = 3, config = {}, trace }: SimulationOptions) {
    if (!Number.isInteger(brokers) || brokers < 1)
      throw new RangeError(`brokers must be a whole number from 1, not ${brokers}`)
    const random = new SeededRandom(seed)
    this.random = random.fork()
    this.globals = new VirtualGlobals(this.clock, random.fork())
    this.trace = new Trace(trace ?? null)
    this.cluster = new SimCluster({
      clock: this.clock,
      random: random.fork(),
      trace: this.trace,
      brokers,
      durability: 'fsync',
      properties: { ...TEST_DEFAULTS, ...config },
      linkProfile: () => LINK,
      clockFault: () => TRUE_TIME,
      uncaught: (node, error) => {
        if (node.disk.death === null) this.failure ??= error
      },
      startFailed: (_node, error) => void (this.failure ??= error),
    })
  }

  get nowMs(): number {
    return this.clock.monotonic()
  }

  client(options: Omit<ClientOptions, 'brokers' | 'openSocket'> = {}): Client {
    const host = `10.0.1.${this.clients.length + 1}`
    const process = new SimProcess(host, this.clock, (error) => void (this.failure ??= error))
    const openSocket = simulatedSockets(this.cluster.network.of(host, process))
    const brokers = this.cluster.addresses.map((address) => `${address.host}:${address.port}`)
    const client = new Client({ ...options, brokers, openSocket })
    this.clients.push(client)
    return client
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve))
  }

  leader(topic: string, partition = 0): number {
    return this.partition(topic, partition).leader
  }

  controller(): number {
    return this.anyUp().services.metadata.controllerId
  }

  /** Runs what is due next. False: nothing waits. */
  step(): boolean {
    return this.cluster.step()
  }

  /** All brokers up and the topics made. */
  async begin(topics: readonly (string | TopicOptions)[]): Promise<void> {
    await Promise.all(this.cluster.nodes.map((node) => this.start(node)))
    if (topics.length === 0) return
    const wanted = topics.map((topic) => (typeof topic === 'string' ? { name: topic } : topic))
    await this.client()
      .admin()
      .createTopics(
        wanted.map(({ config = {}, ...topic }) => ({
          ...topic,
          configs: Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)])),
        })),
      )
  }

  /** Whatever state a fault left it in. */
  async end(): Promise<void> {
    await Promise.allSettled(this.clients.map((client) => client.close()))
  }

  private async start(node: SimNode): Promise<void> {
    node.start()
    while (node.state !== 'up') await this.sleep(POLL_MS)
  }

  private cut(a: number, b: number): void {
    const [one, other] = [this.node(a).host, this.node(b).host]
    this.cluster.network.link(one, other).cut()
    this.cluster.network.link(other, one).cut()
  }

  private anyUp() {
    const broker = this.cluster.nodes.find((node) => node.broker !== null)?.broker
    if (broker === null || broker === undefined) throw new Error('no broker is up')
    return broker
  }

  private partition(topic: string, partition: number): PartitionView {
    const found = this.anyUp().services.metadata.topic(topic)?.partitions[partition]
    if (found === undefined) throw new RangeError(`there is no partition ${topic}-${partition}`)
    return found
  }

  private node(id: number): SimNode {
    const node = this.cluster.nodes[id - 1]
    if (node === undefined) throw new RangeError(`there is no broker ${id}`)
    return node
  }
}

let isRunning = false

/**
 * Runs a program in a simulated world. While it runs, timers, `Date.now`, `performance.now` and `Math.random` of the whole
 * process are the world's: no test waits for real time, and hours take seconds. Rejects with what the program throws, with
 * what makes a broker end itself, and when the program waits for something that is not in the world (files, sockets,
 * worker threads).
 *
 * @example
 * const { value } = await simulate({ seed: 7, topics: ['orders'] }, async (world) => {
 *   const producer = world.client().producer()
 *   await producer.send(Orders, [{ key: 'a', value: { id: 1 } }])
 *   world.faults.powerCut(world.leader('orders'))
 *   return producer.send(Orders, [{ key: 'a', value: { id: 2 } }])
 * })
 */
export async function simulate<T>(
  options: SimulationOptions,
  program: (world: Simulation) => Promise<T>,
): Promise<SimulationResult<T>> {
  if (isRunning) throw new Error('a simulation runs already: there is one clock in a process')
  const world = new World(options)
  isRunning = true
  world.globals.install()
  try {
    const value = await drive(world, options, async () => {
      await world.begin(options.topics ?? [])
      const result = await program(world)
      await world.end()
      return result
    })
    return { value, elapsedMs: world.nowMs, digest: world.trace.digest() }
  } finally {
    world.globals.restore()
    isRunning = false
  }
}

/** Lets the world go on until the program has ended. */
async function drive<T>(
  world: World,
  { seed, limitMs = LIMIT_MS }: SimulationOptions,
  program: () => Promise<T>,
): Promise<T> {
  let ended: { readonly value: T } | null = null
  program().then(
    (value) => void (ended = { value }),
    (error: unknown) => void (world.failure ??= error ?? new Error('the program failed')),
  )
  for (;;) {
    await settledForReal()
    if (world.failure !== null) throw world.failure
    if (ended !== null) return (ended as { readonly value: T }).value
    if (world.globals.runImmediates()) continue
    if (world.nowMs > limitMs) throw new Error(`seed ${seed}: not done after ${limitMs} simulated milliseconds`)
    if (!world.step()) throw new Error(`seed ${seed}: the program waits, and nothing is left to happen`)
  }
}
