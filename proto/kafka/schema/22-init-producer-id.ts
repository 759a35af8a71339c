import { defineApi } from './grammar.ts'

// 2 flexible · 3 id and epoch in the request (KIP-360) · 4 PRODUCER_FENCED · 5 TRANSACTION_ABORTABLE · 6 two-phase
// commit (KIP-939), held back as unstable by Kafka 4.3
export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: '0-6',
  wire: '0-5',
  flexible: 2,
  doc: 'Gives a producer its id and epoch; ends what its predecessor left open.',
  request: `
    transactionalId       string  null 0+        # null for a producer that is only idempotent
    transactionTimeoutMs  int32                  # age at which the coordinator aborts a transaction
    producerId            int64   3+ default -1  # to go on with, -1 for a new one
    producerEpoch         int16   3+ default -1  # its epoch, -1 for none
    enable2Pc             bool    6+             # the producer takes part in two-phase commit
    keepPreparedTxn       bool    6+             # do not abort what is prepared
  `,
  response: `
    throttleTimeMs  int32  0+                       # how long the client is held back by a quota
    errorCode                int16                  # error, 0 for none
    producerId               int64   default -1     # producer id
    producerEpoch            int16                  # its epoch
    ongoingTxnProducerId     int64   6+ default -1  # producer id of a prepared transaction, -1 for none
    ongoingTxnProducerEpoch  int16   6+ default -1  # its epoch, -1 for none
  `,
})
