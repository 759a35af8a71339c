import { Broker, type BrokerPorts } from '../../../broker/broker.ts'
import type { BrokerConfig } from '../../../broker/config.ts'
import type { Logger } from '../../../broker/services.ts'
import type { SimClock } from '../clock.ts'
import { type Death, DiskFaults } from '../disk/faults.ts'
import { SimDisk } from '../disk/sim-disk.ts'
import { SimDirectory } from '../disk/tree.ts'
import type { SimNetwork } from '../network/sim-network.ts'
import { type ClockFault, SimProcess } from '../process.ts'
import type { SeededRandom } from '../random.ts'
import type { Trace } from '../trace.ts'

/** What a node is made of, and who hears of it. */
export interface SimNodeOptions {
  readonly id: number
  /** The name of its host, which is also its address. */
  readonly host: string
  readonly config: BrokerConfig
  readonly clock: SimClock
  readonly network: SimNetwork
  readonly random: SeededRandom
  readonly trace: Trace
  /** Draws the clock of each of its processes. */
  readonly clockFault: () => ClockFault
  /** A process threw what nothing caught. */
  readonly uncaught: (node: SimNode, error: unknown) => void
  /** Its process is about to end, whatever state it is in: the last look inside. */
  readonly dying: (node: SimNode) => void
  /** A broker could not start. */
  readonly startFailed: (node: SimNode, error: unknown) => void
}

const SYNCS_IN_FLIGHT = 4
const OPEN_FILES = 200
const CONNECTIONS = 1_000

export type NodeState = 'down' | 'starting' | 'up' | 'stopping'

/** A host of the cluster: its disk outlives its brokers, of which one runs at a time. */
export class SimNode {
  readonly id: number
  readonly host: string
  readonly faults: DiskFaults
  readonly #options: SimNodeOptions
  #disk: SimDisk
  #process: SimProcess
  #broker: Broker | null = null
  #hasFailed = false
  #state: NodeState = 'down'
  /** Starts so far. */
  #starts = 0
  #lives = 0
  #disksLost = 0
  /** What has happened outside of the events of its present process. */
  #happened = 0

