import { defineApi } from './grammar.ts'

// 3 instance id (KIP-345) · 4 flexible
export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: 4,
  doc: 'Keeps a member of a classic group alive.',
  request: `
    groupId          string                           # group
    generationId     int32                            # generation the member belongs to
    memberId         string                           # member
    groupInstanceId  string  3+ null 3+ default null  # of a static member
  `,
  response: `
    throttleTimeMs  int32  1+  # how long the client is held back by a quota
    errorCode  int16           # error, 0 for none
  `,
})
