import { Errors } from '../../../proto/kafka/errors.ts'
import { Fifo } from '../fifo.ts'
import { accepted, type ParkedProduce, refused } from '../produce-results.ts'

/** Produces of one leader epoch that wait: for the write (acks 0 and 1), or for the high watermark (acks -1). */
export class ParkedProduces {
  private readonly awaitingWrite = new Fifo<ParkedProduce>()
  private readonly awaitingCommit = new Fifo<ParkedProduce>()

  /** Some wait for the high watermark. */
  get isAwaitingCommit(): boolean {
    return this.awaitingCommit.size > 0
  }

  park(parked: ParkedProduce, acks: number): void {
    if (acks === -1) this.awaitingCommit.push(parked)
    else this.awaitingWrite.push(parked)
  }

  /** Everything below `endOffset` is written. */
  written(endOffset: number, logStartOffset: number): void {
    const { awaitingWrite } = this
    for (let parked = awaitingWrite.peek(); parked !== undefined && parked.requiredOffset <= endOffset; ) {
      awaitingWrite.shift()
      parked.done(accepted(parked, logStartOffset))
      parked = awaitingWrite.peek()
    }
  }

  /** Everything below `highWatermark` is committed; `isEnough` = the in-sync set has its minimum. */
  committed(highWatermark: number, logStartOffset: number, isEnough: boolean): void {
    const { awaitingCommit } = this
    for (let parked = awaitingCommit.peek(); parked !== undefined && parked.requiredOffset <= highWatermark; ) {
      awaitingCommit.shift()
      parked.done(
        isEnough ? accepted(parked, logStartOffset) : refused(Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND, logStartOffset),
      )
      parked = awaitingCommit.peek()
    }
  }

  /** Answers those whose time is up; their records stay. */
  expire(monotonicMs: number, logStartOffset: number): void {
    for (const { done } of this.awaitingCommit.remove(({ deadlineMs }) => deadlineMs <= monotonicMs)) {
      done(refused(Errors.REQUEST_TIMED_OUT, logStartOffset))
    }
  }

  /** Takes out those that wait for more than `endOffset`. */
  takeAbove(endOffset: number): ParkedProduce[] {
    const above = ({ requiredOffset }: ParkedProduce): boolean => requiredOffset > endOffset
    return [...this.awaitingWrite.remove(above), ...this.awaitingCommit.remove(above)]
  }
}
