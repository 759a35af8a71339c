import { defineApi } from './grammar.ts'

// 1 source and synonyms · 3 type and documentation (KIP-569) · 4 flexible
export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: '1-4',
  flexible: 4,
  doc: 'Tells the configs of topics and brokers.',
  request: `
    resources             []DescribeConfigsResource  # what to describe
      resourceType        int8                       # 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group
      resourceName        string                     # topic name, node id or group; empty for the brokers' defaults
      configurationKeys   []string  null 0+          # null for all
    includeSynonyms       bool    1+                 # tell where else a value could come from
    includeDocumentation  bool    3+                 # tell what a config is for
  `,
  response: `
    throttleTimeMs  int32  0+                           # how long the client is held back by a quota
    results            []DescribeConfigsResult          # per resource
      errorCode        int16                            # error, 0 for none
      errorMessage     string  null 0+                  # why
      resourceType     int8                             # as in the request
      resourceName     string                           # as in the request
      configs          []DescribeConfigsResourceResult  # configs
        name           string                           # config
        value          string  null 0+                  # value, null when it is a secret or has none
        readOnly       bool                             # cannot be changed
        configSource   int8    1+ default -1            # 1 topic, 2 broker, 3 brokers' default, 4 config file, 5 default, 8 group
        isSensitive    bool                             # a secret
        synonyms       []DescribeConfigsSynonym  1+     # in order of precedence
          name         string  1+                       # config
          value        string  1+ null 0+               # value
          source       int8    1+                       # as configSource
        configType     int8    3+                       # 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password
        documentation  string  3+ null 0+               # what the config is for
  `,
})
