import { defineApi } from './grammar.ts'

export const listPartitionReassignments = defineApi({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: '0',
  flexible: 0,
  doc: 'Lists the moves of partitions under way (KIP-455).',
  request: `
    timeoutMs           int32                               default 60000         # how long to wait
    topics              []ListPartitionReassignmentsTopics  null 0+ default null  # topics
      name              string                                                    # topic name
      partitionIndexes  []int32                                                   # partitions
  `,
  response: `
    throttleTimeMs        int32                                    # how long the client is held back by a quota
    errorCode             int16                                    # error, 0 for none
    errorMessage          string                          null 0+  # why
    topics                []OngoingTopicReassignment               # topics
      name                string                                   # topic name
      partitions          []OngoingPartitionReassignment           # partitions
        partitionIndex    int32                                    # partition
        replicas          []int32                                  # node ids of the replicas
        addingReplicas    []int32                                  # replicas to come
        removingReplicas  []int32                                  # replicas to go
  `,
})
