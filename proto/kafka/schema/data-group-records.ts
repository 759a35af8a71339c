import { defineMessage } from './grammar.ts'

// Records of __consumer_offsets. Key and value begin with an int16 that is not part of the message: the type in the key
// (0 and 1 offset, 2 group), the version in the value.
export const offsetCommitKey = defineMessage({
  name: 'OffsetCommitKey',
  versions: '0',
  flexible: null,
  doc: 'Key of a stored offset: type 1, or 0 in old logs.',
  fields: `
    group      string  # group
    topic      string  # topic name
    partition  int32   # partition
  `,
})

export const offsetCommitValue = defineMessage({
  name: 'OffsetCommitValue',
  versions: '0-4',
  flexible: 4,
  doc: 'Value of a stored offset; no value at all deletes it.',
  fields: `
    offset           int64                       # offset to go on from
    leaderEpoch      int32   3+ default -1       # leader epoch of the last record consumed, -1 for unknown
    metadata         string                      # text of the client's
    commitTimestamp  int64                       # when stored, milliseconds
    expireTimestamp  int64   1 default -1        # when to forget it, -1 for the broker's own time
    topicId          uuid    4+ tag 0 4+         # topic id, zero for unknown
  `,
})

export const groupMetadataKey = defineMessage({
  name: 'GroupMetadataKey',
  versions: '0',
  flexible: null,
  doc: 'Key of a classic group: type 2.',
  fields: `
    group  string  # group
  `,
})

export const groupMetadataValue = defineMessage({
  name: 'GroupMetadataValue',
  versions: '0-4',
  flexible: 4,
  doc: 'A classic group after a rebalance; no value at all deletes it.',
  fields: `
    protocolType           string                            # what the group is for
    generation             int32                             # generation
    protocol               string  null 0+                   # assignor
    leader                 string  null 0+                   # member that assigns
    currentStateTimestamp  int64   2+ default -1             # since when it is in its state, milliseconds
    members                []MemberMetadata                  # members
      memberId             string                            # member
      groupInstanceId      string  3+ null 3+ default null   # of a static member
      clientId             string                            # client id of its join
      clientHost           string                            # where it joined from
      rebalanceTimeout     int32   1+                        # milliseconds
      sessionTimeout       int32                             # milliseconds
      subscription         bytes                             # what it wants
      assignment           bytes                             # what it gets
  `,
})
