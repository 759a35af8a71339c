import { defineApi } from './grammar.ts'

// The response header is version 0 even where the body is flexible (W1). An unknown version is answered in version 0
// (KIP-511, W2). 3 flexible, client software (KIP-511), features (KIP-584) · 4 features may start at 0 (KAFKA-17011)
export const apiVersions = defineApi({
  key: 18,
  name: 'ApiVersions',
  versions: '0-4',
  flexible: 3,
  doc: 'Tells which APIs and versions the broker serves; the first request of most clients.',
  request: `
    clientSoftwareName     string  3+   # name of the client library (W4)
    clientSoftwareVersion  string  3+   # its version
  `,
  response: `
    errorCode               int16                                  # error, 0 for none
    apiKeys                 []ApiVersion                           # APIs served
      apiKey                int16                                  # key
      minVersion            int16                                  # lowest version
      maxVersion            int16                                  # highest version
    throttleTimeMs          int32   1+                             # how long the client is held back by a quota
    supportedFeatures       []SupportedFeatureKey  3+ tag 0 3+     # features this broker could use
      name                  string  3+                             # name
      minVersion            int16   3+                             # lowest level
      maxVersion            int16   3+                             # highest level
    finalizedFeaturesEpoch  int64   3+ default -1 tag 1 3+         # epoch of the next list, -1 for unknown
    finalizedFeatures       []FinalizedFeatureKey  3+ tag 2 3+     # features the cluster has switched on (W18)
      name                  string  3+                             # name
      maxVersionLevel       int16   3+                             # highest level in use
      minVersionLevel       int16   3+                             # lowest level in use
    zkMigrationReady        bool    3+ tag 3 3+                    # always false: there is no ZooKeeper
  `,
})
