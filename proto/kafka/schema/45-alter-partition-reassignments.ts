import { defineApi } from './grammar.ts'

// 1 whether the replication factor may change (KIP-860)
export const alterPartitionReassignments = defineApi({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: '0-1',
  flexible: 0,
  doc: 'Begins, changes or cancels moves of partitions to other replicas (KIP-455).',
  request: `
    timeoutMs                     int32                    default 60000         # how long to wait
    allowReplicationFactorChange  bool                     1+ default true       # whether the count of replicas may change
    topics                        []ReassignableTopic                            # topics
      name                        string                                         # topic name
      partitions                  []ReassignablePartition                        # partitions
        partitionIndex            int32                                          # partition
        replicas                  []int32                  null 0+ default null  # node ids of the replicas
  `,
  response: `
    throttleTimeMs                int32                                             # how long the client is held back by a quota
    allowReplicationFactorChange  bool                             1+ default true  # whether the count of replicas may change
    errorCode                     int16                                             # error, 0 for none
    errorMessage                  string                           null 0+          # why
    responses                     []ReassignableTopicResponse                       # per topic
      name                        string                                            # topic name
      partitions                  []ReassignablePartitionResponse                   # partitions
        partitionIndex            int32                                             # partition
        errorCode                 int16                                             # error, 0 for none
        errorMessage              string                           null 0+          # why
  `,
})
