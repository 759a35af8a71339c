import { defineApi } from './grammar.ts'

// 2 flexible
export const alterConfigs = defineApi({
  key: 33,
  name: 'AlterConfigs',
  versions: '0-2',
  flexible: 2,
  doc: 'Replaces all configs of a resource; superseded by IncrementalAlterConfigs.',
  request: `
    resources       []AlterConfigsResource  # what to change
      resourceType  int8                    # as in DescribeConfigs
      resourceName  string                  # as in DescribeConfigs
      configs       []AlterableConfig       # all configs it shall have
        name        string                  # config
        value       string  null 0+         # value
    validateOnly    bool                    # check, but change nothing
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
