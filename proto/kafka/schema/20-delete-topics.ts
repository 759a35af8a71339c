import { defineApi } from './grammar.ts'

// 4 flexible · 5 message, THROTTLING_QUOTA_EXCEEDED (KIP-599) · 6 by id
export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: '1-6',
  flexible: 4,
  doc: 'Deletes topics.',
  request: `
    topics       []DeleteTopicState  6+           # topics
      name       string  6+ null 6+ default null  # topic name, null to go by id
      topicId    uuid    6+                       # topic id, zero to go by name
    topicNames   []string  0-5                    # topic names
    timeoutMs    int32                            # how long to wait
  `,
  response: `
    throttleTimeMs  int32  1+                        # how long the client is held back by a quota
    responses       []DeletableTopicResult           # per topic
      name          string  null 6+                  # topic name, null when the id is unknown
      topicId       uuid    6+                       # topic id
      errorCode     int16                            # error, 0 for none
      errorMessage  string  5+ null 5+ default null  # why
  `,
})
