/** Several broker processes, their directories and their clients, and what came of it all: the ground for cluster scenarios. */
import { join } from 'node:path'
import { Client } from '../../../client/index.ts'
import { Random } from '../../../demo/random.ts'
import type { RunningBroker } from '../../support/millrace-process.ts'
import { conclude } from '../conclude.ts'
import { GroupLoad } from '../group-load.ts'
import { History } from '../history.ts'
import { chaosDirectory, startChaosBroker } from '../leftovers.ts'
import { Ledger, Load, MAX_MESSAGE_BYTES } from '../load.ts'
import type { ChaosContext, ChaosReport } from '../scenario.ts'
import { eventually } from '../wait.ts'
import { NamespaceWiring, whyNoNamespaces } from './namespaces.ts'
import { ProxyWiring } from './proxies.ts'
import { whyNotInSync } from './views.ts'
import { type Cable, type FaultyWiring, LoopbackWiring, text, type Wiring } from './wiring.ts'

const NODES = 3
/** Longest wait for a cluster to come to itself. */
const PATIENCE_MS = 60_000

export interface ClusterStageOptions {
  readonly durability?: 'fsync' | 'page-cache'
  readonly partitions?: number
  readonly lanes?: number
  readonly pauseMs?: number
  /** Producers that are not idempotent, beside the lanes. @default 0 */
  readonly plainLanes?: number
  /** Members of a consumer group that commit. @default 0 */
  readonly members?: number
  /** Whether cables can be cut. */
  readonly network?: boolean
  /** What a broker runs under, beside its namespace. */
  readonly wrapper?: (node: number) => readonly string[]
  /** @default a scratch directory */
  readonly dataDir?: (node: number) => string
  /** Broker options by Kafka's names. */
  readonly overrides?: Readonly<Record<string, string>>
}

/** What each signal is called where faults are counted. */
const signalNames: Readonly<Record<string, string>> = { SIGKILL: 'kill -9', SIGTERM: 'stop' }

export class ClusterStage implements AsyncDisposable {
  readonly nodes = Array.from({ length: NODES }, (_, index) => index + 1)
  readonly partitions: number
  readonly history = new History()
  readonly problems: string[] = []
  readonly #context: ChaosContext
  readonly #options: ClusterStageOptions
  readonly #scratch = chaosDirectory()
  readonly #wiring: Wiring
  /** The same, where it can be cut. */
  readonly #network: FaultyWiring | null
  readonly #dataDirs = new Map<number, string>()
  readonly #brokers = new Map<number, RunningBroker>()
  readonly #faults = new Map<string, number>()
  #load: Load | null = null
  #group: GroupLoad | null = null

  private constructor(
    context: ChaosContext,
    options: ClusterStageOptions,
    wiring: Wiring,
    network: FaultyWiring | null,
  ) {
    this.#context = context
    this.#options = options
    this.partitions = options.partitions ?? 6
    this.#wiring = wiring
    this.#network = network
    for (const node of this.nodes) {
      this.#dataDirs.set(node, options.dataDir?.(node) ?? join(this.#scratch.path, `broker-${node}`))
    }
  }

  /** Starts the brokers and the clients; resolves once records are being acknowledged by three replicas. */
  static async open(context: ChaosContext, options: ClusterStageOptions = {}): Promise<ClusterStage> {
    const nodes = Array.from({ length: NODES }, (_, index) => index + 1)
    const network = options.network === true ? await layNetwork(context, nodes) : null
    const stage = new ClusterStage(context, options, network ?? (await LoopbackWiring.lay(nodes)), network)
    try {
      await stage.start(...stage.nodes)
      await stage.#createTopic()
      const { lanes = 4, plainLanes = 0, members = 0, pauseMs = 4 } = options
      const { bootstrap, partitions, history } = stage
      // Its own, so that what the clients do does not change which faults follow from the seed.
      const random = new Random(context.random.next())
      stage.#load = Load.start({ bootstrap, partitions, lanes, plainLanes, pauseMs, history, random })
      if (members > 0) stage.#group = GroupLoad.start(bootstrap, members)
      await stage.awaitProgress(100)
      await stage.awaitInSync()
      return stage
    } catch (error) {
      await stage[Symbol.asyncDispose]()
      throw error
    }
  }

