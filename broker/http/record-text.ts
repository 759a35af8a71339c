/**
 * Records as HTTP readers see them: JSON text, shaped as `ReadRecord` in `schema/records.ts`. A value that is JSON is
 * copied into it as it is spelt, so that nothing is lost on the way (integers beyond 2^53) and no nesting is too deep.
 */
import { isUtf8 } from 'node:buffer'
import { decodeBatches, type KafkaRecord } from '../../proto/kafka/batch/decode.ts'
import { CompressionError } from '../../proto/kafka/compression/index.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type { PartitionData } from '../../proto/kafka/generated/01-fetch.ts'
import { HTTP_DECOMPRESSED_BYTES_MAX } from '../limits.ts'
import { httpProblem, kafkaProblem, ProblemError } from './problem.ts'

export interface RecordText {
  readonly offset: number
  readonly text: string
}

export interface RecordTexts {
  readonly records: readonly RecordText[]
  /** Where to go on. */
  readonly nextOffset: number
  /** Characters of all records. */
  readonly length: number
}

/** When to stop; the first record is taken whatever its length. */
export interface TextBounds {
  readonly records: number
  readonly length: number
}

/**
 * The records from `offset` on that a fetch of one partition brought; control batches are passed over. Throws a
 * ProblemError for a batch that cannot be read, unless there are records before it.
 */
export function recordTexts(data: PartitionData, offset: number, bounds: TextBounds): RecordTexts {
  const records: RecordText[] = []
  let length = 0
  let nextOffset = offset
  let batchEnd = offset
  try {
    for (const batch of decodeBatches(data.records, { maxDecompressedBytes: HTTP_DECOMPRESSED_BYTES_MAX })) {
      if (batch.lastOffset < offset) continue
      batchEnd = batch.lastOffset + 1
      for (const record of batch.isControl ? [] : batch.records()) {
        if (record.offset < offset) continue
        if (records.length === bounds.records) return { records, nextOffset: record.offset, length }
        const text = recordText(data.partitionIndex, record)
        if (records.length > 0 && length + text.length > bounds.length)
          return { records, nextOffset: record.offset, length }
        records.push({ offset: record.offset, text })
        length += text.length
        nextOffset = record.offset + 1
      }
      nextOffset = batchEnd
    }
  } catch (error) {
    if (records.length === 0) throw unreadable(error as Error, nextOffset, batchEnd)
  }
  return { records, nextOffset, length }
}

function unreadable(error: Error, offset: number, batchEnd: number): ProblemError {
  const where = `the batch at offset ${offset} cannot be read: ${error.message}`
  if (error instanceof CompressionError && error.code !== 'CORRUPT') {
    return httpProblem(422, 'Unprocessable Content', `${where}; go on at offset ${batchEnd}`)
  }
  // Retriable where a network lies between; what the broker's own log holds does not get better.
  const { problem } = kafkaProblem(Errors.CORRUPT_MESSAGE, where)
  return new ProblemError({ ...problem, status: 500 })
}

function recordText(partition: number, { offset, timestamp, key, value, headers }: KafkaRecord): string {
  const head = `{"partition":${partition},"offset":${offset},"timestamp":${timestamp},"key":`
  return `${head}${fieldText(key, 'key')},"value":${valueText(value)},"headers":[${headers.map(headerText).join(',')}]}`
}

function headerText({ key, value }: KafkaRecord['headers'][number]): string {
  return `{"key":${JSON.stringify(key)},"value":${fieldText(value, 'value')}}`
}

/** The bytes as a JSON string, and how to read it. */
function fieldText(bytes: Buffer | null, name: 'key' | 'value'): string {
  if (bytes === null) return `null,"${name}Encoding":null`
  if (isUtf8(bytes)) return `${JSON.stringify(bytes.toString('utf8'))},"${name}Encoding":"text"`
  return `"${bytes.toString('base64')}","${name}Encoding":"base64"`
}

function valueText(bytes: Buffer | null): string {
  if (bytes === null || !mayBeJson(bytes[0]) || !isUtf8(bytes)) return fieldText(bytes, 'value')
  const text = bytes.toString('utf8')
  return isJson(text) ? `${text},"valueEncoding":"json"` : fieldText(bytes, 'value')
}

/** What JSON text can begin with: spares most other text the exception of a failing parse. */
const jsonStarts = new Set(Buffer.from(' \t\r\n{["-0123456789tfn'))

function mayBeJson(first: number | undefined): boolean {
  return first !== undefined && jsonStarts.has(first)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
