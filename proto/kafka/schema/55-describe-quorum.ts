import { defineApi } from './grammar.ts'

// 1 times of the last fetch (KIP-836) · 2 directory ids and nodes (KIP-853)
export const describeQuorum = defineApi({
  key: 55,
  name: 'DescribeQuorum',
  versions: '0-2',
  flexible: 0,
  doc: 'Describes the leader, the voters and the observers of the metadata quorum (KIP-595).',
  request: `
    topics              []TopicData      # topics
      topicName         string           # topic name
      partitions        []PartitionData  # partitions
        partitionIndex  int32            # partition
  `,
  response: `
    struct ReplicaState                                            # how far a replica has come
      replicaId              int32                                 # node id
      replicaDirectoryId     uuid                   2+             # its directory
      logEndOffset           int64                                 # end of its log, -1 for unknown
      lastFetchTimestamp     int64                  1+ default -1  # when it fetched last, by the clock of the leader, -1 for unknown
      lastCaughtUpTimestamp  int64                  1+ default -1  # when it had everything last, -1 for unknown
    errorCode                int16                                 # error, 0 for none
    errorMessage             string                 2+ null 2+     # why
    topics                   []TopicDataResult                     # topics
      topicName              string                                # topic name
      partitions             []PartitionDataResult                 # partitions
        partitionIndex       int32                                 # partition
        errorCode            int16                                 # error, 0 for none
        errorMessage         string                 2+ null 2+     # why
        leaderId             int32                                 # node id of the leader, -1 for unknown
        leaderEpoch          int32                                 # leader epoch
        highWatermark        int64                                 # offset below which records are committed
        currentVoters        []ReplicaState                        # voters
        observers            []ReplicaState                        # those who fetch and do not vote
    nodes                    []Node                 2+             # nodes of the quorum
      nodeId                 int32                  2+             # node id
      listeners              []Listener             2+             # where it is reached
        name                 string                 2+             # name of the listener
        host                 string                 2+             # host name
        port                 uint16                 2+             # port
  `,
})
