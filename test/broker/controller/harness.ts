/** A controller over a real metadata log on a memory disk; time, turns and randomness are in the hands of the test. */
import { type ConfigFlags, defaultConfig } from '../../../broker/config.ts'
import type { ControllerApi } from '../../../broker/controller/api.ts'
import { BrokerRequests } from '../../../broker/controller/broker-requests.ts'
import { BrokerSessions } from '../../../broker/controller/broker-sessions.ts'
import { Controller, METADATA_TOPIC } from '../../../broker/controller/controller.ts'
import { openMetadataLog } from '../../../broker/controller/open-metadata-log.ts'
import { ControllerDuties } from '../../../broker/controller/duties.ts'
import type { BrokerView, MetadataDelta } from '../../../broker/controller/view.ts'
import type { Log } from '../../../broker/log/log.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { createLogShared } from '../../../broker/log/shared.ts'
import { ActiveControllerLink } from '../../../broker/peer/controller-link.ts'
import { Membership } from '../../../broker/peer/membership.ts'
import type { Clock, Timer } from '../../../broker/ports/clock.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import type { Random } from '../../../broker/ports/random.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { seeded } from '../consensus/simulation.ts'

export class TestClock implements Clock {
  time = 1_700_000_000_000
  private turns: (() => void)[] = []
  private timers: { at: number; fn: () => void }[] = []

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(delayMs: number, fn: () => void): Timer {
    const timer = { at: this.time + delayMs, fn }
    this.timers.push(timer)
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer)
      },
    }
  }

  turnEnd(fn: () => void): void {
    this.turns.push(fn)
  }

  /** Ends turns until nothing asks for another. */
  settle(): void {
    while (this.turns.length > 0) for (const fn of this.turns.splice(0)) fn()
  }

  /** Lets timers fire one after the other; ends turns between them. */
  advance(ms: number): void {
    const until = this.time + ms
    for (;;) {
      this.settle()
      const next = this.timers.reduce<{ at: number; fn: () => void } | null>(
        (best, timer) => (timer.at <= until && (best === null || timer.at < best.at) ? timer : best),
        null,
      )
      if (next === null) break
      this.time = Math.max(this.time, next.at)
      this.timers = this.timers.filter((other) => other !== next)
      next.fn()
    }
    this.time = until
  }
}

export function seededRandom(seed: number): Random {
  const uint32 = seeded(seed)
  return { uint32, bytes: (length) => Buffer.from(Array.from({ length }, () => uint32() & 0xff)) }
}

interface Running {
  readonly controller: Controller
  readonly membership: Membership
  readonly logs: LogManager
  readonly requests: BrokerRequests
  readonly duties: ControllerDuties
}

export class Rig {
  readonly clock = new TestClock()
  readonly faults = new FaultDisk(new MemoryDisk((fn) => this.clock.turnEnd(fn)))
  readonly disk: Disk = this.faults.disk
  readonly deltas: MetadataDelta[] = []
  readonly errors: string[] = []
  private readonly random = seededRandom(42)
  /** What the active controller watches, by broker, and the epochs of what it watches. */
  readonly watched = new Map<number, number>()
  private running: Running | null = null

  get controller(): Controller {
    if (this.running === null) throw new Error('not started')
    return this.running.controller
  }

  /** What other brokers ask of this controller. */
  get requests(): BrokerRequests {
    if (this.running === null) throw new Error('not started')
    return this.running.requests
  }

  get duties(): ControllerDuties {
    if (this.running === null) throw new Error('not started')
    return this.running.duties
  }

  /** Of the broker's present uptime. */
  get brokerEpoch(): number {
    return this.running?.membership.brokerEpoch ?? -1
  }

  /** The metadata log itself. */
  get log(): Log {
    const log = this.running?.logs.get(METADATA_TOPIC, 0)
    if (log === undefined) throw new Error('not open')
    return log
  }

  get view() {
    return this.controller.view
  }

