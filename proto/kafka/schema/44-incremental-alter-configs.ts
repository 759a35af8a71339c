import { defineApi } from './grammar.ts'

// 1 flexible
export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: '0-1',
  flexible: 1,
  doc: 'Changes some configs of a resource (KIP-339).',
  request: `
    resources          []AlterConfigsResource  # what to change
      resourceType     int8                    # as in DescribeConfigs
      resourceName     string                  # as in DescribeConfigs
      configs          []AlterableConfig       # changes
        name           string                  # config
        configOperation  int8                  # 0 set, 1 delete, 2 append to a list, 3 take from a list
        value          string  null 0+         # value
    validateOnly       bool                    # check, but change nothing
  `,
  response: `
    throttleTimeMs  int32  0+                       # how long the client is held back by a quota
    responses       []AlterConfigsResourceResponse  # per resource
      errorCode     int16                           # error, 0 for none
      errorMessage  string  null 0+                 # why
      resourceType  int8                            # as in the request
      resourceName  string                          # as in the request
  `,
})
