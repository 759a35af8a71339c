import { defineApi } from './grammar.ts'

// 2 retention time · 5 without it · 6 leader epoch (KIP-320) · 7 instance id (KIP-345) · 8 flexible · 9 member epoch
// (KIP-848) · 10 topic ids
export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: '2-10',
  flexible: 8,
  doc: "Stores a group's offsets.",
  request: `
    groupId                        string                           # group
    generationIdOrMemberEpoch      int32   default -1               # generation (classic) or member epoch (KIP-848), -1 for none
    memberId                       string                           # member, empty for none
    groupInstanceId                string  7+ null 7+ default null  # of a static member
    retentionTimeMs                int64   2-4 default -1           # how long to keep the offsets, -1 for the broker's own time
    topics                         []OffsetCommitRequestTopic       # what to store
      name                         string  0-9                      # topic name
      topicId                      uuid    10+                      # topic id
      partitions                   []OffsetCommitRequestPartition   # per partition
        partitionIndex             int32                            # partition
        committedOffset            int64                            # offset to go on from
        committedLeaderEpoch       int32   6+ default -1            # leader epoch of the last record consumed, -1 for unknown
        committedMetadata          string  null 0+                  # text of the client's, kept with the offset (W20)
  `,
  response: `
    throttleTimeMs  int32  3+                              # how long the client is held back by a quota
    topics                []OffsetCommitResponseTopic      # per topic
      name                string  0-9                      # topic name
      topicId             uuid    10+                      # topic id
      partitions          []OffsetCommitResponsePartition  # per partition
        partitionIndex    int32                            # partition
        errorCode         int16                            # error, 0 for none
  `,
})
