import { defineApi } from './grammar.ts'

// 3 authorized operations (KIP-430) · 4 instance id (KIP-345) · 5 flexible · 6 GROUP_ID_NOT_FOUND and message
// (KIP-1043)
export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: 5,
  doc: 'Describes groups of the classic protocol.',
  request: `
    groups                       []string  # groups
    includeAuthorizedOperations  bool  3+  # tell what the client may do to them
  `,
  response: `
    throttleTimeMs  int32  1+                                # how long the client is held back by a quota
    groups                  []DescribedGroup                 # per group
      errorCode             int16                            # error, 0 for none
      errorMessage          string  6+ null 6+ default null  # why
      groupId               string                           # group
      groupState            string                           # e.g. Stable, Empty, Dead
      protocolType          string                           # what the group is for
      protocolData          string                           # assignor
      members               []DescribedGroupMember           # members
        memberId            string                           # member
        groupInstanceId     string  4+ null 4+ default null  # of a static member
        clientId            string                           # client id of its join
        clientHost          string                           # where it joined from
        memberMetadata      bytes                            # subscription
        memberAssignment    bytes                            # assignment
      authorizedOperations  int32   3+ default -2147483648   # bit field by ACL operation, the default for unknown
  `,
})
