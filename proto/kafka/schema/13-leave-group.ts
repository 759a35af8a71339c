import { defineApi } from './grammar.ts'

// 3 many members (KIP-345) · 4 flexible · 5 reason (KIP-800)
export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  versions: '0-5',
  flexible: 4,
  doc: 'Takes members out of a group.',
  request: `
    groupId            string                           # group
    memberId           string  0-2                      # member
    members            []MemberIdentity  3+             # members
      memberId         string  3+                       # member, empty to go by the instance id
      groupInstanceId  string  3+ null 3+ default null  # of a static member
      reason           string  5+ null 5+ default null  # why, for people
  `,
  response: `
    throttleTimeMs  int32  1+                # how long the client is held back by a quota
    errorCode          int16                 # error, 0 for none
    members            []MemberResponse  3+  # per member
      memberId         string  3+            # member
      groupInstanceId  string  3+ null 3+    # of a static member
      errorCode        int16   3+            # error, 0 for none
  `,
})
