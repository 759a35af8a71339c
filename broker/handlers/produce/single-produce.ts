/**
 * The short way of a Produce request, from its bytes to those of its reply: one batch for one partition that is led here, and
 * nothing that has to be refused before the log is asked. All else goes the usual way, and so does an answer with an error.
 */
import { codecId, isTransactional } from '../../../proto/kafka/batch/header.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { ProduceResponse } from '../../../proto/kafka/generated/00-produce.ts'
import type { Reader } from '../../../proto/kafka/reader.ts'
import type { AppendResult, Partition } from '../../replication/api.ts'
import type { Services } from '../../services.ts'
import type { FrameContext } from '../handler.ts'
import { LeaderHints } from '../leader-hint.ts'
import { AcceptedReplies } from './accepted-replies.ts'
import { CODEC_ZSTD, emptyAnswer, explain, produceResponse, TOPIC_ID_VERSION, ZSTD_VERSION } from './answer.ts'
import { SingleBatch } from './single-batch.ts'

const request = new SingleBatch()
const replies = new AcceptedReplies()

/** See `Handler.handleFrame`. */
export function produceSingle(reader: Reader, context: FrameContext<ProduceResponse>, services: Services): boolean {
  const { position, buffer } = reader
  const { apiVersion } = context
  if (!request.read(reader, apiVersion)) return false
  const { topic, index, start, acks } = request
  const partition = leaderOf(services, apiVersion, topic, index)
  const isUsual = (acks === 1 || acks === -1) && !isTransactional(buffer, start) && isServed(buffer, start, apiVersion)
  if (partition === null || !isUsual) {
    reader.position = position
    return false
  }
  partition.append(buffer.subarray(start, request.end), acks, request.timeoutMs, (result) => {
    if (result.error === Errors.NONE) context.replyWith(replies.body(apiVersion, topic, index, result))
    else context.reply(refusal(services, apiVersion, topic, partition, result))
  })
  return true
}

/** The partition if it is led here and clients may write to it; null = there is something to refuse. */
function leaderOf({ metadata, partitions }: Services, version: number, topic: string, index: number): Partition | null {
  const view = version >= TOPIC_ID_VERSION ? metadata.topicById(topic) : metadata.topic(topic)
  if (view === undefined || view.isInternal || view.partitions[index] === undefined) return null
  const partition = partitions.get(view.name, index)
  return partition !== undefined && partition.isLeader && partition.isOnline ? partition : null
}

/** False: a codec that came with a later version. */
function isServed(buffer: Buffer, start: number, version: number): boolean {
  return version >= ZSTD_VERSION || codecId(buffer, start) !== CODEC_ZSTD
}

function refusal(
  { metadata }: Services,
  version: number,
  topic: string,
  partition: Partition,
  result: AppendResult,
): ProduceResponse {
  const hints = new LeaderHints(metadata)
  const answer = emptyAnswer(partition.index)
  explain(answer, partition.topic, result, hints)
  return produceResponse(version, topic, answer, hints.endpoints())
}
