import { defineApi } from './grammar.ts'

export const removeRaftVoter = defineApi({
  key: 81,
  name: 'RemoveRaftVoter',
  versions: '0',
  flexible: 0,
  doc: 'Removes a voter from the metadata quorum (KIP-853).',
  request: `
    clusterId         string  null 0+  # cluster id that the sender believes in
    voterId           int32            # node id of the voter
    voterDirectoryId  uuid             # its metadata directory
  `,
  response: `
    throttleTimeMs  int32            # how long the client is held back by a quota
    errorCode       int16            # error, 0 for none
    errorMessage    string  null 0+  # why
  `,
})
