import { defineApi } from './grammar.ts'

// Versions below 3 carried formats 0 and 1. Kafka still advertises 0, because old librdkafka versions switch compression
// off without it (KAFKA-18659, W5), but refuses them.
// 3 transactional id, magic 2 · 5 log start offset · 7 zstd · 8 record errors (KIP-467) · 9 flexible · 10 leader hints
// (KIP-951) · 11 TRANSACTION_ABORTABLE · 12 adds partitions to the transaction (KIP-890) · 13 topic ids (KIP-516)
export const produce = defineApi({
  key: 0,
  name: 'Produce',
  versions: '3-13',
  wire: '0-13',
  flexible: 9,
  doc: 'Appends one batch to each of some partitions.',
  request: `
    transactionalId    string   null 3+ default null   # of the producer, null when it has none
    acks               int16                           # 0: no reply; 1: the leader has it; -1: all in-sync replicas have it
    timeoutMs          int32                           # how long the broker may wait for replicas
    topicData          []TopicProduceData              # topics to write to
      name             string   0-12                   # topic name
      topicId          uuid     13+                    # topic id
      partitionData    []PartitionProduceData          # partitions to write to
        index          int32                           # partition
        records        records  null 0+                # exactly one batch (W8)
  `,
  response: `
    responses                 []TopicProduceResponse                # per topic
      name                    string  0-12                          # topic name
      topicId                 uuid    13+                           # topic id
      partitionResponses      []PartitionProduceResponse            # per partition
        index                 int32                                 # partition
        errorCode             int16                                 # error, 0 for none
        baseOffset            int64                                 # offset of the first record, -1 on error
        logAppendTimeMs       int64   2+ default -1                 # when appended, for topics with LogAppendTime, else -1
        logStartOffset        int64   5+ default -1                 # first offset of the log
        recordErrors          []BatchIndexAndErrorMessage  8+       # records that had the batch refused
          batchIndex          int32   8+                            # which record of the batch
          batchIndexErrorMessage  string  8+ null 8+ default null   # why
        errorMessage          string  8+ null 8+ default null       # why the batch was refused
        currentLeader         LeaderIdAndEpoch  10+ tag 0 10+       # set when this broker is not the leader
          leaderId            int32   10+ default -1                # node id of the leader, -1 for unknown
          leaderEpoch         int32   10+ default -1                # its epoch
    throttleTimeMs            int32   1+                            # how long the client is held back by a quota
    nodeEndpoints             []NodeEndpoint  10+ tag 0 10+         # addresses of the leaders named above
      nodeId                  int32   10+                           # node id
      host                    string  10+                           # host name
      port                    int32   10+                           # port
      rack                    string  10+ null 10+ default null     # rack, if it has one
  `,
})
