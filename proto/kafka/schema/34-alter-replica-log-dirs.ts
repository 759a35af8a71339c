import { defineApi } from './grammar.ts'

// 2 flexible
export const alterReplicaLogDirs = defineApi({
  key: 34,
  name: 'AlterReplicaLogDirs',
  versions: '1-2',
  flexible: 2,
  doc: 'Moves replicas between the log directories of a broker (KIP-113).',
  request: `
    dirs            []AlterReplicaLogDir       # log directories
      path          string                     # path of the directory
      topics        []AlterReplicaLogDirTopic  # topics
        name        string                     # topic name
        partitions  []int32                    # partitions
  `,
  response: `
    throttleTimeMs      int32                                # how long the client is held back by a quota
    results             []AlterReplicaLogDirTopicResult      # per topic
      topicName         string                               # topic name
      partitions        []AlterReplicaLogDirPartitionResult  # partitions
        partitionIndex  int32                                # partition
        errorCode       int16                                # error, 0 for none
  `,
})
