import { defineApi } from './grammar.ts'

export const envelope = defineApi({
  key: 58,
  name: 'Envelope',
  versions: '0',
  flexible: 0,
  doc: 'A request that a broker forwards to the controller for its client (KIP-590).',
  request: `
    requestData        bytes           # the request, header included
    requestPrincipal   bytes  null 0+  # who asked, as the broker serialised it
    clientHostAddress  bytes           # address of the client, 4 or 16 bytes
  `,
  response: `
    responseData  bytes  null 0+ default null  # the answer, header included
    errorCode     int16                        # error, 0 for none
  `,
})
