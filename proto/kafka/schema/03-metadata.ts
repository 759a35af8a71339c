import { defineApi } from './grammar.ts'

// 1 rack, controller, internal · 2 cluster id · 4 auto-create flag · 5 offline replicas · 7 leader epoch · 8 authorized
// operations (KIP-430) · 9 flexible · 10 topic ids (KIP-516) · 11 cluster operations moved away (KIP-700) · 12 request by
// id · 13 error of the whole request
export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  versions: '0-13',
  flexible: 9,
  doc: 'Describes brokers and topics, and may create topics (W22).',
  request: `
    topics                              []MetadataRequestTopic  null 1+   # null: all; empty: none (version 0: all)
      topicId                           uuid    10+                       # topic id, zero when asked by name
      name                              string  null 10+                  # topic name, null when asked by id
    allowAutoTopicCreation              bool    4+ default true           # create missing topics if the broker may
    includeClusterAuthorizedOperations  bool    8-10                      # tell what the client may do to the cluster
    includeTopicAuthorizedOperations    bool    8+                        # tell what the client may do to the topics
  `,
  response: `
    throttleTimeMs                int32   3+                            # how long the client is held back by a quota
    brokers                       []MetadataResponseBroker              # live brokers
      nodeId                      int32                                 # node id
      host                        string                                # host name
      port                        int32                                 # port
      rack                        string  1+ null 1+ default null       # rack, if it has one
    clusterId                     string  2+ null 2+ default null       # cluster id
    controllerId                  int32   1+ default -1                 # node id of a broker that serves the controller's requests
    topics                        []MetadataResponseTopic               # topics
      errorCode                   int16                                 # error, 0 for none
      name                        string  null 12+                      # topic name, null when the id is unknown
      topicId                     uuid    10+                           # topic id
      isInternal                  bool    1+                            # one of the broker's own topics
      partitions                  []MetadataResponsePartition           # partitions
        errorCode                 int16                                 # error, 0 for none
        partitionIndex            int32                                 # partition
        leaderId                  int32                                 # node id of the leader, -1 for none
        leaderEpoch               int32   7+ default -1                 # epoch of the leader
        replicaNodes              []int32                               # all replicas
        isrNodes                  []int32                               # replicas in sync
        offlineReplicas           []int32 5+                            # replicas on dead brokers or disks
      topicAuthorizedOperations   int32   8+ default -2147483648        # bit field by ACL operation, the default for unknown
    clusterAuthorizedOperations   int32   8-10 default -2147483648      # bit field by ACL operation, the default for unknown
    errorCode                     int16   13+                           # error of the whole request
  `,
})
