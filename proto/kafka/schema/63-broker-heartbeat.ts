import { defineApi } from './grammar.ts'

// Tags from 10000 on are ours.
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
    currentMetadataOffset  int64                                     # offset of the last metadata record the broker has applied
    wantFence              bool                                      # wants to be fenced
    wantShutDown           bool                                      # wants to stop
    offlineLogDirs         []uuid  1+ tag 0 1+                       # log directories that failed
    cordonedLogDirs        []uuid  2+ null 2+ default null tag 1 2+  # log directories that take no new replicas
    suspectReplicas        []SuspectTopic  0+ tag 10000 0+           # replicas here that may lack acknowledged records
      topicId              uuid                                      # topic id
      partitions           []int32                                   # partitions
    replicaEnds            []EndTopic      0+ tag 10001 0+           # what the last answer asked for
      topicId              uuid                                      # topic id
      partitions           []ReplicaEnd                              # partitions
        partition          int32                                     # partition
        lastEpoch          int32                                     # leader epoch of the last record, -1 for none
        endOffset          int64                                     # end of the log
    lostReplicas           []LostTopic     0+ tag 10002 0+           # replicas here whose logs are offline
      topicId              uuid                                      # topic id
      partitions           []int32                                   # partitions
    fullReplicas           []FullTopic     0+ tag 10003 0+           # replicas here that have no room for more
      topicId              uuid                                      # topic id
      partitions           []int32                                   # partitions
  `,
  response: `
    throttleTimeMs  int32                           # how long the client is held back by a quota
    errorCode       int16                           # error, 0 for none
    isCaughtUp      bool                            # whether it has read up to its own registration
    isFenced        bool   default true             # whether the broker is fenced
    shouldShutDown  bool                            # whether it may stop now
    wantedEnds      []WantedTopic  0+ tag 10000 0+  # replicas whose ends the next heartbeat shall tell
      topicId       uuid                            # topic id
      partitions    []int32                         # partitions
  `,
})
