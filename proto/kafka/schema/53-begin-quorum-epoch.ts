import { defineApi } from './grammar.ts'

// 1 flexible, directory ids and endpoints (KIP-853)
export const beginQuorumEpoch = defineApi({
  key: 53,
  name: 'BeginQuorumEpoch',
  versions: '0-1',
  flexible: 1,
  doc: 'A new leader of the metadata quorum announces itself (KIP-595).',
  request: `
    clusterId             string            null 0+ default null  # cluster id that the sender believes in
    voterId               int32             1+ default -1         # node id of the voter
    topics                []TopicData                             # topics
      topicName           string                                  # topic name
      partitions          []PartitionData                         # partitions
        partitionIndex    int32                                   # partition
        voterDirectoryId  uuid              1+                    # its metadata directory
        leaderId          int32                                   # node id of the leader, -1 for unknown
        leaderEpoch       int32                                   # leader epoch
    leaderEndpoints       []LeaderEndpoint  1+                    # where the leader is reached
      name                string            1+                    # name of the listener
      host                string            1+                    # host name
      port                uint16            1+                    # port
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
