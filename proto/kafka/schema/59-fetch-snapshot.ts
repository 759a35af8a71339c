import { defineApi } from './grammar.ts'

// 1 directory ids (KIP-853)
export const fetchSnapshot = defineApi({
  key: 59,
  name: 'FetchSnapshot',
  versions: '0-1',
  flexible: 0,
  doc: 'Reads a piece of a snapshot of the metadata log (KIP-630).',
  request: `
    clusterId               string               null 0+ default null tag 0 0+  # cluster id that the sender believes in
    replicaId               int32                default -1                     # node id
    maxBytes                int32                default 0x7fffffff             # most bytes in all
    topics                  []TopicSnapshot                                     # topics
      name                  string                                              # topic name
      partitions            []PartitionSnapshot                                 # partitions
        partition           int32                                               # partition
        currentLeaderEpoch  int32                                               # leader epoch the sender knows, -1 for unknown
        snapshotId          SnapshotId                                          # which snapshot
          endOffset         int64                                               # offset after the snapshot
          epoch             int32                                               # epoch of its last record
        position            int64                                               # first byte of this piece
        replicaDirectoryId  uuid                 1+ tag 0 1+                    # its directory
  `,
  response: `
    throttleTimeMs        int32                                   # how long the client is held back by a quota
    errorCode             int16                                   # error, 0 for none
    topics                []TopicSnapshotResult                   # topics
      name                string                                  # topic name
      partitions          []PartitionSnapshotResult               # partitions
        index             int32                                   # partition
        errorCode         int16                                   # error, 0 for none
        snapshotId        SnapshotIdResult                        # which snapshot
          endOffset       int64                                   # offset after the snapshot
          epoch           int32                                   # epoch of its last record
        currentLeader     LeaderIdAndEpoch           tag 0 0+     # who leads
          leaderId        int32                                   # node id of the leader, -1 for unknown
          leaderEpoch     int32                                   # leader epoch
        size              int64                                   # bytes in the whole snapshot
        position          int64                                   # first byte of this piece
        unalignedRecords  bytes                                   # bytes of the snapshot, cut anywhere
    nodeEndpoints         []NodeEndpoint             1+ tag 0 1+  # addresses of the leaders named above
      nodeId              int32                      1+           # node id
      host                string                     1+           # host name
      port                uint16                     1+           # port
  `,
})
