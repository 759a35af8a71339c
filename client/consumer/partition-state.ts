import type { Topic, TopicPartition } from '../topic.ts'

/** One assigned partition: how far it has been fetched, handed to the application, and committed. */
export class PartitionState implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly descriptor: Topic
  /** Next offset to fetch; -1 while it has to be found out. */
  fetchOffset = -1
  /** Next offset for the application; -1 while unknown. */
  position = -1
  /** Where a commit would go: everything before has been passed by the application. -1 for nothing yet. */
  committable = -1
  /** Leader epoch to commit along. */
  leaderEpoch = -1
  /** The last commit that succeeded; -1 for none by this member. */
  committed = -1
  highWatermark = -1
  isPaused = false
  /** No longer assigned. */
  isGone = false
  /** The broker said that `fetchOffset` does not exist: the reset rule decides. */
  isOutOfRange = false
  /** Counts seeks: what was fetched for an earlier count is dropped. */
  version = 0
  /** Bytes fetched and not yet handed over. */
  bufferedBytes = 0
  isFetching = false
  mutedUntilMs = 0
  failures = 0
  /** Replica to read from instead of the leader (KIP-392), until a time. */
  preferredReplica = -1
  preferredUntilMs = 0

  constructor(descriptor: Topic, partition: number) {
    this.topic = descriptor.name
    this.partition = partition
    this.descriptor = descriptor
  }

  get name(): string {
    return `${this.topic}[${this.partition}]`
  }

  /** The application moves to an offset; what was fetched ahead is dropped. */
  moveTo(offset: number): void {
    this.version++
    this.fetchOffset = offset
    this.position = offset
    this.committable = offset
    this.isOutOfRange = false
    this.isFetching = false
    this.mutedUntilMs = 0
  }

  /** Begins at an offset that was found out. */
  begin(offset: number): void {
    this.fetchOffset = offset
    this.position = offset
    this.isOutOfRange = false
  }

  /** Forgets the position: it is found out again by the reset rule. */
  loseOffset(): void {
    this.version++
    this.fetchOffset = -1
    this.isFetching = false
    this.isOutOfRange = true
  }

  /** Ends the assignment. */
  drop(): void {
    this.version++
    this.isGone = true
  }
}

/** A key for maps; topic names hold no spaces. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`
}
