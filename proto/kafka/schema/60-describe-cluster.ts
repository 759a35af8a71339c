import { defineApi } from './grammar.ts'

// 1 endpoint type (KIP-919) · 2 fenced brokers (KIP-1073)
export const describeCluster = defineApi({
  key: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: 0,
  doc: 'Describes the cluster and its brokers (KIP-700).',
  request: `
    includeClusterAuthorizedOperations  bool                # tell what the client may do to the cluster
    endpointType                        int8  1+ default 1  # 1 brokers, 2 controllers
    includeFencedBrokers                bool  2+            # brokers that are fenced, too
  `,
  response: `
    throttleTimeMs  int32  0+                                  # how long the client is held back by a quota
    errorCode                    int16                         # error, 0 for none
    errorMessage                 string  null 0+ default null  # why
    endpointType                 int8    1+ default 1          # 1 brokers, 2 controllers
    clusterId                    string                        # cluster id
    controllerId                 int32   default -1            # node id of a broker that serves the controller's requests
    brokers                      []DescribeClusterBroker       # brokers
      brokerId                   int32                         # node id
      host                       string                        # host name
      port                       int32                         # port
      rack                       string  null 0+ default null  # rack, if it has one
      isFenced                   bool    2+                    # registered but not serving
    clusterAuthorizedOperations  int32   default -2147483648   # bit field by ACL operation, the default for unknown
  `,
})
