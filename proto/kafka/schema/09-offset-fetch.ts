import { defineApi } from './grammar.ts'

// 2 null topics mean all, error of the whole group · 5 leader epoch · 6 flexible · 7 stable offsets only (KIP-447) · 8
// many groups (KIP-709) · 9 member epoch (KIP-848) · 10 topic ids
export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: '1-10',
  flexible: 6,
  doc: "Reads a group's stored offsets.",
  request: `
    groupId                 string  0-7                              # group
    topics                  []OffsetFetchRequestTopic  0-7 null 2-7  # null for all
      name                  string  0-7                              # topic name
      partitionIndexes      []int32 0-7                              # partitions
    groups                  []OffsetFetchRequestGroup  8+            # groups
      groupId               string  8+                               # group
      memberId              string  9+ null 9+ default null          # member that asks, null for none
      memberEpoch           int32   9+ default -1                    # its epoch, -1 for none
      topics                []OffsetFetchRequestTopics  8+ null 8+   # null for all
        name                string  8-9                              # topic name
        topicId             uuid    10+                              # topic id
        partitionIndexes    []int32 8+                               # partitions
    requireStable           bool    7+                               # wait for open transactions (UNSTABLE_OFFSET_COMMIT)
  `,
  response: `
    throttleTimeMs  int32  3+                                        # how long the client is held back by a quota
    topics                      []OffsetFetchResponseTopic  0-7      # per topic
      name                      string  0-7                          # topic name
      partitions                []OffsetFetchResponsePartition  0-7  # per partition
        partitionIndex          int32   0-7                          # partition
        committedOffset         int64   0-7                          # offset, -1 for none
        committedLeaderEpoch    int32   5-7 default -1               # leader epoch of it, -1 for unknown
        metadata                string  0-7 null 0-7                 # text stored with it
        errorCode               int16   0-7                          # error, 0 for none
    errorCode                   int16   2-7                          # error of the whole group
    groups                      []OffsetFetchResponseGroup  8+       # per group
      groupId                   string  8+                           # group
      topics                    []OffsetFetchResponseTopics  8+      # per topic
        name                    string  8-9                          # topic name
        topicId                 uuid    10+                          # topic id
        partitions              []OffsetFetchResponsePartitions  8+  # per partition
          partitionIndex        int32   8+                           # partition
          committedOffset       int64   8+                           # offset, -1 for none
          committedLeaderEpoch  int32   8+ default -1                # leader epoch of it, -1 for unknown
          metadata              string  8+ null 8+                   # text stored with it
          errorCode             int16   8+                           # error, 0 for none
      errorCode                 int16   8+                           # error of the whole group
  `,
})
