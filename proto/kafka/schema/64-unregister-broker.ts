import { defineApi } from './grammar.ts'

export const unregisterBroker = defineApi({
  key: 64,
  name: 'UnregisterBroker',
  versions: '0',
  flexible: 0,
  doc: 'Forgets a broker that will not come back (KIP-631).',
  request: `
    brokerId  int32  # node id of the broker
  `,
  response: `
    throttleTimeMs  int32            # how long the client is held back by a quota
    errorCode       int16            # error, 0 for none
    errorMessage    string  null 0+  # why
  `,
})
