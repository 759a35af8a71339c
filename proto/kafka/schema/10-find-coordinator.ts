import { defineApi } from './grammar.ts'

// 1 key type · 3 flexible · 4 many keys (KIP-699) · 5 TRANSACTION_ABORTABLE · 6 share coordinator (KIP-932)
export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: 3,
  doc: 'Names the broker that coordinates a group, a transaction or a share partition.',
  request: `
    key              string  0-3   # group or transactional id
    keyType          int8    1+    # 0 group, 1 transaction, 2 share
    coordinatorKeys  []string  4+  # group or transactional ids
  `,
  response: `
    throttleTimeMs  int32  1+             # how long the client is held back by a quota
    errorCode       int16   0-3           # error, 0 for none
    errorMessage    string  1-3 null 1-3  # why
    nodeId          int32   0-3           # node id, -1 on error
    host            string  0-3           # host name
    port            int32   0-3           # port
    coordinators    []Coordinator  4+     # per key
      key           string  4+            # group or transactional id
      nodeId        int32   4+            # node id, -1 on error
      host          string  4+            # host name
      port          int32   4+            # port
      errorCode     int16   4+            # error, 0 for none
      errorMessage  string  4+ null 4+    # why
  `,
})
