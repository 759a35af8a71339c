/** Several broker processes, their directories and their clients, and what came of it all: the ground for cluster scenarios. */
import { join } from 'node:path'
import { Client } from '../../../client/index.ts'
import { type RunningBroker, scratch, startMillrace } from '../../support/millrace-process.ts'
import { conclude } from '../conclude.ts'
import { History } from '../history.ts'
import { Ledger, Load, MAX_MESSAGE_BYTES } from '../load.ts'
import type { ChaosContext, ChaosReport } from '../scenario.ts'
import { steadyPort } from '../steady-port.ts'
import { eventually } from '../wait.ts'
import { ChaosNetwork } from './network.ts'

const NODES = 3
/** Longest wait for a cluster to come to itself. */
const PATIENCE_MS = 60_000

export interface ClusterStageOptions {
  readonly durability?: 'fsync' | 'page-cache'
  readonly partitions?: number
  readonly lanes?: number
  readonly pauseMs?: number
  /** Whether every broker gets a network namespace of its own. */
  readonly network?: boolean
  /** What a broker runs under, beside its namespace. */
  readonly wrapper?: (node: number) => readonly string[]
  /** @default a scratch directory */
  readonly dataDir?: (node: number) => string
  /** Broker options by Kafka's names. */
  readonly overrides?: Readonly<Record<string, string>>
}

interface Place {
  readonly kafka: { readonly host: string; readonly port: number }
  readonly peer: { readonly host: string; readonly port: number }
}

const text = ({ host, port }: Place['kafka']) => `${host}:${port}`

export class ClusterStage implements AsyncDisposable {
  readonly nodes = Array.from({ length: NODES }, (_, index) => index + 1)
  readonly partitions: number
  readonly history = new History()
  readonly problems: string[] = []
  readonly #context: ChaosContext
  readonly #options: ClusterStageOptions
  readonly #scratch = scratch()
  readonly #network: ChaosNetwork | null
  readonly #places = new Map<number, Place>()
  readonly #dataDirs = new Map<number, string>()
  readonly #brokers = new Map<number, RunningBroker>()
  #load: Load | null = null

  private constructor(context: ChaosContext, options: ClusterStageOptions) {
    this.#context = context
    this.#options = options
    this.partitions = options.partitions ?? 6
    this.#network = options.network === true ? new ChaosNetwork(NODES) : null
    for (const node of this.nodes) {
      this.#dataDirs.set(node, options.dataDir?.(node) ?? join(this.#scratch.path, `broker-${node}`))
    }
  }

  /** Starts the brokers and the clients; resolves once records are being acknowledged by three replicas. */
  static async open(context: ChaosContext, options: ClusterStageOptions = {}): Promise<ClusterStage> {
    const stage = new ClusterStage(context, options)
    try {
      await stage.#choosePlaces()
      await stage.start(...stage.nodes)
      await stage.#createTopic()
      const { lanes = 4, pauseMs = 4 } = options
      const { bootstrap, partitions, history } = stage
      stage.#load = Load.start({ bootstrap, partitions, lanes, pauseMs, history, random: context.random })
      await stage.awaitProgress(100)
      await stage.awaitInSync()
      return stage
    } catch (error) {
      await stage[Symbol.asyncDispose]()
      throw error
    }
  }

