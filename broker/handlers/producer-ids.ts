/** Producer ids of this broker, handed out from blocks that the controller gave it. */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type { ControllerApi } from '../controller/api.ts'
import { PRODUCER_ID_WAITERS_MAX } from '../limits.ts'

type Done = (error: ErrorCode, producerId: number) => void

export class ProducerIds {
  private readonly controller: Pick<ControllerApi, 'allocateProducerIds'>
  private next = 0
  private end = 0
  private waiting: Done[] = []
  private asking = false

  constructor(controller: Pick<ControllerApi, 'allocateProducerIds'>) {
    this.controller = controller
  }

  /** An id that no producer of this cluster had before; -1 with an error. Calls `done` at once when the block has one. */
  take(done: Done): void {
    if (this.next < this.end) {
      this.next += 1
      done(Errors.NONE, this.next - 1)
      return
    }
    if (this.waiting.length >= PRODUCER_ID_WAITERS_MAX) {
      done(Errors.COORDINATOR_LOAD_IN_PROGRESS, -1)
      return
    }
    this.waiting.push(done)
    this.ask()
  }

  private ask(): void {
    if (this.asking) return
    this.asking = true
    this.controller.allocateProducerIds(({ error, first, count }) => {
      this.asking = false
      const waiting = this.waiting
      this.waiting = []
      if (error !== Errors.NONE) {
        // Kafka's own answer while it has no block: the client tries again.
        for (const done of waiting) done(Errors.COORDINATOR_LOAD_IN_PROGRESS, -1)
        return
      }
      this.next = first
      this.end = first + count
      for (const done of waiting) this.take(done)
    })
  }
}
