/** What `millrace log dump` prints of each row, as text and as JSON. */
import type { DumpRow } from '../broker/log/inspect/dump.ts'
import { codecName } from '../proto/kafka/compression/index.ts'
import { decodeInternal } from './log-records.ts'

export type BytesForm = 'utf8' | 'hex'

export interface RowStyle {
  readonly keys: BytesForm
  readonly values: BytesForm
}

type Batch = Extract<DumpRow, { type: 'batch' }>
type StoredRecord = Extract<DumpRow, { type: 'record' }>
type Producer = Extract<DumpRow, { type: 'producer' }>

export function rowAsText(row: DumpRow, style: RowStyle): string {
  switch (row.type) {
    case 'file':
      return `# ${row.file}  ${row.sizeBytes} bytes`
    case 'batch':
      return batchText(row)
    case 'record':
      return recordText(row, style)
    case 'damage':
      return `damaged  position ${row.position}  bytes ${row.sizeBytes}  ${row.what}`
    case 'offset-entry':
      return `offset ${row.offset}  position ${row.position}`
    case 'time-entry':
      return `timestamp ${row.timestamp} ${time(row.timestamp)}  offset ${row.offset}`
    case 'aborted': {
      const { producerId, firstOffset, lastOffset, lastStableOffset } = row
      return `aborted  producer ${producerId}  offsets ${firstOffset}-${lastOffset}  last stable offset ${lastStableOffset}`
    }
    case 'producer':
      return producerText(row)
    case 'durable-end':
      return `durable up to offset ${row.offset} (exclusive)  segment ${row.segment}  position ${row.position}`
    case 'line':
      return row.text
  }
}

/** The same as a value for JSON: bytes are text, or hex where asked for or not UTF-8. */
export function rowAsJson(row: DumpRow, style: RowStyle): unknown {
  if (row.type === 'batch')
    return { ...row, codec: codecName(row.codec) ?? row.codec, crc: hexOf(row.crc), crcOk: true }
  if (row.type !== 'record') return row
  const { type, offset, timestamp, key, value, headers } = row
  return {
    ...{ type, offset, timestamp },
    key: bytesAsJson(key, style.keys),
    value: bytesAsJson(value, style.values),
    headers: headers.map((header) => [header.key, bytesAsJson(header.value, style.values)]),
    ...decodedPart(row),
  }
}

function decodedPart(row: StoredRecord): { decoded?: unknown } {
  const decoded = decodeInternal(row)
  return decoded === null ? {} : { decoded }
}

function batchText(row: Batch): string {
  const first = row.baseSequence
  const last = (first + row.lastOffset - row.baseOffset) & 0x7fffffff
  const sequence = first < 0 ? '' : ` sequence ${first}-${last}`
  const parts = [
    `offsets ${row.baseOffset}-${row.lastOffset}`,
    `position ${row.position}`,
    `bytes ${row.sizeBytes}`,
    `epoch ${row.leaderEpoch}`,
    `records ${row.recordsCount}`,
    `codec ${codecName(row.codec) ?? row.codec}`,
    row.producerId < 0 ? '' : `producer ${row.producerId}/${row.producerEpoch}${sequence}`,
    `time ${time(row.baseTimestamp)}..${time(row.maxTimestamp)}`,
    row.isLogAppendTime ? 'log-append-time' : '',
    row.isTransactional ? 'transactional' : '',
    row.isControl ? 'control' : '',
    row.hasDeleteHorizon ? 'delete-horizon' : '',
    `crc ${hexOf(row.crc)} ok`,
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function recordText(row: StoredRecord, style: RowStyle): string {
  const start = `  offset ${row.offset}  time ${time(row.timestamp)}`
  const headers = row.headers.map(({ key, value }) => `${quoted(key)}=${bytesText(value, style.values)}`)
  const tail = headers.length === 0 ? '' : `  headers ${headers.join(' ')}`
  const decoded = decodeInternal(row)
  if (decoded !== null) return `${start}  ${visible(JSON.stringify(decoded))}${tail}`
  return `${start}  key ${bytesText(row.key, style.keys)}  value ${bytesText(row.value, style.values)}${tail}`
}

function producerText(row: Producer): string {
  const batches = row.batches.map(({ lastSequence, lastOffset }) => `${lastSequence}@${lastOffset}`)
  const open = row.currentTxnFirstOffset < 0 ? '' : `  transaction open from ${row.currentTxnFirstOffset}`
  const last = batches.length === 0 ? 'no batch' : `last sequence@offset ${batches.join(' ')}`
  return `producer ${row.producerId}/${row.epoch}  ${last}  time ${time(row.lastTimestamp)}  coordinator epoch ${row.coordinatorEpoch}${open}`
}

function time(timestampMs: number): string {
  const date = new Date(timestampMs)
  return timestampMs < 0 || Number.isNaN(date.getTime()) ? String(timestampMs) : date.toISOString()
}

function hexOf(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`
}

function bytesText(bytes: Buffer | null, form: BytesForm): string {
  if (bytes === null) return 'null'
  const text = form === 'utf8' ? textOf(bytes) : null
  return text === null ? `0x${bytes.toString('hex')}` : quoted(text)
}

function bytesAsJson(bytes: Buffer | null, form: BytesForm): unknown {
  if (bytes === null) return null
  return (form === 'utf8' ? textOf(bytes) : null) ?? { hex: bytes.toString('hex') }
}

/** Null when the bytes are not UTF-8. */
function textOf(bytes: Buffer): string | null {
  const text = bytes.toString('utf8')
  return Buffer.byteLength(text) === bytes.length && !text.includes('\ufffd') ? text : null
}

function quoted(text: string): string {
  return visible(JSON.stringify(text))
}

/** What JSON leaves of control characters: a record must not rewrite the terminal. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
