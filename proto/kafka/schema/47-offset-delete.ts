import { defineApi } from './grammar.ts'

export const offsetDelete = defineApi({
  key: 47,
  name: 'OffsetDelete',
  versions: '0',
  flexible: null,
  doc: 'Deletes stored offsets of topics that no member subscribes to (KIP-496).',
  request: `
    groupId             string                          # group
    topics              []OffsetDeleteRequestTopic      # topics
      name              string                          # topic name
      partitions        []OffsetDeleteRequestPartition  # partitions
        partitionIndex  int32                           # partition
  `,
  response: `
    errorCode           int16                            # error of the whole request
    throttleTimeMs      int32                            # how long the client is held back by a quota
    topics              []OffsetDeleteResponseTopic      # per topic
      name              string                           # topic name
      partitions        []OffsetDeleteResponsePartition  # per partition
        partitionIndex  int32                            # partition
        errorCode       int16                            # error, 0 for none
  `,
})
