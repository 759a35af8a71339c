import { defineApi } from './grammar.ts'

export const updateRaftVoter = defineApi({
  key: 82,
  name: 'UpdateRaftVoter',
  versions: '0',
  flexible: 0,
  doc: 'A voter tells the leader its new endpoints and versions (KIP-853).',
  request: `
    clusterId              string               null 0+  # cluster id that the sender believes in
    currentLeaderEpoch     int32                         # leader epoch the sender knows, -1 for unknown
    voterId                int32                         # node id of the voter
    voterDirectoryId       uuid                          # its metadata directory
    listeners              []Listener                    # where it is reached
      name                 string                        # name of the listener
      host                 string                        # host name
      port                 uint16                        # port
    kRaftVersionFeature    KRaftVersionFeature           # versions of the quorum protocol it speaks
      minSupportedVersion  int16                         # lowest level supported
      maxSupportedVersion  int16                         # highest level supported
  `,
  response: `
    throttleTimeMs  int32                      # how long the client is held back by a quota
    errorCode       int16                      # error, 0 for none
    currentLeader   CurrentLeader  tag 0 0+    # who leads
      leaderId      int32          default -1  # node id of the leader, -1 for unknown
      leaderEpoch   int32          default -1  # leader epoch
      host          string                     # host name
      port          int32                      # port
  `,
})
