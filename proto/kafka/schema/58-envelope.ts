import { defineApi } from './grammar.ts'

// Tags from 10000 on are ours.
export const envelope = defineApi({
  key: 58,
  name: 'Envelope',
  versions: '0',
  flexible: 0,
  doc: 'A request that a broker forwards to the controller for its client (KIP-590).',
  request: `
    requestData        bytes                                 # the request, header included
    requestPrincipal   bytes  null 0+                        # who asked, as the broker serialised it
    clientHostAddress  bytes                                 # address of the client, 4 or 16 bytes
    forwardedBy        int32  0+ default -1 tag 10000 0+     # node id of the broker that was asked
  `,
  response: `
    responseData    bytes  null 0+ default null              # the answer, header included
    errorCode       int16                                    # error, 0 for none
    metadataOffset  int64  0+ default -1 tag 10000 0+        # metadata below it must be applied before the answer is given
  `,
})
