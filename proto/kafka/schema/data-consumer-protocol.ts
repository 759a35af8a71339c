import { defineMessage } from './grammar.ts'

// What consumers put into JoinGroup and SyncGroup; the broker only passes it on. Both begin with an int16 version that
// is not part of the message. 1 owned partitions (KIP-429) · 2 generation (KIP-792) · 3 rack (KIP-881)
export const subscription = defineMessage({
  name: 'ConsumerProtocolSubscription',
  versions: '0-3',
  flexible: null,
  doc: 'What a member of a consumer group wants.',
  fields: `
    topics           []string                          # topics
    userData         bytes   null 0+ default null      # for the assignor
    ownedPartitions  []OwnedPartitions  1+             # what the member has now
      topic          string  1+                        # topic name
      partitions     []int32 1+                        # partitions
    generationId     int32   2+ default -1             # generation it got them in
    rackId           string  3+ null 3+ default null   # its rack
  `,
})

export const assignment = defineMessage({
  name: 'ConsumerProtocolAssignment',
  versions: '0-3',
  flexible: null,
  doc: 'What a member of a consumer group gets.',
  fields: `
    assignedPartitions  []AssignedPartitions           # per topic
      topic             string                         # topic name
      partitions        []int32                        # partitions
    userData            bytes   null 0+ default null   # from the assignor
  `,
})
