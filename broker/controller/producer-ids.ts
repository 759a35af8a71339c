/** Producer ids in blocks: none is ever given out twice in a cluster. */
import { Errors } from '../../proto/kafka/errors.ts'
import { PRODUCER_ID_BLOCK_SIZE } from '../limits.ts'
import type { ProducerIdBlock } from './api.ts'
import type { CommandContext, Outcome } from './core.ts'

/** The block counts as given out once its record is committed, whether or not the broker lives to use it. */
export function allocateProducerIds(context: CommandContext, brokerId: number): Outcome<ProducerIdBlock> {
  const broker = context.image.broker(brokerId)
  if (broker === undefined) {
    return { records: [], result: { error: Errors.BROKER_ID_NOT_REGISTERED, first: -1, count: 0 } }
  }
  const first = context.image.nextProducerId
  const nextProducerId = first + PRODUCER_ID_BLOCK_SIZE
  return {
    records: [{ kind: 'producerIds', brokerId, brokerEpoch: broker.epoch, nextProducerId }],
    result: { error: Errors.NONE, first, count: PRODUCER_ID_BLOCK_SIZE },
  }
}
