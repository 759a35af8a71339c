import { defineApi } from './grammar.ts'

export const allocateProducerIds = defineApi({
  key: 67,
  name: 'AllocateProducerIds',
  versions: '0',
  flexible: 0,
  doc: 'A broker asks the controller for a block of producer ids (KIP-730).',
  request: `
    brokerId     int32              # node id of the broker
    brokerEpoch  int64  default -1  # its epoch, -1 for unknown
  `,
  response: `
    throttleTimeMs   int32  # how long the client is held back by a quota
    errorCode        int16  # error, 0 for none
    producerIdStart  int64  # first id of the block
    producerIdLen    int32  # ids in the block
  `,
})
