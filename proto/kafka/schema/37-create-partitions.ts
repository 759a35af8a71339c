import { defineApi } from './grammar.ts'

// 2 flexible · 3 THROTTLING_QUOTA_EXCEEDED (KIP-599)
export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: '0-3',
  flexible: 2,
  doc: 'Adds partitions to topics.',
  request: `
    topics         []CreatePartitionsTopic                # topics
      name         string                                 # topic name
      count        int32                                  # partitions it shall have in all
      assignments  []CreatePartitionsAssignment  null 0+  # placement of the new ones, null to let the cluster choose
        brokerIds  []int32                                # replicas, the preferred leader first
    timeoutMs      int32                                  # how long to wait
    validateOnly   bool                                   # check, but change nothing
  `,
  response: `
    throttleTimeMs  int32  0+                      # how long the client is held back by a quota
    results         []CreatePartitionsTopicResult  # per topic
      name          string                         # topic name
      errorCode     int16                          # error, 0 for none
      errorMessage  string  null 0+ default null   # why
  `,
})
