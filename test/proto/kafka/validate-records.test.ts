import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { recordsOf } from '../../../proto/kafka/batch/decode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { validateClientBatch } from '../../../proto/kafka/batch/validate.ts'

const NOW_MS = 1_700_000_000_000
const rules = {
  maxBatchBytes: 1_000_000,
  isCompacted: false,
  timestamps: { earliestMs: NOW_MS - 1000, latestMs: NOW_MS + 1000 },
  maxDecompressedBytes: 1_000_000,
}

/** The verdict of the record cursor alone. */
function isGood(batch: Buffer, isCompacted: boolean): boolean {
  const { earliestMs, latestMs } = rules.timestamps
  try {
    const cursor = recordsOf(batch, 0)
    while (cursor.advance()) {
      if (cursor.offsetDelta !== cursor.index || (isCompacted && cursor.keyLength < 0)) return false
      if (cursor.timestamp < earliestMs || cursor.timestamp > latestMs) return false
    }
    return true
  } catch {
    return false
  }
}

const record = fc.record({
  key: fc.option(fc.string({ maxLength: 70 })),
  value: fc.option(fc.string({ maxLength: 200 })),
  timestamp: fc.integer({ min: NOW_MS - 1100, max: NOW_MS + 1100 }),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 3 }), value: fc.constant(Buffer.from('h')) }), {
    maxLength: 1,
  }),
})

describe('records of a client batch', () => {
  it('are let in exactly when the record cursor finds nothing wrong with them, byte by byte damaged or not', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 })
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 5 }),
        damage,
        fc.boolean(),
        (records, hits, compacted) => {
          const batch = encodeBatch(records)
          for (const [at, byte] of hits) {
            batch[header.HEADER_BYTES + (at % (batch.length - header.HEADER_BYTES))] = byte
          }
          header.setCrc(batch, 0)
          const verdict = validateClientBatch(batch, { ...rules, isCompacted: compacted })
          expect(verdict === null).toBe(isGood(batch, compacted))
        },
      ),
      { numRuns: 2000 },
    )
  })
})
