/** Packs a recording for the demo; `demo/sample.ts` describes the layout and reads it. */
import { brotliCompressSync, constants } from 'node:zlib'
import type { SampleColumn, SampleHeader } from '../demo/sample.ts'

export interface Recording {
  readonly name: string
  readonly source: string
  readonly metrics: readonly string[]
  /** Row-major, training rows first. */
  readonly values: Float64Array
  readonly trainRows: number
  readonly testRows: number
  readonly events: readonly (readonly [number, number])[]
}

const WORDS = 65_535
/** Steps per spread of a column: fine enough that a detector cannot tell, coarse enough to compress. */
const STEPS_PER_SPREAD = 64
const NORMAL_IQR = 1.349

function compress(bytes: Uint8Array, quality: number): Buffer {
  return brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: 24 },
  })
}

/** The smaller of interquartile range and deviation: what the metric does most of the time. */
function spreadOf(sorted: Float64Array): number {
  const n = sorted.length
  const mean = sorted.reduce((sum, x) => sum + x, 0) / n
  const deviation = Math.sqrt(sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n)
  const quartiles = (sorted[Math.floor(0.75 * n)]! - sorted[Math.floor(0.25 * n)]!) / NORMAL_IQR
  return quartiles > 0 ? Math.min(quartiles, deviation) : deviation / 4
}

function planes(words: Uint16Array, delta: boolean): Uint8Array {
  const n = words.length
  const out = new Uint8Array(2 * n)
  let previous = 0
  for (let i = 0; i < n; i++) {
    const word = words[i]!
    const difference = ((word - previous) << 16) >> 16
    const packed = delta ? ((difference << 1) ^ (difference >> 31)) & 0xffff : word
    out[i] = packed >>> 8
    out[n + i] = packed & 0xff
    previous = word
  }
  return out
}

export function packSample(recording: Recording): Buffer {
  const { metrics, values, trainRows, testRows, ...rest } = recording
  const rows = trainRows + testRows
  const columns: SampleColumn[] = []
  const parts: Uint8Array[] = []
  metrics.forEach((name, j) => {
    const column = Float64Array.from({ length: rows }, (_, i) => values[i * metrics.length + j]!)
    const sorted = Float64Array.from(column).sort()
    const low = sorted[0]!
    const step = Math.max((sorted[rows - 1]! - low) / WORDS, spreadOf(sorted) / STEPS_PER_SPREAD) || 1
    const words = Uint16Array.from(column, (x) => Math.min(WORDS, Math.round((x - low) / step)))
    const [plain, differences] = [planes(words, false), planes(words, true)]
    const delta = compress(differences, 5).length < compress(plain, 5).length
    columns.push({ name, low, step, delta })
    parts.push(delta ? differences : plain)
  })
  const header: SampleHeader = {
    format: 1,
    name: rest.name,
    source: rest.source,
    trainRows,
    testRows,
    columns,
    events: rest.events,
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return compress(Buffer.concat([length, json, ...parts]), 11)
}
