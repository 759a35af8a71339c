import { defineApi } from './grammar.ts'

// 3 instance id (KIP-345) · 4 flexible · 5 protocol type and name (KIP-559)
export const syncGroup = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: 4,
  doc: "Hands over the leader's assignment and fetches the member's own.",
  request: `
    groupId          string                           # group
    generationId     int32                            # generation
    memberId         string                           # member
    groupInstanceId  string  3+ null 3+ default null  # of a static member
    protocolType     string  5+ null 5+ default null  # what the group is for; must agree with the group
    protocolName     string  5+ null 5+ default null  # assignor; must agree with the group
    assignments      []SyncGroupRequestAssignment     # from the leader, else empty
      memberId       string                           # member
      assignment     bytes                            # what it gets, opaque to the broker
  `,
  response: `
    throttleTimeMs  int32  1+                      # how long the client is held back by a quota
    errorCode     int16                            # error, 0 for none
    protocolType  string  5+ null 5+ default null  # what the group is for
    protocolName  string  5+ null 5+ default null  # assignor
    assignment    bytes                            # what this member gets
  `,
})
