import * as header from '../../../../proto/kafka/batch/header.ts'
import type { StoredBatch } from '../../../../testing/sim/index.ts'
import { must } from '../../log/violation.ts'

/** P2, P5: what an idempotent producer wrote is committed once, and in the order of its sequence numbers. */
export class IdempotentOnce {
  /** By partition, producer and epoch: the last sequence number. */
  readonly #last = new Map<string, number>()

  /** The batch was committed. */
  committed(name: string, { buffer, position, baseOffset, nextOffset }: StoredBatch): void {
    const producerId = header.producerId(buffer, position)
    const sequence = header.baseSequence(buffer, position)
    if (producerId < 0 || sequence < 0) return
    const key = `${name} ${producerId}/${header.producerEpoch(buffer, position)}`
    const last = this.#last.get(key) ?? -1
    const end = sequence + nextOffset - baseOffset - 1
    must(sequence > last, end >= last ? 'P2' : 'P5', () => {
      return `${name} offset ${baseOffset} has sequence ${sequence} of producer ${producerId}, after ${last}`
    })
    this.#last.set(key, end)
  }
}
