import { defineApi } from './grammar.ts'

// 2 flexible
export const deleteRecords = defineApi({
  key: 21,
  name: 'DeleteRecords',
  versions: '0-2',
  flexible: 2,
  doc: 'Deletes the records before an offset.',
  request: `
    topics              []DeleteRecordsTopic      # topics
      name              string                    # topic name
      partitions        []DeleteRecordsPartition  # partitions
        partitionIndex  int32                     # partition
        offset          int64                     # first offset to keep, -1 for the high watermark
    timeoutMs           int32                     # how long to wait for replicas
  `,
  response: `
    throttleTimeMs  int32  0+                           # how long the client is held back by a quota
    topics              []DeleteRecordsTopicResult      # per topic
      name              string                          # topic name
      partitions        []DeleteRecordsPartitionResult  # per partition
        partitionIndex  int32                           # partition
        lowWatermark    int64                           # first offset now, -1 on error
        errorCode       int16                           # error, 0 for none
  `,
})
