import { defineApi } from './grammar.ts'

// 3 flexible · 4 states (KIP-518) · 5 types (KIP-848)
export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  versions: '0-5',
  flexible: 3,
  doc: 'Lists the groups that this broker coordinates.',
  request: `
    statesFilter  []string  4+  # only these states; empty for all
    typesFilter   []string  5+  # only these types, e.g. classic; empty for all
  `,
  response: `
    throttleTimeMs  int32  1+      # how long the client is held back by a quota
    errorCode       int16          # error, 0 for none
    groups          []ListedGroup  # groups
      groupId       string         # group
      protocolType  string         # what it is for
      groupState    string  4+     # e.g. Stable
      groupType     string  5+     # e.g. classic
  `,
})