  /** Opens the data directory and makes a controller that is not started. */
  open(flags: ConfigFlags = {}): Controller {
    const { clock, disk, random } = this
    const config = defaultConfig({ dataDir: '/data', ...flags })
    const logs = LogManager.open({
      disk,
      path: config.dataDir,
      nodeId: config.nodeId,
      newClusterId: 'cluster-of-this-test--',
      newDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAg',
      durability: config.durability,
      shared: createLogShared({ maxSyncsInFlight: 2, tailCacheBytes: 1 << 20, maxOpenFiles: 100 }),
    })
    const line = (fields: object, message: string) =>
      void this.errors.push(`${message}: ${'err' in fields ? String(fields.err) : ''}`)
    const logger = { debug: () => {}, info: () => {}, warn: line, error: line }
    const { clusterId, directoryId, previousBrokerEpoch } = logs
    const controller = new Controller({
      config,
      clusterId,
      directoryId,
      ...openMetadataLog(logs, disk, clock.now()),
      disk,
      clock,
      random,
      logger,
      send: () => {},
      failed: (error) => membership.fail(error),
    })
    controller.onMetadata((_, delta) => void this.deltas.push(delta))
    const { nodeId } = config
    const sessions = new BrokerSessions({ nodeId, sessionTimeoutMs: 3000, suspectTimeoutMs: 1000 })
    const local = new BrokerRequests({ controller, sessions, clock, logger })
    const channels = { to: () => null }
    const link = new ActiveControllerLink({
      nodeId,
      clock,
      metadata: controller.view,
      channels,
      local,
      timeoutMs: 1000,
    })
    const membership: Membership = new Membership({
      config,
      clusterId,
      directoryId,
      clock,
      random,
      logger,
      controller,
      link,
      isClean: config.durability === 'fsync' || logs.cleanShutdown,
      previousBrokerEpoch,
      open: () => controller.publish(),
      suspects: () => [],
      lost: () => [],
      full: () => [],
      replicaEnd: () => null,
    })
    const watch = {
      watch: ({ id, epoch }: BrokerView) => void this.watched.set(id, epoch),
      unwatch: (id: number) => void this.watched.delete(id),
    }
    const duties = new ControllerDuties({ controller, sessions, config, clock, logger, watch })
    this.running = { controller, membership, logs, requests: local, duties }
    return controller
  }

  /** Opens and starts. What the start is answered, once it is, comes to `started`. */
  begin(flags: ConfigFlags, started: (error: Error | null) => void): Controller {
    const controller = this.open(flags)
    this.running?.membership.start({ client: { host: '127.0.0.1', port: 9092 }, peer: null }, started)
    controller.start()
    return controller
  }

  /** Opens, starts and waits until the broker is unfenced; throws what the start answers. */
  start(flags: ConfigFlags = {}): Controller {
    const answers: (Error | null)[] = []
    const controller = this.begin(flags, (error) => void answers.push(error))
    this.clock.advance(50)
    if (answers[0] !== null) throw answers[0] ?? new Error('start was not answered')
    return controller
  }

  stop(): void {
    const { controller, membership, logs } = this.running ?? {}
    membership?.close()
    controller?.close()
    this.clock.settle()
    logs?.close(membership?.brokerEpoch ?? -1)
    this.running = null
  }

  /** As kill -9 would: nothing is flushed or marked. */
  kill(): void {
    const { controller, membership, logs } = this.running ?? {}
    membership?.close()
    controller?.close()
    logs?.abandon()
    this.running = null
    this.clock.settle()
  }

  /** Runs one command to its answer. */
  ask<Result>(command: (controller: ControllerApi, done: (result: Result) => void) => void): Result {
    const answers: Result[] = []
    command(this.controller.requests, (result) => void answers.push(result))
    if (answers.length > 0) throw new Error('answered within the same turn')
    this.clock.settle()
    if (answers.length !== 1) throw new Error(`${answers.length} answers`)
    return answers[0]
  }

  create(name: string, partitions = 1, configs: Record<string, string> = {}) {
    const topic = {
      name,
      partitions,
      replicationFactor: -1,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    }
    return this.ask<readonly { error: number; message: string | null; topicId: string }[]>((controller, done) =>
      controller.createTopics([topic], { validateOnly: false }, done),
    )[0]
  }
}
