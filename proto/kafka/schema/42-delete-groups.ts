import { defineApi } from './grammar.ts'

// 2 flexible
export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: '0-2',
  flexible: 2,
  doc: 'Deletes empty groups and their offsets.',
  request: `
    groupsNames  []string  # groups
  `,
  response: `
    throttleTimeMs  int32  0+            # how long the client is held back by a quota
    results      []DeletableGroupResult  # per group
      groupId    string                  # group
      errorCode  int16                   # error, 0 for none
  `,
})
