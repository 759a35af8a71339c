import type { Api } from '../../../proto/kafka/api.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import type { MetadataView } from '../../../broker/controller/view.ts'
import { ReplicaFetches } from '../../../broker/handlers/fetch/replica-fetch.ts'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { createLogShared } from '../../../broker/log/shared.ts'
import { type PeerDone } from '../../../broker/peer/channel.ts'
import { PeerError } from '../../../broker/peer/errors.ts'
import type { HostedPartition } from '../../../broker/replication/hosted-partition.ts'
import { PartitionManager } from '../../../broker/replication/partition-manager.ts'
import { Replication } from '../../../broker/replication/replication.ts'
import { ReplicationQuota, ThrottledReplicas } from '../../../broker/replication/throttle.ts'
import { Turn } from '../../../broker/replication/turn.ts'
import { type Death, DiskFaults } from '../../../testing/sim/disk/faults.ts'
import { SimDisk } from '../../../testing/sim/disk/sim-disk.ts'
import { SimDirectory } from '../../../testing/sim/disk/tree.ts'
import { SimProcess } from '../../../testing/sim/process.ts'
import { Trace } from '../../../testing/sim/trace.ts'
import { CLUSTER_ID, FETCH_VERSION, type Image, requestOver, responseOver, TOPIC, viewOf } from './replica-image.ts'
import type { ReplicaWorld } from './replica-world.ts'

/** A host: its disk outlives its processes. */
export class ReplicaNode {
  readonly id: number
  readonly world: ReplicaWorld
  readonly faults: DiskFaults
  process: SimProcess
  partitions: PartitionManager | null = null
  fetches: ReplicaFetches | null = null
  readonly problems: string[] = []
  replication: Replication | null = null
  private disk: SimDisk
  private logs: LogManager | null = null
  private applied: Image | null = null

  constructor(world: ReplicaWorld, id: number) {
    this.world = world
    this.id = id
    this.faults = new DiskFaults(world.random.fork())
    this.process = new SimProcess(`node ${id}`, world.clock, () => {})
    this.process.die()
    this.disk = new SimDisk({
      clock: { after: (delayMs, fn) => this.process.after(delayMs, fn) },
      random: world.random.fork(),
      faults: this.faults,
      trace: new Trace(),
      root: new SimDirectory(new Map([['data', new SimDirectory()]])),
    })
  }

  get isAlive(): boolean {
    return this.process.isAlive
  }

  /** Its process ended in a disk call, and is to be buried. */
  get hasDiedInCall(): boolean {
    return this.isAlive && this.disk.death !== null
  }

  get partition(): HostedPartition {
    return this.partitions!.get(TOPIC, 0)!
  }

  start(): void {
    const { world, id } = this
    this.process = new SimProcess(`node ${id}`, world.clock, (error) => this.failed(error))
    this.process.enter(() => this.open())
  }

  die(death: Death): void {
    if (!this.isAlive) return
    this.disk.die(death)
    this.process.die()
    this.disk = this.disk.remount()
    this.partitions = null
    this.fetches = null
    this.applied = null
  }

  /** The metadata arrives in order, at each node at its own time. */
  metadataIn(image: Image): void {
    if (!this.isAlive) return
    const { process } = this
    this.world.clock.after(this.world.random.between(1, 10), () => process.enter(() => this.apply(image)))
  }

  append(value: string, done: (error: number, baseOffset: number) => void, acks = -1, timeoutMs = 5_000): void {
    this.process.enter(() => {
      const batch = encodeBatch([{ key: null, value, timestamp: this.process.clock.now() }])
      this.partition.append(batch, acks, timeoutMs, ({ error, baseOffset }) => done(error, baseOffset))
    })
  }

  /** A request as bytes, over a network that takes its time; `done` as a channel has it. */
  send<Req, Res>(from: ReplicaNode, api: Api<Req, Res>, message: Req, timeoutMs: number, done: PeerDone<Res>): void {
    const { world } = this
    const asking = from.process
    let over = false
    const finish = (error: PeerError | null, response: Res | null): void => {
      if (!over) asking.enter(() => done(error, response))
      over = true
    }
    const delay = (): number => world.random.between(0, 2)
    const isCut = (): boolean => world.cuts.has(`${from.id}-${this.id}`) || world.cuts.has(`${this.id}-${from.id}`)
    const frame = requestOver(api, message)
    const { process } = this
    if (!process.isAlive || isCut()) {
      world.clock.after(delay(), () => finish(new PeerError('unsent', 'not reached'), null))
      return
    }
    world.clock.after(timeoutMs, () => finish(new PeerError('unknown', 'no answer in time'), null))
    const reply = (response: Res): void => {
      const answer = responseOver(api, response)
      world.clock.after(delay(), () => (isCut() ? undefined : finish(null, answer)))
    }
    world.clock.after(delay(), () => {
      if (!process.isAlive) return finish(new PeerError('unknown', 'it died'), null)
      process.enter(() => this.serve(frame, reply as (response: unknown) => void))
    })
  }