  get bootstrap(): string {
    return this.nodes.map((node) => text(this.#wiring.door(node))).join(',')
  }

  /** What cables are cut with; null where none can be. */
  get cutWith(): string | null {
    return this.#network?.means ?? null
  }

  /** From now on nothing comes through, either way, and nobody is told. */
  cut(node: number, cable: Cable): void {
    this.#wires().cut(node, cable)
    this.noteFault(`cut off from ${cable}`)
  }

  /** What `from` sends to `to` is lost; the other way works. */
  cutOneWay(from: number, to: number): void {
    this.#wires().cutOneWay(from, to)
    this.noteFault('cut one way')
  }

  heal(): void {
    this.#network?.heal()
  }

  /** A fault was injected: counted by kind, for the report. */
  noteFault(kind: string): void {
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1)
    this.#load?.silence.fault(kind)
  }

  /** Of those that are up. */
  get running(): readonly number[] {
    return this.nodes.filter((node) => this.#brokers.has(node))
  }

  /** A file for traces and the like, outside the data directories. */
  file(name: string): string {
    return join(this.#scratch.path, name)
  }

  dataDir(node: number): string {
    return this.#dataDirs.get(node) ?? ''
  }

  /** Another directory for a broker that is down. */
  replaceDataDir(node: number, path: string): void {
    this.#dataDirs.set(node, path)
  }

  pid(node: number): number {
    return this.#broker(node).pid
  }

  /** Starts brokers together, on their ports of before; resolves once all of them serve. */
  async start(...nodes: readonly number[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.#start(node)))
  }

  /** Ends brokers at the same moment and waits until they are gone. `fault`: what that is counted as. */
  async kill(
    nodes: readonly number[],
    signal: NodeJS.Signals = 'SIGKILL',
    fault = signalNames[signal] ?? signal,
  ): Promise<void> {
    this.noteFault(`${fault} of ${nodes.length}`)
    const dying = nodes.map((node) => this.#broker(node))
    for (const node of nodes) this.#brokers.delete(node)
    await Promise.all(dying.map((broker) => broker.kill(signal)))
  }

  /** SIGSTOP, SIGCONT and the like. */
  signal(node: number, signal: NodeJS.Signals): void {
    process.kill(this.pid(node), signal)
    if (signal === 'SIGSTOP') this.noteFault(signal)
  }

  /** Who leads a partition, as the brokers see it that answer; -1 when nobody does. */
  leader(partition = 0): Promise<number> {
    return this.#ask(async (client) => {
      const [topic] = await client.admin().describeTopics([Ledger.name])
      return topic?.partitions[partition]?.leader ?? -1
    })
  }

  /** Whether a broker's replica is not in the in-sync set. */
  isOutOfSync(partition: number, node: number): Promise<boolean> {
    return this.#ask(async (client) => {
      const [topic] = await client.admin().describeTopics([Ledger.name])
      return topic?.partitions[partition]?.inSync.includes(node) === false
    })
  }

  controller(): Promise<number> {
    return this.#ask(async (client) => (await client.admin().describeCluster()).controller)
  }

  /** A broker that leads nothing in particular. */
  anyBut(...nodes: readonly number[]): number {
    return this.#context.random.pick(this.nodes.filter((node) => !nodes.includes(node)))
  }

  expect(holds: boolean, what: string): void {
    if (!holds) this.problems.push(what)
  }

  acknowledged(partition?: number): number {
    return this.history.count('acknowledged', partition)
  }

  /** Resolves once that many more records are acknowledged; notes a problem when they are not within the time. */
  async awaitProgress(records: number, options: { partition?: number; timeoutMs?: number } = {}): Promise<void> {
    const { partition, timeoutMs = PATIENCE_MS } = options
    const goal = this.acknowledged(partition) + records
    const where = partition === undefined ? '' : ` in partition ${partition}`
    const reached = await eventually(() => this.acknowledged(partition) >= goal, timeoutMs)
    this.expect(reached, `no ${records} records were acknowledged${where} within ${timeoutMs / 1000} s`)
  }

  /** Resolves once all brokers say that every partition has a leader and all its replicas in sync; notes a problem when that does not come. */
  async awaitInSync(): Promise<void> {
    let last = 'nobody answers'
    const reached = await eventually(async () => {
      const doors = this.running.map((node) => text(this.#wiring.door(node)))
      last = await whyNotInSync(doors, Ledger.name, NODES).catch(String)
      return last === ''
    }, PATIENCE_MS)
    this.expect(reached, `not in sync within ${PATIENCE_MS / 1000} s: ${last}`)
  }

  /** With healthy brokers: ends the load, reads everything, judges, and compares the replicas. */
  async report(injected: string, { mayLose = false } = {}): Promise<ChaosReport> {
    if (this.#load === null) throw new Error('there is no load')
    await this.awaitInSync()
    const { bootstrap, partitions, history, problems } = this
    const faults = Object.fromEntries(this.#faults)
    return await conclude({
      ...{ bootstrap, partitions, history, problems, injected, faults, mayLose },
      load: this.#load,
      group: this.#group,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#load?.close(), this.#group?.close()])
    const brokers = [...this.#brokers.values()]
    this.#brokers.clear()
    await Promise.all(brokers.map((broker) => broker[Symbol.asyncDispose]()))
    this.#wiring[Symbol.dispose]()
    this.#scratch[Symbol.dispose]()
  }

  async #start(node: number): Promise<void> {
    const { durability = 'fsync', overrides = {} } = this.#options
    const options = { ...this.#wiring.options(node), ...overrides }
    const args = [
      ...['--node-id', String(node), '--data-dir', this.dataDir(node), '--no-http', '--durability', durability],
      ...Object.entries(options).flatMap(([name, value]) => ['--override', `${name}=${value}`]),
    ]
    const { command } = this.#context
    const wrapper = [...this.#wiring.wrapper(node), ...(this.#options.wrapper?.(node) ?? [])]
    const broker = await startChaosBroker(args, {
      wrapper,
      port: this.#wiring.listeners(node).kafka.port,
      ...(command === undefined ? {} : { command }),
    })
    this.#brokers.set(node, broker)
    void broker.exited.then((code) => {
      if (this.#brokers.get(node) !== broker) return
      this.#brokers.delete(node)
      const [said = ''] = broker.stderr().trim().split('\n').slice(-1)
      this.problems.push(`broker ${node} ended by itself with ${code}: ${said}`)
    })
  }

  #broker(node: number): RunningBroker {
    const broker = this.#brokers.get(node)
    if (broker === undefined) throw new Error(`broker ${node} is down`)
    return broker
  }

  #wires(): FaultyWiring {
    if (this.#network === null) throw new Error('this stage has no network of its own')
    return this.#network
  }

  async #createTopic(): Promise<void> {
    await using client = new Client({ brokers: this.bootstrap })
    const configs = { 'max.message.bytes': String(MAX_MESSAGE_BYTES) }
    await client
      .admin()
      .createTopics([{ name: Ledger.name, partitions: this.partitions, replicationFactor: NODES, configs }])
  }

  async #ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    await using client = new Client({ brokers: this.bootstrap, requestTimeoutMs: 2_000, apiTimeoutMs: PATIENCE_MS })
    return await question(client)
  }
}

/** Namespaces where they can be made, else proxies. */
async function layNetwork({ namespaces }: ChaosContext, nodes: readonly number[]): Promise<FaultyWiring> {
  const reason = namespaces ? whyNoNamespaces() : 'as was asked for'
  return reason === null ? await NamespaceWiring.lay(nodes) : await ProxyWiring.lay(nodes, reason)
}
