/** One broker process, its directory, its clients, and what came of it all: the ground that disk scenarios run on. */
import { join } from 'node:path'
import { Client } from '../../client/index.ts'
import { Errors, errorInfo } from '../../proto/kafka/errors.ts'
import type { RunningBroker } from '../support/millrace-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { batchOf, produce } from '../support/requests.ts'
import { conclude, DRAIN_TIMEOUT_MS } from './conclude.ts'
import { drain } from './drain.ts'
import { History, valueOf } from './history.ts'
import { type Fault, type Injection, inject } from './inject.ts'
import { chaosDirectory, startChaosBroker } from './leftovers.ts'
import { type Anomaly, anomalies, judge } from './judge.ts'
import { Ledger, Load, MAX_MESSAGE_BYTES } from './load.ts'
import type { ChaosContext, ChaosReport } from './scenario.ts'
import { steadyPort } from './steady-port.ts'
import { eventually, sleep } from './wait.ts'

/** After this long a broker that has started has synced what it recovered. */
const SETTLE_MS = 1000

export interface StageOptions {
  readonly durability?: 'fsync' | 'page-cache'
  readonly partitions?: number
  readonly lanes?: number
  readonly pauseMs?: number
  /** What the broker runs under. */
  readonly wrapper?: readonly string[]
  /** @default a scratch directory that goes with the stage */
  readonly dataDir?: string
  /** Topic configuration. */
  readonly configs?: Readonly<Record<string, string>>
}

export class Stage implements AsyncDisposable {
  readonly partitions: number
  readonly history = new History()
  readonly problems: string[] = []
  /** The broker's data directory; another one may be put in its place while it is down. */
  dataDir: string
  readonly #context: ChaosContext
  readonly #options: StageOptions
  readonly #scratch = chaosDirectory()
  readonly #port: number
  #broker: RunningBroker | null = null
  #load: Load | null = null
  #isDying = false
  #traces = 0

