import { defineApi } from './grammar.ts'

// 1 offline log directories (KIP-858)
export const brokerHeartbeat = defineApi({
  key: 63,
  name: 'BrokerHeartbeat',
  versions: '0-2',
  flexible: 0,
  doc: 'A broker says that it lives, and asks to be unfenced or to stop (KIP-631).',
  request: `
    brokerId               int32                                     # node id of the broker
    brokerEpoch            int64   default -1                        # its epoch, -1 for unknown
    currentMetadataOffset  int64                                     # end of the metadata the broker has applied
    wantFence              bool                                      # wants to be fenced
    wantShutDown           bool                                      # wants to stop
    offlineLogDirs         []uuid  1+ tag 0 1+                       # log directories that failed
    cordonedLogDirs        []uuid  2+ null 2+ default null tag 1 2+  # log directories that take no new replicas
  `,
  response: `
    throttleTimeMs  int32                # how long the client is held back by a quota
    errorCode       int16                # error, 0 for none
    isCaughtUp      bool                 # whether it has read up to its own registration
    isFenced        bool   default true  # whether the broker is fenced
    shouldShutDown  bool                 # whether it may stop now
  `,
})
