/**
 * Asks the controller for other in-sync sets, for all partitions that are led here: one request at a time with everything
 * that is due, and again after a pause until the metadata has brought an answer (KIP-497, KIP-903).
 */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
} from '../../../proto/kafka/generated/56-alter-partition.ts'
import type { ControllerLink } from '../../controller/link.ts'
import type { Clock, Timer } from '../../ports/clock.ts'
import type { IsrProposal } from './in-sync-set.ts'

/** Pause after an answer that did not come, or refused (ms): an election of the controller takes a few of these. */
const BACKOFF_MS = 50

/** A partition that is led here. */
export interface ProposingPartition {
  readonly topicId: string
  readonly index: number
  /** What to ask for now; null when there is nothing. */
  nextProposal(): IsrProposal | null
  proposalAnswered(proposal: IsrProposal, error: ErrorCode, backoffMs: number): void
}

export interface IsrProposerOptions {
  readonly nodeId: number
  /** Of this uptime of the broker. */
  readonly brokerEpoch: () => number
  readonly clock: Clock
  readonly link: ControllerLink
}

interface Asked {
  readonly partition: ProposingPartition
  readonly proposal: IsrProposal
}

export class IsrProposer {
  private readonly options: IsrProposerOptions
  private readonly due = new Set<ProposingPartition>()
  private scheduled = false
  private inFlight = false
  private timer: Timer | null = null
  private closed = false

  constructor(options: IsrProposerOptions) {
    this.options = options
  }

  /** The partition may have something to ask for: it is asked at the end of this turn. */
  offer(partition: ProposingPartition): void {
    this.due.add(partition)
    this.schedule()
  }

  close(): void {
    this.closed = true
    this.timer?.cancel()
    this.due.clear()
  }

  private schedule(): void {
    if (this.scheduled || this.inFlight || this.timer !== null || this.closed) return
    this.scheduled = true
    this.options.clock.turnEnd(() => {
      this.scheduled = false
      this.send()
    })
  }

  private send(): void {
    if (this.inFlight || this.closed) return
    const asked: Asked[] = []
    for (const partition of this.due) {
      const proposal = partition.nextProposal()
      if (proposal !== null) asked.push({ partition, proposal })
    }
    this.due.clear()
    if (asked.length === 0) return
    this.inFlight = true
    this.options.link.alterPartition(this.requestOf(asked), (error, response) => {
      this.inFlight = false
      if (this.closed) return
      if (error !== null || response === null || response.errorCode !== Errors.NONE) this.tryAgain(asked)
      else this.take(asked, response)
      if (this.due.size > 0) this.schedule()
    })
  }

  private requestOf(asked: readonly Asked[]): AlterPartitionRequest {
    const topics = new Map<string, AlterPartitionRequest['topics'][number]>()
    for (const { partition, proposal } of asked) {
      const topic = topics.get(partition.topicId) ?? { topicId: partition.topicId, partitions: [] }
      topics.set(partition.topicId, topic)
      topic.partitions.push({
        partitionIndex: partition.index,
        leaderEpoch: proposal.leaderEpoch,
        newIsr: proposal.isr.map(({ brokerId }) => brokerId),
        newIsrWithEpochs: [...proposal.isr],
        leaderRecoveryState: 0,
        partitionEpoch: proposal.partitionEpoch,
      })
    }
    return { brokerId: this.options.nodeId, brokerEpoch: this.options.brokerEpoch(), topics: [...topics.values()] }
  }

  private take(asked: readonly Asked[], response: AlterPartitionResponse): void {
    const errors = new Map<string, ErrorCode>()
    for (const { topicId, partitions } of response.topics) {
      for (const { partitionIndex, errorCode } of partitions) errors.set(`${topicId}:${partitionIndex}`, errorCode)
    }
    const refused: Asked[] = []
    for (const each of asked) {
      const error = errors.get(`${each.partition.topicId}:${each.partition.index}`) ?? Errors.UNKNOWN_SERVER_ERROR
      each.partition.proposalAnswered(each.proposal, error, BACKOFF_MS)
      if (error !== Errors.NONE) refused.push(each)
    }
    if (refused.length > 0) this.tryAgain(refused)
  }

  /** Whatever became of it: a proposal that was done meets newer metadata, and is not asked for again. */
  private tryAgain(asked: readonly Asked[]): void {
    for (const { partition } of asked) this.due.add(partition)
    this.timer ??= this.options.clock.after(BACKOFF_MS, () => {
      this.timer = null
      this.schedule()
    })
  }
}