  constructor(options: SimNodeOptions) {
    this.id = options.id
    this.host = options.host
    this.#options = options
    this.faults = new DiskFaults(options.random.fork())
    this.#process = this.#newProcess()
    this.#process.die()
    this.#disk = new SimDisk({
      clock: { after: (delayMs, fn) => this.#process.after(delayMs, fn) },
      random: options.random.fork(),
      faults: this.faults,
      trace: options.trace,
      root: emptyRoot(options.config),
    })
  }

  get state(): NodeState {
    return this.#state
  }

  get isPaused(): boolean {
    return this.#process.isPaused
  }

  get disk(): SimDisk {
    return this.#disk
  }

  /** How often it has been started. */
  get starts(): number {
    return this.#starts
  }

  /** How often its disk has changed hands: what was read from it before is no longer known to be there. */
  get lives(): number {
    return this.#lives
  }

  /** How often it has got an empty disk in the place of its own. */
  get disksLost(): number {
    return this.#disksLost
  }

  /** Grows with everything that may have changed something in it, but for what promises do while `isAsync`. */
  get activity(): number {
    return this.#happened + this.#process.entered
  }

  /** The broker, for whoever looks inside; null unless it serves. */
  get broker(): Broker | null {
    return this.#state === 'up' && !this.#hasFailed ? this.#broker : null
  }

  /** The same, and while it stops: what it promises then counts as well. */
  get inside(): Broker | null {
    const isServing = this.#state === 'up' || this.#state === 'stopping'
    return isServing && !this.#hasFailed ? this.#broker : null
  }

  get config(): BrokerConfig {
    return this.#options.config
  }

  /** Whether what it does next depends on promises. */
  get isAsync(): boolean {
    return this.#state === 'starting' || this.#state === 'stopping'
  }

  /** Starts a broker on what the one before left on the disk. */
  start(): void {
    if (this.#state !== 'down') throw new Error(`node ${this.id} is ${this.#state}`)
    const { network, trace, host } = this.#options
    this.#starts++
    trace.note(`# ${host} starts`)
    const process = this.#newProcess()
    this.#happened += this.#process.entered
    this.#process = process
    this.#state = 'starting'
    network.hostUp(host)
    const broker = new Broker(this.#ports(process), this.#options.config)
    this.#broker = broker
    this.#hasFailed = false
    broker.onFailed(() => {
      this.#options.dying(this)
      this.#hasFailed = true
    })
    // The start is an event of the process: what it throws at once goes where the rest goes.
    process.enter(
      () =>
        void broker.start().then(
          () => this.#settled(process, 'up'),
          (error: unknown) => this.#startFailed(process, error),
        ),
    )
  }

  /** Ends the process without notice. After a power cut the host is silent and its unsynced writes are in doubt. */
  die(death: Death): void {
    if (this.#state === 'down') return
    const { network, trace, host, dying } = this.#options
    dying(this)
    trace.note(`# ${host} dies: ${death}`)
    this.faults.count(death)
    this.#disk.die(death)
    this.#process.die()
    this.#end()
    network.processDied(host, this.#process, death === 'power-cut')
  }

  /** A new, empty disk takes the place of the one it had. It must be down. */
  loseDisk(): void {
    if (this.#state !== 'down') throw new Error(`node ${this.id} is ${this.#state}`)
    this.#options.trace.note(`# ${this.host} loses its disk`)
    this.#disk = this.#disk.remount(emptyRoot(this.#options.config))
    this.#lives++
    this.#disksLost++
    this.#happened++
  }

  /** Whether the process has died in a disk call and is to be buried. */
  get hasDiedInCall(): boolean {
    return this.#state !== 'down' && this.#disk.death !== null
  }

  /** Whether the broker has stopped by itself, as it cannot go on, and its process is to end. */
  get hasFailed(): boolean {
    return this.#state !== 'down' && this.#hasFailed
  }

  pause(): void {
    this.#options.trace.note(`# ${this.host} is paused`)
    this.#process.pause()
  }

  resume(): void {
    this.#options.trace.note(`# ${this.host} runs again`)
    this.#process.resume()
  }

  /** Asks the broker to stop, as SIGTERM does. */
  stop(): void {
    const broker = this.#broker
    if (this.#state !== 'up' || broker === null) return
    const process = this.#process
    this.#options.trace.note(`# ${this.host} stops`)
    this.#state = 'stopping'
    process.enter(
      () =>
        void broker.stop().then(
          () => this.#settled(process, 'down'),
          (error: unknown) => process.enter(() => this.#options.uncaught(this, error)),
        ),
    )
  }

  #startFailed(process: SimProcess, error: unknown): void {
    if (!process.isAlive) return
    this.#options.trace.note(`# ${this.host} did not start: ${String(error)}`)
    const isDead = this.#disk.death !== null
    this.die('kill')
    if (!isDead) this.#options.startFailed(this, error)
  }

  #settled(process: SimProcess, state: 'up' | 'down'): void {
    if (!process.isAlive) return
    this.#options.trace.note(`# ${this.host} is ${state}`)
    this.#state = state
    this.#happened++
    if (state === 'up') return
    this.#disk.die('kill')
    process.die()
    this.#end()
    this.#options.network.processDied(this.host, process, false)
  }

  #end(): void {
    this.#broker = null
    this.#state = 'down'
    this.#disk = this.#disk.remount()
    this.#lives++
    this.#happened++
  }

  #newProcess(): SimProcess {
    const { clock, clockFault, uncaught, host } = this.#options
    return new SimProcess(host, clock, (error) => uncaught(this, error), clockFault())
  }

  #ports(process: SimProcess): BrokerPorts {
    const { network, random, host } = this.#options
    return {
      clock: process.clock,
      random: random.fork(),
      disk: this.#disk,
      network: network.of(host, process),
      logger: this.#logger(),
      maxSyncsInFlight: SYNCS_IN_FLIGHT,
      maxOpenFiles: OPEN_FILES,
      maxConnections: CONNECTIONS,
      makeCompactionRunner: () => null,
      volume: () => ({ totalBytes: -1, usableBytes: -1 }),
    }
  }

  #logger(): Logger {
    const { trace, host } = this.#options
    const log = (level: string) => (fields: object, message: string) => {
      trace.note(`${host} ${level}: ${message} ${readable(fields)}`)
    }
    return { debug: () => {}, info: log('info'), warn: log('warn'), error: log('error') }
  }
}

/** The volume of the data directory, mounted, and nothing on it. */
function emptyRoot({ dataDir }: BrokerConfig): SimDirectory {
  return new SimDirectory(new Map([[dataDir.split('/')[1]!, new SimDirectory()]]))
}

function readable(fields: object): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? causes(value) : value))
}

function causes(error: Error): string {
  return error.cause instanceof Error ? `${error.message} <- ${causes(error.cause)}` : error.message
}
