import { defineApi } from './grammar.ts'

// 2 current leader epoch (KIP-320) · 3 replica id · 4 flexible
export const offsetForLeaderEpoch = defineApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: '2-4',
  flexible: 4,
  doc: 'Tells where a leader epoch ends, so that a client can find where logs diverge.',
  request: `
    replicaId               int32   3+ default -2       # node id of a follower, -1 for a consumer, -2 for a debug consumer
    topics                  []OffsetForLeaderTopic      # topics
      topic                 string                      # topic name
      partitions            []OffsetForLeaderPartition  # partitions
        partition           int32                       # partition
        currentLeaderEpoch  int32   2+ default -1       # leader epoch the client knows, -1 for unknown
        leaderEpoch         int32                       # epoch asked for
  `,
  response: `
    throttleTimeMs  int32  2+                      # how long the client is held back by a quota
    topics           []OffsetForLeaderTopicResult  # per topic
      topic          string                        # topic name
      partitions     []EpochEndOffset              # per partition
        errorCode    int16                         # error, 0 for none
        partition    int32                         # partition
        leaderEpoch  int32   1+ default -1         # largest epoch not above the one asked for
        endOffset    int64   default -1            # where it ends
  `,
})
