import { defineApi } from './grammar.ts'

// 1 unclean elections (KIP-460) · 2 flexible
export const electLeaders = defineApi({
  key: 43,
  name: 'ElectLeaders',
  versions: '0-2',
  flexible: 2,
  doc: 'Elects the preferred leader, or an unclean one, of partitions.',
  request: `
    electionType     int8    1+                  # 0 preferred, 1 unclean
    topicPartitions  []TopicPartitions  null 0+  # null for all
      topic          string                      # topic name
      partitions     []int32                     # partitions
    timeoutMs        int32   default 60000       # how long to wait
  `,
  response: `
    throttleTimeMs  int32  0+                        # how long the client is held back by a quota
    errorCode               int16   1+               # error of the whole request
    replicaElectionResults  []ReplicaElectionResult  # per topic
      topic                 string                   # topic name
      partitionResult       []PartitionResult        # per partition
        partitionId         int32                    # partition
        errorCode           int16                    # error, 0 for none
        errorMessage        string  null 0+          # why
  `,
})
