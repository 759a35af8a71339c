import { defineApi } from './grammar.ts'

export const describeTopicPartitions = defineApi({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: '0',
  flexible: 0,
  doc: 'Describes topics page by page, eligible leader replicas included (KIP-966).',
  request: `
    topics                  []TopicRequest                # topics; empty for all
      name                  string                        # topic name
    responsePartitionLimit  int32   default 2000          # most partitions in the reply
    cursor                  Cursor  null 0+ default null  # where to begin, null for the first page
      topicName             string                        # first topic
      partitionIndex        int32                         # first partition of it
  `,
  response: `
    throttleTimeMs  int32  0+                                                # how long the client is held back by a quota
    topics                       []DescribeTopicPartitionsResponseTopic      # topics in order of their names
      errorCode                  int16                                       # error, 0 for none
      name                       string  null 0+                             # topic name
      topicId                    uuid                                        # topic id
      isInternal                 bool                                        # one of the broker's own topics
      partitions                 []DescribeTopicPartitionsResponsePartition  # partitions
        errorCode                int16                                       # error, 0 for none
        partitionIndex           int32                                       # partition
        leaderId                 int32                                       # node id of the leader, -1 for none
        leaderEpoch              int32   default -1                          # epoch of the leader
        replicaNodes             []int32                                     # all replicas
        isrNodes                 []int32                                     # replicas in sync
        eligibleLeaderReplicas   []int32  null 0+ default null               # replicas that may lead though out of sync
        lastKnownElr             []int32  null 0+ default null               # that might, after an unclean stop
        offlineReplicas          []int32                                     # replicas on dead brokers or disks
        electedAs                string  0+ tag 10000 0+                     # why the leader could be chosen, empty for from the beginning
      topicAuthorizedOperations  int32   default -2147483648                 # bit field by ACL operation, the default for unknown
    nextCursor                   NextCursor  null 0+ default null            # where the next page begins, null at the end
      topicName                  string                                      # first topic
      partitionIndex             int32                                       # first partition of it
  `,
})
