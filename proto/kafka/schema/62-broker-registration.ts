import { defineApi } from './grammar.ts'

// Tags from 10000 on are ours.
// 1 migration (never set here) · 2 log directories (KIP-858) · 3 previous broker epoch (KIP-966) · 4 features from level 0
export const brokerRegistration = defineApi({
  key: 62,
  name: 'BrokerRegistration',
  versions: '0-4',
  flexible: 0,
  doc: 'A broker that has started makes itself known to the controller (KIP-631).',
  request: `
    brokerId               int32                      # node id of the broker
    clusterId              string                     # cluster id that the sender believes in
    incarnationId          uuid                       # of this run of the broker
    listeners              []Listener                 # where it is reached
      name                 string                     # name of the listener
      host                 string                     # host name
      port                 uint16                     # port
      securityProtocol     int16                      # 0 plaintext, 1 TLS, 2 SASL, 3 SASL over TLS
    features               []Feature                  # features it supports
      name                 string                     # feature
      minSupportedVersion  int16                      # lowest level supported
      maxSupportedVersion  int16                      # highest level supported
    rack                   string      null 0+        # rack, null for none
    isMigratingZkBroker    bool        1+             # always false
    logDirs                []uuid      2+             # ids of its log directories
    previousBrokerEpoch    int64       3+ default -1  # epoch before a clean stop, -1 for unknown
    clean                  bool        0+ tag 10000 0+   # nothing acknowledged can be missing from its disk
  `,
  response: `
    throttleTimeMs  int32              # how long the client is held back by a quota
    errorCode       int16              # error, 0 for none
    brokerEpoch     int64  default -1  # its epoch, -1 for unknown
  `,
})
