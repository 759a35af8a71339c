import { defineApi } from './grammar.ts'

// 2 topic ids · 3 broker epochs (KIP-903)
export const alterPartition = defineApi({
  key: 56,
  name: 'AlterPartition',
  versions: '2-3',
  flexible: 0,
  doc: 'A leader asks the controller to change the in-sync replicas of its partitions (KIP-497).',
  request: `
    brokerId                 int32                           # node id of the broker
    brokerEpoch              int64            default -1     # its epoch, -1 for unknown
    topics                   []TopicData                     # topics
      topicId                uuid                            # topic id
      partitions             []PartitionData                 # partitions
        partitionIndex       int32                           # partition
        leaderEpoch          int32                           # leader epoch
        newIsr               []int32          0-2            # wanted in-sync replicas
        newIsrWithEpochs     []BrokerState    3+             # wanted in-sync replicas
          brokerId           int32            3+             # node id of the broker
          brokerEpoch        int64            3+ default -1  # its epoch, -1 for unknown
        leaderRecoveryState  int8                            # 1 after an unclean election, until recovered
        partitionEpoch       int32                           # partition epoch, +1 at every change
  `,
  response: `
    throttleTimeMs           int32                  # how long the client is held back by a quota
    errorCode                int16                  # error, 0 for none
    topics                   []TopicDataResult      # topics
      topicId                uuid                   # topic id
      partitions             []PartitionDataResult  # partitions
        partitionIndex       int32                  # partition
        errorCode            int16                  # error, 0 for none
        leaderId             int32                  # node id of the leader, -1 for unknown
        leaderEpoch          int32                  # leader epoch
        isr                  []int32                # in-sync replicas
        leaderRecoveryState  int8                   # 1 after an unclean election, until recovered
        partitionEpoch       int32                  # partition epoch, +1 at every change
  `,
})
