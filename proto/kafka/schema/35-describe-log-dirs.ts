import { defineApi } from './grammar.ts'

// 2 flexible · 3 error of the whole request · 4 size of the disk (KIP-827) · 5 cordoned directories (KIP-1066)
export const describeLogDirs = defineApi({
  key: 35,
  name: 'DescribeLogDirs',
  versions: '1-5',
  flexible: 2,
  doc: 'Tells the log directories of the broker and what lies in them.',
  request: `
    topics        []DescribableLogDirTopic  null 0+  # null for all
      topic       string                             # topic name
      partitions  []int32                            # partitions
  `,
  response: `
    throttleTimeMs  int32  0+                       # how long the client is held back by a quota
    errorCode           int16   3+                  # error of the whole request
    results             []DescribeLogDirsResult     # per directory
      errorCode         int16                       # error, 0 for none
      logDir            string                      # absolute path
      topics            []DescribeLogDirsTopic      # per topic
        name            string                      # topic name
        partitions      []DescribeLogDirsPartition  # per partition
          partitionIndex  int32                     # partition
          partitionSize  int64                      # bytes of all segments
          offsetLag     int64                       # how far behind the high watermark, or behind the current replica
          isFutureKey   bool                        # being moved here from another directory
      totalBytes        int64   4+ default -1       # size of the volume, -1 for unknown
      usableBytes       int64   4+ default -1       # bytes free on it, -1 for unknown
      isCordoned        bool    5+                  # takes no new partitions
  `,
})
