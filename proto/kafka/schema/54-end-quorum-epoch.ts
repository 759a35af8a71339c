import { defineApi } from './grammar.ts'

// 1 flexible, directory ids (KIP-853)
export const endQuorumEpoch = defineApi({
  key: 54,
  name: 'EndQuorumEpoch',
  versions: '0-1',
  flexible: 1,
  doc: 'A leader of the metadata quorum steps down and names who should follow (KIP-595).',
  request: `
    clusterId                   string            null 0+ default null  # cluster id that the sender believes in
    topics                      []TopicData                             # topics
      topicName                 string                                  # topic name
      partitions                []PartitionData                         # partitions
        partitionIndex          int32                                   # partition
        leaderId                int32                                   # node id of the leader, -1 for unknown
        leaderEpoch             int32                                   # leader epoch
        preferredSuccessors     []int32           0                     # who should stand first, best first
        preferredCandidates     []ReplicaInfo     1+                    # who should stand first, best first
          candidateId           int32             1+                    # node id
          candidateDirectoryId  uuid              1+                    # its metadata directory
    leaderEndpoints             []LeaderEndpoint  1+                    # where the leader is reached
      name                      string            1+                    # name of the listener
      host                      string            1+                    # host name
      port                      uint16            1+                    # port
  `,
  response: `
    errorCode           int16                               # error, 0 for none
    topics              []TopicDataResult                   # topics
      topicName         string                              # topic name
      partitions        []PartitionDataResult               # partitions
        partitionIndex  int32                               # partition
        errorCode       int16                               # error, 0 for none
        leaderId        int32                               # node id of the leader, -1 for unknown
        leaderEpoch     int32                               # leader epoch
    nodeEndpoints       []NodeEndpoint         1+ tag 0 1+  # addresses of the leaders named above
      nodeId            int32                  1+           # node id
      host              string                 1+           # host name
      port              uint16                 1+           # port
  `,
})
