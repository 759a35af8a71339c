/** Which rows the comparison has. */
import type { ProduceLoad } from './clients.ts'

/** Each as [usual, other]: the settings a producer is run with. */
const settings = {
  recordBytes: [1024, 100],
  batchKb: [16, 64],
  acks: ['all', '1'],
  codec: ['none', 'lz4'],
  partitions: [1, 6],
} as const

/** Records a run measures, by their size: two to five seconds. */
const recordsOf = (recordBytes: number, scale: number) => (recordBytes === 100 ? 700_000 : 200_000) * scale

/** The load whose n-th setting is the other one where bit n is set. */
function loadOf(bits: number, scale: number): ProduceLoad {
  const pick = (index: number) => ((bits >> index) & 1) as 0 | 1
  const recordBytes = settings.recordBytes[pick(0)]
  return {
    recordBytes,
    batchKb: settings.batchKb[pick(1)],
    acks: settings.acks[pick(2)],
    codec: settings.codec[pick(3)],
    partitions: settings.partitions[pick(4)],
    records: recordsOf(recordBytes, scale),
  }
}

function setBits(value: number): number {
  let count = 0
  for (let left = value; left > 0; left >>= 1) count += left & 1
  return count
}

export interface Plan {
  readonly produce: readonly ProduceLoad[]
  readonly paced: readonly ProduceLoad[]
  readonly sync: readonly ProduceLoad[]
  /** Records consumed, by their size. */
  readonly consume: readonly { readonly recordBytes: number; readonly records: number }[]
  /** Times each row is taken on both sides, in alternating order; the median of the pairs counts. */
  readonly rounds: number
  readonly starts: number
}

const usual = loadOf(0, 1)

/** Half of the full factorial of five settings, such that any four of them occur in every combination. */
export const standardPlan: Plan = {
  produce: Array.from({ length: 32 }, (_, bits) => bits)
    .filter((bits) => setBits(bits) % 2 === 0)
    .map((bits) => loadOf(bits, 1)),
  paced: [
    { ...usual, records: 8_000, perSecond: 1000 },
    { ...usual, records: 80_000, perSecond: 10_000 },
  ],
  sync: [
    { ...usual, records: 60_000 },
    { ...usual, batchKb: 64, records: 120_000 },
    { ...usual, partitions: 6, records: 60_000 },
    { ...usual, records: 8_000, perSecond: 1000 },
  ],
  consume: [
    { recordBytes: 1024, records: 500_000 },
    { recordBytes: 100, records: 3_000_000 },
  ],
  rounds: 3,
  starts: 3,
}

export const quickPlan: Plan = {
  produce: [usual, { ...usual, batchKb: 64 }, loadOf(0b01001, 1), loadOf(0b10100, 1)],
  paced: [{ ...usual, records: 50_000, perSecond: 10_000 }],
  sync: [{ ...usual, records: 40_000 }],
  consume: [{ recordBytes: 1024, records: 400_000 }],
  rounds: 1,
  starts: 2,
}
