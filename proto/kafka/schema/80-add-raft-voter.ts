import { defineApi } from './grammar.ts'

// 1 answer before the change is committed
export const addRaftVoter = defineApi({
  key: 80,
  name: 'AddRaftVoter',
  versions: '0-1',
  flexible: 0,
  doc: 'Adds a voter to the metadata quorum (KIP-853).',
  request: `
    clusterId         string      null 0+          # cluster id that the sender believes in
    timeoutMs         int32                        # how long to wait
    voterId           int32                        # node id of the voter
    voterDirectoryId  uuid                         # its metadata directory
    listeners         []Listener                   # where it is reached
      name            string                       # name of the listener
      host            string                       # host name
      port            uint16                       # port
    ackWhenCommitted  bool        1+ default true  # answer after the change is committed, not after it is written
  `,
  response: `
    throttleTimeMs  int32            # how long the client is held back by a quota
    errorCode       int16            # error, 0 for none
    errorMessage    string  null 0+  # why
  `,
})
