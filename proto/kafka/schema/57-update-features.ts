import { defineApi } from './grammar.ts'

// 1 upgrade types and validation only (KIP-778) · 2 no result per feature
export const updateFeatures = defineApi({
  key: 57,
  name: 'UpdateFeatures',
  versions: '0-2',
  flexible: 0,
  doc: 'Changes finalised feature levels (KIP-584).',
  request: `
    timeoutMs          int32               default 60000  # how long to wait
    featureUpdates     []FeatureUpdateKey                 # changes
      feature          string                             # feature
      maxVersionLevel  int16                              # level wanted, below 1 to remove it
      allowDowngrade   bool                0              # whether it may go down
      upgradeType      int8                1+ default 1   # 1 upgrade, 2 safe downgrade, 3 unsafe downgrade
    validateOnly       bool                1+             # only say whether it would work
  `,
  response: `
    throttleTimeMs  int32                              # how long the client is held back by a quota
    errorCode       int16                              # error, 0 for none
    errorMessage    string                    null 0+  # why
    results         []UpdatableFeatureResult  0-1      # per topic
      feature       string                             # feature
      errorCode     int16                              # error, 0 for none
      errorMessage  string                    null 0+  # why
  `,
})
