/**
 * Three brokers' replication in one simulated world: real partitions, logs, fetchers and fetch handlers on disks that lose
 * what was not synced, talking bytes through the real codec. The controller is a few lines, and always right.
 */
import { Errors } from '../../../proto/kafka/errors.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
} from '../../../proto/kafka/generated/56-alter-partition.ts'
import type { PartitionView } from '../../../broker/controller/view.ts'
import type { Durability, LogConfig } from '../../../broker/log/config.ts'
import { SimClock } from '../../../testing/sim/clock.ts'
import type { Death } from '../../../testing/sim/disk/faults.ts'
import { SeededRandom } from '../../../testing/sim/random.ts'
import { type Image, TOPIC_ID } from './replica-image.ts'
import { ReplicaNode } from './replica-node.ts'

/** How long the controller takes to notice a death (ms). */
const SESSION_MS = 300

export interface WorldOptions {
  readonly seed?: number
  readonly durability?: Durability
  readonly minIsr?: number
  readonly log?: Partial<LogConfig>
  readonly lagMaxMs?: number
  readonly throttledLeaders?: readonly string[]
  readonly throttledFollowers?: readonly string[]
  readonly bytesPerSecond?: number
  readonly nodes?: readonly number[]
}

export class ReplicaWorld {
  readonly clock = new SimClock()
  readonly random: SeededRandom
  readonly nodes = new Map<number, ReplicaNode>()
  readonly options: WorldOptions
  readonly minIsr: number
  /** Errors that nothing caught. */
  readonly uncaught: unknown[] = []
  /** Requests between these two, in either direction, are lost. */
  readonly cuts = new Set<string>()
  /** Nodes that have not heard of the controller for long. */
  readonly isolated = new Set<number>()
  /** Refuses in-sync sets for as long as it is true. */
  controllerIsAway = false
  image: Image
  private brokerEpoch = 100

  constructor(options: WorldOptions = {}) {
    this.options = options
    this.random = new SeededRandom(options.seed ?? 1)
    this.minIsr = options.minIsr ?? 2
    const ids = options.nodes ?? [1, 2, 3]
    const brokers = new Map(ids.map((id) => [id, { epoch: this.brokerEpoch++, fenced: false }]))
    const leader = ids[0]!
    const partition = {
      index: 0,
      leader,
      leaderEpoch: 1,
      partitionEpoch: 1,
      replicas: ids,
      isr: ids,
      elr: [],
      lastKnownElr: [],
      addingReplicas: [],
      removingReplicas: [],
      electedAs: '' as const,
    }
    this.image = { partition, brokers }
    for (const id of ids) this.nodes.set(id, new ReplicaNode(this, id))
    for (const node of this.nodes.values()) node.start()
  }

  node(id: number): ReplicaNode {
    return this.nodes.get(id)!
  }

  /** Lets time pass. */
  run(ms: number): void {
    for (let left = ms; left > 0; left -= 1) {
      this.clock.advance(Math.min(left, 1))
      for (const { id, hasDiedInCall } of this.nodes.values()) if (hasDiedInCall) this.kill(id)
    }
    if (this.uncaught.length > 0) throw this.uncaught[0]
  }

  /** Runs until `check` holds; false when it does not within `ms`. */
  runUntil(check: () => boolean, ms = 20_000): boolean {
    for (let left = ms; left > 0 && !check(); left -= 5) this.run(5)
    return check()
  }

  /** Whom the metadata names. */
  get leader(): ReplicaNode {
    return this.node(this.image.partition.leader)
  }

  kill(id: number, death: Death = 'kill'): void {
    this.node(id).die(death)
    const { epoch } = this.image.brokers.get(id)!
    this.clock.after(SESSION_MS + this.random.between(0, 50), () => this.fence(id, epoch))
  }

  restart(id: number): void {
    const brokers = new Map(this.image.brokers)
    this.fence(id, this.image.brokers.get(id)!.epoch)
    brokers.set(id, { epoch: this.brokerEpoch++, fenced: false })
    this.change({}, new Map([...this.image.brokers, [id, brokers.get(id)!]]))
    this.node(id).start()
    if (this.image.partition.leader < 0 && this.image.partition.isr.includes(id)) this.elect(id)
  }

  /** Makes another member of the in-sync set lead. */
  elect(id: number): void {
    this.change({ leader: id, leaderEpoch: this.image.partition.leaderEpoch + 1 })
  }

  reassign(replicas: readonly number[]): void {
    this.change({ replicas, isr: this.image.partition.isr.filter((id) => replicas.includes(id)) })
  }

  alterPartition(request: AlterPartitionRequest): AlterPartitionResponse {
    const [topic] = request.topics
    const [asked] = topic!.partitions
    const errorCode = this.refusal(request.brokerId, asked!)
    if (errorCode === Errors.NONE) this.change({ isr: asked!.newIsrWithEpochs.map(({ brokerId }) => brokerId) })
    const { leader, leaderEpoch, isr, partitionEpoch } = this.image.partition
    const answer = {
      partitionIndex: 0,
      errorCode,
      leaderId: leader,
      leaderEpoch,
      isr: [...isr],
      leaderRecoveryState: 0,
      partitionEpoch,
    }
    return { throttleTimeMs: 0, errorCode: Errors.NONE, topics: [{ topicId: TOPIC_ID, partitions: [answer] }] }
  }

  private refusal(from: number, asked: AlterPartitionRequest['topics'][number]['partitions'][number]): number {
    const { partition, brokers } = this.image
    if (asked.leaderEpoch !== partition.leaderEpoch || from !== partition.leader) return Errors.FENCED_LEADER_EPOCH
    if (asked.partitionEpoch !== partition.partitionEpoch) return Errors.INVALID_UPDATE_VERSION
    const isEligible = asked.newIsrWithEpochs.every(({ brokerId, brokerEpoch }) => {
      const broker = brokers.get(brokerId)
      return broker?.fenced === false && broker.epoch === brokerEpoch
    })
    return isEligible ? Errors.NONE : Errors.INELIGIBLE_REPLICA
  }

  private fence(id: number, epoch: number): void {
    const broker = this.image.brokers.get(id)!
    if (broker.epoch !== epoch || broker.fenced) return
    const { partition } = this.image
    const rest = partition.isr.filter((each) => each !== id)
    const isr = rest.length > 0 ? rest : partition.isr
    const leader = partition.leader === id ? (rest.length > 0 ? this.random.pick(rest) : -1) : partition.leader
    const moved = leader !== partition.leader
    const brokers = new Map([...this.image.brokers, [id, { epoch, fenced: true }]])
    this.change({ isr, leader, leaderEpoch: partition.leaderEpoch + (moved ? 1 : 0) }, brokers)
  }

  private change(change: Partial<PartitionView>, brokers = this.image.brokers): void {
    const { partition } = this.image
    this.image = { brokers, partition: { ...partition, ...change, partitionEpoch: partition.partitionEpoch + 1 } }
    for (const node of this.nodes.values()) node.metadataIn(this.image)
  }
}
