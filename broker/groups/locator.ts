/**
 * Where a group's coordinator is (FindCoordinator). Makes the offsets topic on first use, once for all who ask meanwhile,
 * and waits a moment for its partition to be led and loaded: a newcomer then needs no second try.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type { BrokerConfig } from '../config.ts'
import type { ControllerApi } from '../controller/api.ts'
import { internalReplicas } from '../controller/internal-topics.ts'
import type { MetadataView } from '../controller/view.ts'
import { COORDINATOR_LOOKUPS_WAITING_MAX } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { Done } from './api.ts'
import { OFFSETS_TOPIC } from './partition.ts'

/** How long an answer may wait, and how often it is looked for, in milliseconds. */
const PATIENCE_MS = 1_000
const POLL_MS = 5

export interface CoordinatorAddress {
  readonly error: ErrorCode
  /** -1 on error. */
  readonly nodeId: number
}

export interface LocatorDependencies {
  readonly nodeId: number
  readonly clock: Clock
  readonly config: Pick<BrokerConfig, 'properties' | 'voters'>
  readonly metadata: MetadataView
  readonly controller: ControllerApi
  readonly partitionFor: (groupId: string) => number
  /** Whether the coordinator of a partition that is led here serves requests yet. */
  readonly isServing: (partition: number) => boolean
}

const NOT_AVAILABLE: CoordinatorAddress = { error: Errors.COORDINATOR_NOT_AVAILABLE, nodeId: -1 }

export class CoordinatorLocator {
  readonly #dependencies: LocatorDependencies
  /** Who waits for the topic that is being made; null when none is. */
  #awaitingTopic: ((error: ErrorCode) => void)[] | null = null
  #waiting = 0

  constructor(dependencies: LocatorDependencies) {
    this.#dependencies = dependencies
  }

  find(groupId: string, done: Done<CoordinatorAddress>): void {
    const { metadata, clock } = this.#dependencies
    const deadlineMs = clock.monotonic() + PATIENCE_MS
    if (metadata.topic(OFFSETS_TOPIC) !== undefined && this.#answer(groupId, false, done)) return
    if (this.#waiting >= COORDINATOR_LOOKUPS_WAITING_MAX) {
      done(NOT_AVAILABLE)
      return
    }
    this.#waiting += 1
    const finish = (address: CoordinatorAddress) => {
      this.#waiting -= 1
      done(address)
    }
    this.#ensureTopic((error) => {
      if (error === Errors.NONE) this.#poll(groupId, deadlineMs, finish)
      else finish(NOT_AVAILABLE)
    })
  }

  #poll(groupId: string, deadlineMs: number, done: Done<CoordinatorAddress>): void {
    const { clock } = this.#dependencies
    const isLast = clock.monotonic() >= deadlineMs
    if (this.#answer(groupId, isLast, done)) return
    if (isLast) done(NOT_AVAILABLE)
    else clock.after(POLL_MS, () => this.#poll(groupId, deadlineMs, done))
  }

  /** False when the coordinator is not there yet. One that is still loading will do when the patience is over. */
  #answer(groupId: string, evenLoading: boolean, done: Done<CoordinatorAddress>): boolean {
    const { metadata, nodeId, partitionFor, isServing } = this.#dependencies
    const partition = partitionFor(groupId)
    const leader = metadata.topic(OFFSETS_TOPIC)?.partitions[partition]?.leader ?? -1
    if (!metadata.brokers().some(({ id, fenced }) => id === leader && !fenced)) return false
    if (leader === nodeId && !evenLoading && !isServing(partition)) return false
    done({ error: Errors.NONE, nodeId: leader })
    return true
  }

  #ensureTopic(done: (error: ErrorCode) => void): void {
    const { metadata, controller } = this.#dependencies
    if (metadata.topic(OFFSETS_TOPIC) !== undefined) {
      done(Errors.NONE)
      return
    }
    if (this.#awaitingTopic !== null) {
      this.#awaitingTopic.push(done)
      return
    }
    this.#awaitingTopic = [done]
    controller.createTopics([this.#newTopic()], { validateOnly: false }, ([result]) => {
      const waiting = this.#awaitingTopic ?? []
      this.#awaitingTopic = null
      const error = result?.error ?? Errors.UNKNOWN_SERVER_ERROR
      for (const each of waiting) each(error === Errors.TOPIC_ALREADY_EXISTS ? Errors.NONE : error)
    })
  }

  #newTopic() {
    const { config } = this.#dependencies
    const { properties } = config
    return {
      name: OFFSETS_TOPIC,
      partitions: properties['offsets.topic.num.partitions'],
      // A single broker cannot keep the three replicas of Kafka's default; it serves groups all the same.
      replicationFactor: internalReplicas(properties['offsets.topic.replication.factor'], config),
      assignments: [],
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'producer' },
        { name: 'segment.bytes', value: String(properties['offsets.topic.segment.bytes']) },
      ],
    }
  }
}
