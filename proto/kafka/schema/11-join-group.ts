import { defineApi } from './grammar.ts'

// 1 rebalance timeout · 4 MEMBER_ID_REQUIRED (KIP-394) · 5 static members (KIP-345) · 6 flexible · 7 protocol type
// (KIP-559) · 8 reason (KIP-800) · 9 skip assignment (KIP-814)
export const joinGroup = defineApi({
  key: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: 6,
  doc: 'Joins a group of the classic protocol; answered when the others have joined.',
  request: `
    groupId               string                           # group
    sessionTimeoutMs      int32                            # silence after which the member is dropped
    rebalanceTimeoutMs    int32   1+ default -1            # how long the others wait for this member to join again
    memberId              string                           # empty for a new member (W20)
    groupInstanceId       string  5+ null 5+ default null  # of a static member
    protocolType          string                           # what the group is for, e.g. consumer
    protocols             []JoinGroupRequestProtocol       # assignors, the preferred one first
      name                string                           # assignor
      metadata            bytes                            # subscription, opaque to the broker
    reason                string  8+ null 8+ default null  # why the member joins, for people
  `,
  response: `
    throttleTimeMs  int32  2+                           # how long the client is held back by a quota
    errorCode          int16                            # error, 0 for none
    generationId       int32   default -1               # generation of the group
    protocolType       string  7+ null 7+ default null  # what the group is for
    protocolName       string  null 7+                  # assignor picked
    leader             string                           # member that assigns
    skipAssignment     bool    9+                       # the leader need not assign anew
    memberId           string                           # the member's id, also when it must join again with it
    members            []JoinGroupResponseMember        # for the leader only
      memberId         string                           # member
      groupInstanceId  string  5+ null 5+ default null  # of a static member
      metadata         bytes                            # its subscription
  `,
})
