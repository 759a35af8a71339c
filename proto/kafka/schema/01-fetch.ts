import { defineApi } from './grammar.ts'

// 5 log start offset · 7 sessions (KIP-227) · 9 leader epoch (KIP-320) · 10 zstd · 11 rack (KIP-392) · 12 flexible, last
// fetched epoch (KIP-595) · 13 topic ids (KIP-516) · 15 replica state (KIP-903) · 16 node endpoints (KIP-951) · 17
// directory id (KIP-853) · 18 high watermark of the follower (KIP-1166)
export const fetch = defineApi({
  key: 1,
  name: 'Fetch',
  versions: '4-18',
  flexible: 12,
  doc: 'Reads batches of some partitions, waiting for them if there are too few.',
  request: `
    clusterId               string  12+ null 12+ default null tag 0 12+   # cluster id that a follower believes in
    replicaId               int32   0-14 default -1            # node id of a follower, -1 for a consumer
    replicaState            ReplicaState  15+ tag 1 15+        # who asks, when it is a replica
      replicaId             int32   15+ default -1             # node id of a follower, -1 for a consumer
      replicaEpoch          int64   15+ default -1             # broker epoch of the follower, -1 for unknown
    maxWaitMs               int32                              # how long to wait for minBytes
    minBytes                int32                              # answer as soon as there are so many
    maxBytes                int32   3+ default 0x7fffffff      # most bytes in all, but at least one batch (W11)
    isolationLevel          int8    4+                         # 0 read uncommitted, 1 read committed
    sessionId               int32   7+                         # fetch session, 0 for none
    sessionEpoch            int32   7+ default -1              # 0 opens a session, -1 closes it or goes without
    topics                  []FetchTopic                       # what to read
      topic                 string  0-12                       # topic name
      topicId               uuid    13+                        # topic id
      partitions            []FetchPartition                   # partitions to read
        partition           int32                              # partition
        currentLeaderEpoch  int32   9+ default -1              # leader epoch the client knows, -1 for unknown
        fetchOffset         int64                              # first offset wanted
        lastFetchedEpoch    int32   12+ default -1             # epoch of the last record a follower has, else -1
        logStartOffset      int64   5+ default -1              # first offset of the follower's log, else -1
        partitionMaxBytes   int32                              # most bytes of this partition
        replicaDirectoryId  uuid    17+ tag 0 17+              # log directory of the follower
        highWatermark       int64   18+ default 9223372036854775807 tag 1 18+   # that the follower knows
    forgottenTopicsData     []ForgottenTopic  7+               # what leaves the session
      topic                 string  7-12                       # topic name
      topicId               uuid    13+                        # topic id
      partitions            []int32 7+                         # partitions that leave
    rackId                  string  11+                        # rack of the consumer, empty for none
  `,
  response: `
    throttleTimeMs             int32   1+                         # how long the client is held back by a quota
    errorCode                  int16   7+                         # error of the whole request
    sessionId                  int32   7+                         # fetch session, 0 for none (W13)
    responses                  []FetchableTopicResponse           # per topic
      topic                    string  0-12                       # topic name
      topicId                  uuid    13+                        # topic id
      partitions               []PartitionData                    # per partition
        partitionIndex         int32                              # partition
        errorCode              int16                              # error, 0 for none
        highWatermark          int64                              # offset below which records are committed, -1 on error
        lastStableOffset       int64   4+ default -1              # offset below which no transaction is open
        logStartOffset         int64   5+ default -1              # first offset of the log
        divergingEpoch         EpochEndOffset  12+ tag 0 12+      # where the follower's log leaves the leader's
          epoch                int32   12+ default -1             # largest epoch both know
          endOffset            int64   12+ default -1             # where that epoch ends
        currentLeader          LeaderIdAndEpoch  12+ tag 1 12+    # set when this broker is not the leader
          leaderId             int32   12+ default -1             # node id of the leader, -1 for unknown
          leaderEpoch          int32   12+ default -1             # its epoch
        snapshotId             SnapshotId  12+ tag 2 12+          # snapshot to load instead
          endOffset            int64   default -1                 # offset after the snapshot
          epoch                int32   default -1                 # its epoch
        abortedTransactions    []AbortedTransaction  4+ null 4+   # that touch what was read, when reading committed (W17)
          producerId           int64   4+                         # whose transaction
          firstOffset          int64   4+                         # its first offset
        preferredReadReplica   int32   11+ default -1             # node id to read from next time, -1 for no preference
        records                batches null 0+                    # whole batches; the first may begin before the offset
    nodeEndpoints              []NodeEndpoint  16+ tag 0 16+      # addresses of the leaders named above
      nodeId                   int32   16+                        # node id
      host                     string  16+                        # host name
      port                     int32   16+                        # port
      rack                     string  16+ null 16+ default null  # rack, if it has one
  `,
})