  private serve(request: unknown, reply: (response: unknown) => void): void {
    const context = {
      apiVersion: FETCH_VERSION,
      correlationId: 0,
      clientId: null,
      clientHost: '',
      listener: '',
      reply: (response: unknown, sent?: () => void) => {
        reply(response)
        sent?.()
      },
      noReply: () => {},
      close: () => {},
      closed: false,
    }
    this.fetches?.handle(request as never, context)
  }

  /** What a process that has died in a disk call throws is no fault. */
  private failed(error: unknown): void {
    if (this.disk.death === null) this.world.uncaught.push(error)
  }

  private open(): void {
    const { world, id } = this
    const { durability = 'fsync', log = {}, lagMaxMs = 1_000 } = world.options
    const { clock } = this.process
    const turn = new Turn(clock)
    const shared = createLogShared({ maxSyncsInFlight: 4, tailCacheBytes: 64 * 1024, maxOpenFiles: 100 })
    const newIds = { newClusterId: CLUSTER_ID, newDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAg' }
    this.logs = LogManager.open({ disk: this.disk, path: '/data', nodeId: id, ...newIds, durability, shared })
    const settings = {
      log: { ...defaultLogConfig, ...log },
      minInsyncReplicas: world.minIsr,
      throttledLeaders: new ThrottledReplicas(world.options.throttledLeaders ?? []),
      throttledFollowers: new ThrottledReplicas(world.options.throttledFollowers ?? []),
    }
    const events = {
      offline: () => {},
      full: () => {},
      relieved: () => {},
      unopened: () => {},
      suspect: () => {},
      setAside: () => {},
    }
    const partitions = new PartitionManager({
      nodeId: id,
      clock,
      turn,
      logs: this.logs,
      durability,
      topicSettings: () => settings,
      replicaLagMaxMs: lagMaxMs,
      isCutOff: () => world.isolated.has(id),
      events: { ...events, unopened: (_topic, _index, reason) => this.failed(reason) },
    })
    this.partitions = partitions
    const metadata = () => this.view()
    this.fetches = new ReplicaFetches({
      clock,
      turn,
      random: world.random.fork(),
      clusterId: CLUSTER_ID,
      metadata: {
        topicById: (topicId) => metadata().topicById(topicId),
        broker: (broker) => metadata().broker(broker),
      },
      partitions,
      quota: new ReplicationQuota(() => world.options.bytesPerSecond ?? Number.POSITIVE_INFINITY),
    })
    this.replication = new Replication({
      clusterId: CLUSTER_ID,
      nodeId: id,
      clock,
      partitions,
      channels: {
        to: (node) => ({
          request: (api, message, timeoutMs, done) => world.node(node).send(this, api, message, timeoutMs, done),
        }),
      },
      link: {
        alterPartition: (request, done) => {
          clock.after(world.random.between(1, 5), () => {
            if (world.controllerIsAway) done(new PeerError('unsent', 'the controller is away'), null)
            else done(null, world.alterPartition(request))
          })
        },
      },
      properties: {
        'replica.fetch.wait.max.ms': 500,
        'replica.fetch.min.bytes': 1,
        'replica.fetch.response.max.bytes': 1 << 20,
        'replica.fetch.max.bytes': 1 << 18,
        'replica.fetch.backoff.ms': 100,
        'replica.socket.timeout.ms': 2_000,
        'replica.lag.time.max.ms': lagMaxMs,
      },
      quota: new ReplicationQuota(() => world.options.bytesPerSecond ?? Number.POSITIVE_INFINITY),
      problem: (_replica, reason) => this.problems.push(reason),
    })
    this.applied = world.image
    partitions.start(this.view())
  }

  private apply(image: Image): void {
    if (this.applied === null || image.partition.partitionEpoch <= this.applied.partition.partitionEpoch) return
    const brokersChanged = image.brokers !== this.applied.brokers
    this.applied = image
    const changedTopics = [...this.view().topics()]
    const delta = { createdTopics: [], deletedTopics: [], changedTopics, brokersChanged, brokerConfigsChanged: false }
    this.partitions?.apply(delta, this.view())
  }

  private view(): MetadataView {
    return viewOf(this.applied!)
  }
}
