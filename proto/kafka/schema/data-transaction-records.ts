import { defineMessage } from './grammar.ts'

// Records of __transaction_state. Key and value begin with an int16 that is not part of the message.
export const transactionLogKey = defineMessage({
  name: 'TransactionLogKey',
  versions: '0',
  flexible: null,
  doc: 'Key of a transaction.',
  fields: `
    transactionalId  string  # transactional id
  `,
})

export const transactionLogValue = defineMessage({
  name: 'TransactionLogValue',
  versions: '0-1',
  flexible: 1,
  doc: 'State of a transaction; no value at all deletes it.',
  fields: `
    producerId                        int64                          # producer id
    previousProducerId                int64   1+ default -1 tag 0 1+ # that the last transaction used
    nextProducerId                    int64   1+ default -1 tag 1 1+ # that the next transaction will use
    producerEpoch                     int16                          # its epoch
    nextProducerEpoch                 int16   1+ default -1 tag 3 1+ # epoch of the next transaction
    transactionTimeoutMs              int32                          # age at which it is aborted
    transactionStatus                 int8                           # 0 empty, 1 ongoing, 2 and 3 prepared, 4 and 5 complete
    transactionPartitions             []PartitionsOfTransaction  null 0+   # partitions it wrote to
      topic                           string                         # topic name
      partitionIds                    []int32                        # partitions
    transactionLastUpdateTimestampMs  int64                          # time of the last change
    transactionStartTimestampMs       int64                          # time of the first
    clientTransactionVersion          int16   1+ tag 2 1+            # version of the transaction protocol (KIP-890)
  `,
})
