import { defineApi } from './grammar.ts'

// 1 directory ids (KIP-853) · 2 pre-vote (KIP-996)
export const vote = defineApi({
  key: 52,
  name: 'Vote',
  versions: '0-2',
  flexible: 0,
  doc: 'Asks a voter of the metadata quorum for its vote (KIP-595).',
  request: `
    clusterId               string           null 0+ default null  # cluster id that the sender believes in
    voterId                 int32            1+ default -1         # node id of the voter
    topics                  []TopicData                            # topics
      topicName             string                                 # topic name
      partitions            []PartitionData                        # partitions
        partitionIndex      int32                                  # partition
        replicaEpoch        int32                                  # epoch of the candidate
        replicaId           int32                                  # node id
        replicaDirectoryId  uuid             1+                    # its directory
        voterDirectoryId    uuid             1+                    # its metadata directory
        lastOffsetEpoch     int32                                  # epoch of the last record of the candidate
        lastOffset          int64                                  # end of the log of the candidate
        preVote             bool             2+                    # a question only, nothing is remembered (KIP-996)
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
        voteGranted     bool                                # whether the vote is given
    nodeEndpoints       []NodeEndpoint         1+ tag 0 1+  # addresses of the leaders named above
      nodeId            int32                  1+           # node id
      host              string                 1+           # host name
      port              uint16                 1+           # port
  `,
})
