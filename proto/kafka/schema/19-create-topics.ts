import { defineApi } from './grammar.ts'

// 4 partitions and replicas may be -1 (KIP-464) · 5 flexible, configs in the reply (KIP-525) · 6
// THROTTLING_QUOTA_EXCEEDED (KIP-599) · 7 topic id
export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: '2-7',
  flexible: 5,
  doc: 'Creates topics.',
  request: `
    topics               []CreatableTopic              # topics
      name               string                        # topic name
      numPartitions      int32                         # partitions, -1 for the default or with assignments
      replicationFactor  int16                         # replicas of each, -1 for the default or with assignments
      assignments        []CreatableReplicaAssignment  # placement by hand, else empty
        partitionIndex   int32                         # partition
        brokerIds        []int32                       # its replicas, the preferred leader first
      configs            []CreatableTopicConfig        # configs that differ from the defaults
        name             string                        # config
        value            string  null 0+               # value
    timeoutMs            int32   default 60000         # how long to wait
    validateOnly         bool    1+                    # check, but create nothing
  `,
  response: `
    throttleTimeMs  int32  2+                                    # how long the client is held back by a quota
    topics                  []CreatableTopicResult               # per topic
      name                  string                               # topic name
      topicId               uuid    7+                           # topic id
      errorCode             int16                                # error, 0 for none
      errorMessage          string  1+ null 0+                   # why
      topicConfigErrorCode  int16   5+ tag 0 5+                  # why the configs are not told
      numPartitions         int32   5+ default -1                # partitions
      replicationFactor     int16   5+ default -1                # replicas of each
      configs               []CreatableTopicConfigs  5+ null 5+  # configs in force
        name                string  5+                           # config
        value               string  5+ null 5+                   # value
        readOnly            bool    5+                           # cannot be changed
        configSource        int8    5+ default -1                # where the value comes from, as in DescribeConfigs
        isSensitive         bool    5+                           # a secret: the value is null
  `,
})