  get bootstrap(): string {
    return this.nodes.map((node) => text(this.#place(node).kafka)).join(',')
  }

  get network(): ChaosNetwork {
    if (this.#network === null) throw new Error('this stage has no network of its own')
    return this.#network
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

  /** Ends brokers at the same moment and waits until they are gone. */
  async kill(nodes: readonly number[], signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const dying = nodes.map((node) => this.#broker(node))
    for (const node of nodes) this.#brokers.delete(node)
    await Promise.all(dying.map((broker) => broker.kill(signal)))
  }

  /** SIGSTOP, SIGCONT and the like. */
  signal(node: number, signal: NodeJS.Signals): void {
    process.kill(this.pid(node), signal)
  }

  /** Who leads a partition, as the brokers see it that answer; -1 when nobody does. */
  leader(partition = 0): Promise<number> {
    return this.#ask(async (client) => {
      const [topic] = await client.admin().describeTopics([Ledger.name])
      return topic?.partitions[partition]?.leader ?? -1
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

  acknowledged(): number {
    return this.history.count('acknowledged')
  }

  /** Resolves once that many more records are acknowledged; notes a problem when they are not within the time. */
  async awaitProgress(records: number, timeoutMs = PATIENCE_MS): Promise<void> {
    const goal = this.acknowledged() + records
    const reached = await eventually(() => this.acknowledged() >= goal, timeoutMs)
    this.expect(reached, `no ${records} records were acknowledged within ${timeoutMs / 1000} s`)
  }

  /** Resolves once every partition has a leader and all its replicas in sync; notes a problem when that does not come. */
  async awaitInSync(): Promise<void> {
    let last = 'nobody answers'
    const reached = await eventually(async () => {
      last = await this.#outOfSync().catch(String)
      return last === ''
    }, PATIENCE_MS)
    this.expect(reached, `not in sync within ${PATIENCE_MS / 1000} s: ${last}`)
  }

  /** With healthy brokers: ends the load, reads everything, judges, and compares the replicas. */
  async report(injected: string): Promise<ChaosReport> {
    if (this.#load === null) throw new Error('there is no load')
    await this.awaitInSync()
    const { bootstrap, partitions, history, problems } = this
    return await conclude({ bootstrap, partitions, history, problems, injected, load: this.#load })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load?.close()
    const brokers = [...this.#brokers.values()]
    this.#brokers.clear()
    await Promise.all(brokers.map((broker) => broker[Symbol.asyncDispose]()))
    this.#network?.[Symbol.dispose]()
    this.#scratch[Symbol.dispose]()
  }

  async #start(node: number): Promise<void> {
    const { durability = 'fsync', overrides = {} } = this.#options
    const { kafka, peer } = this.#place(node)
    const voters = this.nodes.map((id) => `${id}@${text(this.#place(id).peer)}`).join(',')
    const options = {
      listeners: `PLAINTEXT://${text(kafka)},CONTROLLER://${text(peer)}`,
      'controller.quorum.voters': voters,
      ...overrides,
    }
    const args = [
      ...['--node-id', String(node), '--data-dir', this.dataDir(node), '--no-http', '--durability', durability],
      ...Object.entries(options).flatMap(([name, value]) => ['--override', `${name}=${value}`]),
    ]
    const { command } = this.#context
    const wrapper = [...(this.#network?.wrapper(node) ?? []), ...(this.#options.wrapper?.(node) ?? [])]
    const broker = await startMillrace(args, {
      wrapper,
      port: kafka.port,
      ...(command === undefined ? {} : { command }),
    })
    this.#brokers.set(node, broker)
    void broker.exited.then((code) => {
      if (this.#brokers.get(node) !== broker) return
      const [said = ''] = broker.stderr().trim().split('\n').slice(-1)
      this.problems.push(`broker ${node} ended by itself with ${code}: ${said}`)
    })
  }

  #broker(node: number): RunningBroker {
    const broker = this.#brokers.get(node)
    if (broker === undefined) throw new Error(`broker ${node} is down`)
    return broker
  }

  #place(node: number): Place {
    const place = this.#places.get(node)
    if (place === undefined) throw new Error(`there is no broker ${node}`)
    return place
  }

  async #choosePlaces(): Promise<void> {
    for (const node of this.nodes) {
      const hosts = { kafka: this.#network?.address(node, 'clients'), peer: this.#network?.address(node, 'peers') }
      this.#places.set(node, {
        kafka: { host: hosts.kafka ?? '127.0.0.1', port: await steadyPort() },
        peer: { host: hosts.peer ?? '127.0.0.1', port: await steadyPort() },
      })
    }
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

  /** What is missing in words; empty when nothing is. */
  async #outOfSync(): Promise<string> {
    const [topic] = await this.#ask((client) => client.admin().describeTopics([Ledger.name]))
    const late = (topic?.partitions ?? []).filter(({ leader, inSync }) => leader < 0 || inSync.length < NODES)
    const of = ({ partition, leader, inSync }: (typeof late)[number]) =>
      `partition ${partition} (leader ${leader}, in sync ${inSync.join(',') || 'nobody'})`
    return topic === undefined ? 'the topic is not there' : late.map(of).join('; ')
  }
}
