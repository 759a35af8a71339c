import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { assetPath } from '../proto/assets.ts'

/**
 * The packed recording. Layout after Brotli: a 4-byte little-endian length, that many bytes of JSON (`SampleHeader`), then
 * for each column the high bytes of all its words and the low bytes of all its words; training rows come first.
 */
export interface SampleHeader {
  readonly format: 1
  readonly name: string
  readonly source: string
  readonly trainRows: number
  readonly testRows: number
  readonly columns: readonly SampleColumn[]
  /** Labelled anomalies: [first row, last row] of the test part. */
  readonly events: readonly (readonly [number, number])[]
}

export interface SampleColumn {
  readonly name: string
  /** A word `w` stands for `low + w * step`. */
  readonly low: number
  readonly step: number
  /** Words are zigzag differences to the row before. */
  readonly delta: boolean
}

/** One machine's recording: rows row-major, one value per metric, one row a minute. */
export interface Sample {
  readonly name: string
  readonly metrics: readonly string[]
  readonly train: Float32Array
  readonly test: Float32Array
  readonly trainRows: number
  readonly testRows: number
  readonly events: readonly (readonly [number, number])[]
  /** 1 where a test row is labelled anomalous. */
  readonly labels: Uint8Array
}

const BUNDLED = 'demo/sample/machine-2-1.columns.br'
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024

/** Loads the recording that comes with the package. */
export function loadSample(): Sample {
  return unpackSample(readFileSync(assetPath(BUNDLED)))
}

/** Unpacks a recording; throws TypeError when it is not one. */
export function unpackSample(packed: Uint8Array): Sample {
  const bytes = brotliDecompressSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES })
  const headerLength = bytes.length >= 4 ? bytes.readUInt32LE(0) : Number.POSITIVE_INFINITY
  if (headerLength > bytes.length - 4) throw new TypeError('not a recording: its header is cut off')
  const header = JSON.parse(bytes.toString('utf8', 4, 4 + headerLength)) as SampleHeader
  if (header.format !== 1) throw new TypeError(`not a recording of a known format: ${String(header.format)}`)
  const { trainRows, testRows, columns, events } = header
  const rows = trainRows + testRows
  if (bytes.length !== 4 + headerLength + rows * 2 * columns.length)
    throw new TypeError('not a recording: its length does not fit')
  const all = new Float32Array(rows * columns.length)
  columns.forEach((column, j) => {
    readColumn(bytes, 4 + headerLength + j * rows * 2, rows, column, all, j, columns.length)
  })
  const labels = new Uint8Array(testRows)
  for (const [first, last] of events) labels.fill(1, first, last + 1)
  return {
    name: header.name,
    metrics: columns.map((column) => column.name),
    train: all.slice(0, trainRows * columns.length),
    test: all.slice(trainRows * columns.length),
    trainRows,
    testRows,
    events,
    labels,
  }
}

function readColumn(
  bytes: Buffer,
  at: number,
  rows: number,
  column: SampleColumn,
  out: Float32Array,
  offset: number,
  stride: number,
): void {
  let word = 0
  for (let i = 0; i < rows; i++) {
    const packed = (bytes[at + i]! << 8) | bytes[at + rows + i]!
    word = column.delta ? (word + ((packed >>> 1) ^ -(packed & 1))) & 0xffff : packed
    out[i * stride + offset] = column.low + word * column.step
  }
}