  private constructor(context: ChaosContext, options: StageOptions, port: number) {
    this.#context = context
    this.#options = options
    this.#port = port
    this.partitions = options.partitions ?? 6
    this.dataDir = options.dataDir ?? join(this.#scratch.path, 'data')
  }

  /** Starts the broker and the clients; resolves once records are being acknowledged. */
  static async open(context: ChaosContext, options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(context, options, await steadyPort())
    try {
      await stage.start()
      await stage.#createTopic()
      const { lanes = 4, pauseMs = 4 } = options
      const { bootstrap, partitions, history } = stage
      stage.#load = Load.start({ bootstrap, partitions, lanes, pauseMs, history, random: context.random })
      await stage.awaitProgress(100)
      return stage
    } catch (error) {
      await stage[Symbol.asyncDispose]()
      throw error
    }
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** The running broker. Throws when it is down. */
  get broker(): RunningBroker {
    if (this.#broker === null) throw new Error('the broker is down')
    return this.#broker
  }

  /** A file for traces and the like, outside the data directory. */
  file(name: string): string {
    return join(this.#scratch.path, `${this.#traces++}-${name}`)
  }

  segmentOf(partition: number): string {
    return join(this.dataDir, `${Ledger.name}-${partition}`, '00000000000000000000.log')
  }

  /** Starts the broker, on the same port as before. What is given here takes the place of the stage's own. */
  async start(options: { readonly wrapper?: readonly string[]; readonly dataDir?: string } = {}): Promise<void> {
    this.dataDir = options.dataDir ?? this.dataDir
    const { durability = 'fsync' } = this.#options
    const wrapper = options.wrapper ?? this.#options.wrapper ?? []
    const { command } = this.#context
    const args = ['--data-dir', this.dataDir, '--no-http', '--durability', durability]
    const broker = await startChaosBroker(args, {
      wrapper,
      port: this.#port,
      ...(command === undefined ? {} : { command }),
    })
    this.#broker = broker
    this.#isDying = false
    void broker.exited.then((code) => {
      if (this.#isDying || this.#broker !== broker) return
      const [said = ''] = broker.stderr().trim().split('\n').slice(-1)
      this.problems.push(`the broker ended by itself with ${code}: ${said}`)
    })
  }

  /** Ends the broker and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#isDying = true
    await this.broker.kill(signal)
    this.#broker = null
  }

  inject(fault: Fault): Promise<Injection> {
    return inject(this.broker.pid, fault, this.file('strace'))
  }

  expect(holds: boolean, what: string): void {
    if (!holds) this.problems.push(what)
  }

  acknowledged(partition?: number): number {
    return this.history.count('acknowledged', partition)
  }

  /** Resolves once that many more records are acknowledged; notes a problem when they are not within the time. */
  async awaitProgress(records: number, options: { partition?: number; timeoutMs?: number } = {}): Promise<void> {
    const { partition, timeoutMs = 30_000 } = options
    const goal = this.acknowledged(partition) + records
    const where = partition === undefined ? '' : ` in partition ${partition}`
    const reached = await eventually(() => this.acknowledged(partition) >= goal, timeoutMs)
    this.expect(reached, `no ${records} records were acknowledged${where} within ${timeoutMs / 1000} s`)
  }

  /** Produces one record beside the load, without a client library that tries again, and returns the error code. */
  async probe(partition: number): Promise<number> {
    const client = await RawClient.connect(this.bootstrap)
    try {
      const { first, records } = this.history.send(PROBE_LANE, partition, 1)
      const batch = batchOf([valueOf({ lane: PROBE_LANE, partition, sequence: first }, 0).toString('latin1')])
      const { errorCode, baseOffset } = await produce(client, Ledger.name, partition, batch)
      if (errorCode === Errors.NONE) Object.assign(records[0], { outcome: 'acknowledged', offset: baseOffset })
      return errorCode
    } finally {
      client.socket.destroy()
    }
  }

  /** Waits until a probe of the partition is answered with this error code; notes a problem when that does not come. */
  async awaitAnswer(partition: number, errorCode: number, timeoutMs = 20_000): Promise<void> {
    let last = -1
    const came = await eventually(async () => {
      last = await this.probe(partition)
      return last === errorCode
    }, timeoutMs)
    const expected = `${errorInfo(errorCode).name} within ${timeoutMs / 1000} s`
    this.expect(came, `partition ${partition} answers ${errorInfo(last).name}, expected ${expected}`)
  }

  /**
   * Reads all that some broker has and judges it by what was known before, without demanding that the consumer saw all of it.
   * What is there on a second look only is R7. Notes a problem when it cannot be read.
   */
  async judgeNow(when: string, broker = this.broker): Promise<Anomaly[]> {
    const look = async (): Promise<Anomaly[]> => {
      // The load goes on meanwhile.
      const known = this.history.asOfNow()
      const watched = new Map([...(this.#load?.watched ?? [])].map(([partition, read]) => [partition, [...read]]))
      const log = await drain(broker.bootstrap, this.partitions, DRAIN_TIMEOUT_MS)
      return judge(known, log, this.#load === null ? undefined : watched).filter(({ id }) => id !== 'P4')
    }
    try {
      const atOnce = await look()
      if (atOnce.length === 0) return []
      await sleep(SETTLE_MS)
      const later = await look()
      // Not lost, then: it only was not to be seen yet.
      if (later.length === 0) return atOnce.slice(0, 1).map(hidden)
      return later
    } catch (error) {
      this.problems.push(`${when}, reading failed: ${String(error)}; the broker said: ${broker.stderr().trim()}`)
      return []
    }
  }

  /** With a healthy broker: ends the load, reads everything and judges. */
  async report(injected: string): Promise<ChaosReport> {
    const load = this.#load
    if (load === null) throw new Error('there is no load')
    const { bootstrap, partitions, history, problems } = this
    return await conclude({ bootstrap, partitions, history, load, problems, injected })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load?.close()
    this.#isDying = true
    await this.#broker?.[Symbol.asyncDispose]()
    this.#scratch[Symbol.dispose]()
  }

  async #createTopic(): Promise<void> {
    await using client = new Client({ brokers: this.bootstrap })
    const configs = { 'max.message.bytes': String(MAX_MESSAGE_BYTES), ...this.#options.configs }
    await client.admin().createTopics([{ name: Ledger.name, partitions: this.partitions, configs }])
  }
}

function hidden({ count, examples }: Anomaly): Anomaly {
  return { id: 'R7', what: anomalies.R7, count, examples }
}

/** The lane of `probe`: beyond those of any load. */
const PROBE_LANE = 1000
