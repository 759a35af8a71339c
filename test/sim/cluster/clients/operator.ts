/** An operator at work: elects preferred leaders, moves partitions, makes and deletes topics, deletes records, changes options. */
import { Errors, errorName } from '../../../../proto/kafka/errors.ts'
import {
  AlterPartitionReassignments,
  CreateTopics,
  DeleteRecords,
  DeleteTopics,
  ElectLeaders,
  IncrementalAlterConfigs,
} from '../../../../proto/kafka/generated/apis.ts'
import type { PartitionHistory } from '../history.ts'
import { must } from '../../log/violation.ts'
import { type ClientOptions, SimClient } from './client.ts'

export interface OperatorOptions extends ClientOptions {
  readonly partitions: readonly PartitionHistory[]
  readonly brokers: number
  readonly replicationFactor: number
  /** Whether a partition has a leader and nobody else in sync, as a monitor shows it. */
  readonly isLonely: (partition: PartitionHistory) => boolean
  /** Pause between two of its works (ms), on average. */
  readonly intervalMs: number
}

const TIMEOUT_MS = 5_000
const PREFERRED = 0
/** Kafka's numbers for a resource that is a topic, and for an option that is set. */
const TOPIC = 2
const SET = 0
/** How often the monitor is looked at (ms), and how often something is done about what it shows. */
const WATCH_MS = 40
const HASTE = 0.2

/** What an operator may be told of a cluster in trouble, or of two wishes that cross. */
const EXPECTED: ReadonlySet<number> = new Set([
  Errors.NONE,
  Errors.REQUEST_TIMED_OUT,
  Errors.NOT_CONTROLLER,
  Errors.KAFKA_STORAGE_ERROR,
  Errors.ELECTION_NOT_NEEDED,
  Errors.PREFERRED_LEADER_NOT_AVAILABLE,
  Errors.TOPIC_ALREADY_EXISTS,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
  Errors.INVALID_REPLICATION_FACTOR,
  Errors.INVALID_REPLICA_ASSIGNMENT,
  Errors.NO_REASSIGNMENT_IN_PROGRESS,
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.OFFSET_OUT_OF_RANGE,
])

export class SimOperator {
  readonly #client: SimClient
  readonly #options: OperatorOptions
  /** Topics of its own, by name: what is known of them. */
  readonly #topics = new Map<string, 'there' | 'gone' | 'unknown'>()
  #named = 0

  constructor(options: OperatorOptions) {
    this.#options = options
    this.#client = new SimClient(options)
  }

  start(): void {
    this.#client.repeat(this.#options.intervalMs, () => this.#work())
  }

  stop(): void {
    this.#client.stop()
  }

  /** Its own topics that are certainly there, or certainly gone. */
  *certain(): Generator<{ readonly name: string; readonly isThere: boolean }> {
    for (const [name, fate] of this.#topics) if (fate !== 'unknown') yield { name, isThere: fate === 'there' }
  }

  /** Looks at the monitor every now and then: a leader that is left alone is let go on alone, at once. */
  watch(): void {
    this.#client.after(WATCH_MS, () => {
      if (this.#client.isStopped) return
      const lonely = this.#options.partitions.filter((partition) => this.#options.isLonely(partition))
      if (lonely.length > 0 && this.#options.random.chance(HASTE)) {
        this.#setMinimum(this.#options.random.pick(lonely).topic, 1)
      }
      this.watch()
    })
  }

