import { defineApi } from './grammar.ts'

// 2 isolation level · 4 leader epoch (KIP-320) · 6 flexible · 7 largest timestamp · 8, 9, 11 tiered storage offsets ·
// 10 timeout for remote look-ups (KIP-1075)
export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  versions: '1-11',
  flexible: 6,
  doc: 'Finds offsets by time, or the ends of the log.',
  request: `
    replicaId               int32                       # node id of a follower, -1 for a consumer
    isolationLevel          int8    2+                  # 0 read uncommitted, 1 read committed
    topics                  []ListOffsetsTopic          # topics to look in
      name                  string                      # topic name
      partitions            []ListOffsetsPartition      # partitions to look in
        partitionIndex      int32                       # partition
        currentLeaderEpoch  int32   4+ default -1       # leader epoch the client knows, -1 for unknown
        timestamp           int64                       # milliseconds, or a special value (W19)
    timeoutMs               int32   10+                 # how long a remote look-up may take
  `,
  response: `
    throttleTimeMs          int32   2+                        # how long the client is held back by a quota
    topics                  []ListOffsetsTopicResponse        # per topic
      name                  string                            # topic name
      partitions            []ListOffsetsPartitionResponse    # per partition
        partitionIndex      int32                             # partition
        errorCode           int16                             # error, 0 for none
        timestamp           int64   1+ default -1             # of the record found, -1 for special values
        offset              int64   1+ default -1             # found, -1 for none
        leaderEpoch         int32   4+ default -1             # epoch of the record found
  `,
})