  #work(): void {
    const work = this.#options.random.weighted({ elect: 3, move: 3, create: 2, delete: 2, trim: 4, require: 4 })
    if (work === 'elect') this.#elect()
    else if (work === 'move') this.#move()
    else if (work === 'create') this.#create()
    else if (work === 'trim') this.#trim()
    else if (work === 'require') this.#setMinimum(this.#options.random.pick(this.#options.partitions).topic)
    else this.#delete()
  }

  #expect(what: string, error: number): void {
    must(EXPECTED.has(error), 'admin', () => `${what} is answered with ${errorName(error)}`)
  }

  #elect(): void {
    const { topic, index } = this.#options.random.pick(this.#options.partitions)
    const message = {
      electionType: PREFERRED,
      topicPartitions: [{ topic, partitions: [index] }],
      timeoutMs: TIMEOUT_MS,
    }
    this.#client.anyBroker().request(ElectLeaders, 2, message, TIMEOUT_MS + 1_000, (response) => {
      this.#expect('an election', response?.errorCode ?? Errors.NONE)
      for (const { partitionResult } of response?.replicaElectionResults ?? [])
        for (const { errorCode } of partitionResult) this.#expect('an election', errorCode)
    })
  }

  /** To other brokers, in another order, or back to where it was. */
  #move(): void {
    const { random, brokers, partitions, replicationFactor } = this.#options
    const { topic, index } = random.pick(partitions)
    const ids = Array.from({ length: brokers }, (_, i) => i + 1)
    const replicas: number[] = []
    while (replicas.length < replicationFactor) replicas.push(...ids.splice(random.below(ids.length), 1))
    const wanted = { partitionIndex: index, replicas: random.chance(0.2) ? null : replicas }
    const message = {
      timeoutMs: TIMEOUT_MS,
      allowReplicationFactorChange: true,
      topics: [{ name: topic, partitions: [wanted] }],
    }
    this.#client.anyBroker().request(AlterPartitionReassignments, 0, message, TIMEOUT_MS + 1_000, (response) => {
      this.#expect('a move', response?.errorCode ?? Errors.NONE)
      for (const answered of response?.responses ?? [])
        for (const { errorCode } of answered.partitions) this.#expect('a move', errorCode)
    })
  }

  #create(): void {
    const name = `x${++this.#named}`
    this.#topics.set(name, 'unknown')
    const topic = { name, numPartitions: 1, replicationFactor: -1, assignments: [], configs: [] }
    const message = { topics: [topic], timeoutMs: TIMEOUT_MS, validateOnly: false }
    this.#client.anyBroker().request(CreateTopics, 7, message, TIMEOUT_MS + 1_000, (response) => {
      const error = response?.topics[0]?.errorCode
      this.#expect('creating a topic', error ?? Errors.NONE)
      if (error === Errors.NONE) this.#topics.set(name, 'there')
    })
  }

  /** Another minimum of in-sync replicas. */
  #setMinimum(topic: string, minimum = this.#options.random.pick([1, 2, 2])): void {
    const configs = [{ name: 'min.insync.replicas', configOperation: SET, value: String(minimum) }]
    const resources = [{ resourceType: TOPIC, resourceName: topic, configs }]
    const message = { resources, validateOnly: false }
    this.#client.anyBroker().request(IncrementalAlterConfigs, 1, message, TIMEOUT_MS + 1_000, (response) => {
      this.#expect('another minimum', response?.responses[0]?.errorCode ?? Errors.NONE)
    })
  }

  /** Deletes the first records of a partition, at most those that were promised to somebody. */
  #trim(): void {
    const history = this.#options.random.pick(this.#options.partitions)
    const { topic, index: partitionIndex } = history
    const wire = this.#client.broker(this.#client.leaderOf(topic, partitionIndex).leader)
    if (wire === null || history.promisedEnd === 0) return
    const offset = this.#options.random.between(1, history.promisedEnd)
    history.deletedBelow = Math.max(history.deletedBelow, offset)
    const message = { topics: [{ name: topic, partitions: [{ partitionIndex, offset }] }], timeoutMs: TIMEOUT_MS }
    wire.request(DeleteRecords, 2, message, TIMEOUT_MS + 1_000, (response) => {
      const error = response?.topics[0]?.partitions[0]?.errorCode ?? Errors.NONE
      this.#expect('deleting records', error)
      if (response === null || error !== Errors.NONE) this.#client.doubt(topic, partitionIndex)
    })
  }

  #delete(): void {
    const there = [...this.#topics].flatMap(([name, fate]) => (fate === 'there' ? [name] : []))
    if (there.length === 0) return
    const name = this.#options.random.pick(there)
    this.#topics.set(name, 'unknown')
    const message = { topics: [{ name, topicId: '' }], topicNames: [name], timeoutMs: TIMEOUT_MS }
    this.#client.anyBroker().request(DeleteTopics, 5, message, TIMEOUT_MS + 1_000, (response) => {
      const error = response?.responses[0]?.errorCode
      this.#expect('deleting a topic', error ?? Errors.NONE)
      if (error === Errors.NONE) this.#topics.set(name, 'gone')
    })
  }
}
