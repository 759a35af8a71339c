import { describe, expect, it } from 'vitest'
import { encodeBatch, type RecordInput } from '../../../proto/kafka/batch/encode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { validateClientBatch, type BatchRules } from '../../../proto/kafka/batch/validate.ts'
import { errorName } from '../../../proto/kafka/errors.ts'
import { fc } from './property.ts'

const rules: BatchRules = {
  maxBatchBytes: 1_000_000,
  isCompacted: false,
  timestamps: null,
  maxDecompressedBytes: 1_000_000,
}
const keyed: RecordInput = { key: 'k', value: 'v', timestamp: 1000 }
const keyless: RecordInput = { ...keyed, key: null }

function check(batch: Parameters<typeof validateClientBatch>[0], changed: Partial<BatchRules> = {}): string | null {
  const refusal = validateClientBatch(batch, { ...rules, ...changed })
  return refusal === null ? null : errorName(refusal.error)
}

/** A batch with some bytes of it changed and the CRC made right again. */
function altered(change: (batch: Buffer) => void, records = [keyed, keyed]): Buffer {
  const batch = encodeBatch(records)
  change(batch)
  header.setCrc(batch, 0)
  return batch
}

describe('one batch of magic 2 for each partition (W8)', () => {
  it('is accepted', () => {
    expect(check(encodeBatch([keyed, keyless]))).toBeNull()
    expect(check(encodeBatch([keyed], { producerId: 5, producerEpoch: 0, baseSequence: 0 }))).toBeNull()
    for (const codec of [1, 2, 3, 4]) expect(check(encodeBatch([keyed, keyless], { codec }))).toBeNull()
  })

  it('no batch, two batches or half a batch are INVALID_RECORD', () => {
    const batch = encodeBatch([keyed])
    expect(check(null)).toBe('INVALID_RECORD')
    expect(check(Buffer.alloc(0))).toBe('INVALID_RECORD')
    expect(check(Buffer.concat([batch, batch]))).toBe('INVALID_RECORD')
    expect(check(Buffer.concat([batch, Buffer.alloc(3)]))).toBe('INVALID_RECORD')
    expect(check(batch.subarray(0, -1))).toBe('INVALID_RECORD')
  })

  it('magic 0 and 1 are INVALID_RECORD, others CORRUPT_MESSAGE', () => {
    expect(check(altered((batch) => batch.writeInt8(0, 16)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeInt8(1, 16)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeInt8(3, 16)))).toBe('CORRUPT_MESSAGE')
    expect(check(altered((batch) => batch.writeInt8(-1, 16)))).toBe('CORRUPT_MESSAGE')
  })
})

describe('what LogValidator checks (W10)', () => {
  it('a bad CRC or an impossible length is CORRUPT_MESSAGE', () => {
    const batch = encodeBatch([keyed])
    batch[30]! ^= 1
    expect(check(batch)).toBe('CORRUPT_MESSAGE')
    for (const length of [48, 0, -1]) {
      const short = encodeBatch([keyed])
      short.writeInt32BE(length, 8)
      expect(check(short)).toBe('CORRUPT_MESSAGE')
    }
  })

  it('over max.message.bytes is MESSAGE_TOO_LARGE, at it is accepted', () => {
    const batch = encodeBatch([keyed])
    expect(check(batch, { maxBatchBytes: batch.length })).toBeNull()
    expect(check(batch, { maxBatchBytes: batch.length - 1 })).toBe('MESSAGE_TOO_LARGE')
  })

  it('offsets that do not begin at 0, or do not fit the count, are INVALID_RECORD', () => {
    expect(check(encodeBatch([keyed], { baseOffset: 1 }))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeInt32BE(-1, 23)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeInt32BE(2, 23)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeInt32BE(0x7fffffff, 23)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeInt32BE(0, 57)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeInt32BE(-5, 57)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeInt32BE(3, 57)))).toBe('INVALID_RECORD')
  })

  it('control records are INVALID_RECORD', () => {
    expect(check(encodeBatch([keyed], { isControl: true }))).toBe('INVALID_RECORD')
  })

  it('a negative sequence with a producer id is INVALID_RECORD, without one it is not', () => {
    expect(check(encodeBatch([keyed], { producerId: 1, producerEpoch: 0 }))).toBe('INVALID_RECORD')
    expect(check(encodeBatch([keyed], { producerId: -1 }))).toBeNull()
  })

  it('codecs 5 to 7 are INVALID_RECORD', () => {
    expect(check(altered((batch) => batch.writeInt16BE(5, 21)))).toBe('INVALID_RECORD')
  })

  it('keyless records on a compacted topic are named one by one, compressed or not', () => {
    for (const codec of [0, 1, 2, 3, 4]) {
      const batch = encodeBatch([keyed, keyless, keyed, keyless], { codec })
      expect(check(batch)).toBeNull()
      const refusal = validateClientBatch(batch, { ...rules, isCompacted: true })!
      expect(errorName(refusal.error)).toBe('INVALID_RECORD')
      expect(refusal.recordErrors.map((error) => error.batchIndex)).toEqual([1, 3])
      expect(check(encodeBatch([keyed, keyed], { codec }), { isCompacted: true })).toBeNull()
    }
  })

  it('the refusal says so in the words of Kafka', () => {
    const records = [keyed, keyless, keyless, keyless, keyless]
    const refusal = validateClientBatch(encodeBatch(records), { ...rules, isCompacted: true, topicPartition: 't-0' })!
    const why = 'Compacted topic cannot accept message without key in topic partition t-0'
    expect(refusal.recordErrors[0]).toEqual({ batchIndex: 1, message: why })
    const [first, second, third] = [1, 2, 3].map((index) => `RecordError(batchIndex=${index}, message='${why}')`)
    expect(refusal.message).toBe(
      'One or more records have been rejected due to 4 record errors in total, and only showing the first three ' +
        `errors at most: [${first}, ${second}, ${third}]`,
    )
  })

  it('the records named are bounded', () => {
    const refusal = validateClientBatch(encodeBatch(new Array<RecordInput>(5000).fill(keyless)), {
      ...rules,
      isCompacted: true,
    })
    expect(refusal!.recordErrors).toHaveLength(100)
  })

  it('timestamps out of bounds are INVALID_TIMESTAMP; of compressed batches the newest counts', () => {
    const timestamps = { earliestMs: 500, latestMs: 1500 }
    expect(check(encodeBatch([keyed]), { timestamps })).toBeNull()
    const late = encodeBatch([keyed, { ...keyed, timestamp: 1501 }])
    expect(check(late, { timestamps })).toBe('INVALID_TIMESTAMP')
    expect(validateClientBatch(late, { ...rules, timestamps })!.recordErrors.map((e) => e.batchIndex)).toEqual([1])
    expect(check(encodeBatch([{ ...keyed, timestamp: 499 }]), { timestamps })).toBe('INVALID_TIMESTAMP')
    expect(check(encodeBatch([{ ...keyed, timestamp: 1501 }], { codec: 1 }), { timestamps })).toBe('INVALID_TIMESTAMP')
  })
})

describe('the framing of uncompressed records', () => {
  it('a wrong length, an offset delta out of order, or bytes left over are INVALID_RECORD', () => {
    const at = header.HEADER_BYTES
    expect(check(altered((batch) => batch.writeUInt8(batch[at]! + 2, at)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeUInt8(0, at)))).toBe('INVALID_RECORD')
    expect(check(altered((batch) => batch.writeUInt8(2, at + 3)))).toBe('INVALID_RECORD')
    const padded = Buffer.concat([encodeBatch([keyed]), Buffer.alloc(4)])
    padded.writeInt32BE(padded.length - 12, 8)
    header.setCrc(padded, 0)
    expect(check(padded)).toBe('INVALID_RECORD')
    expect(
      check(
        encodeBatch(
          [
            { ...keyed, offsetDelta: 1 },
            { ...keyed, offsetDelta: 0 },
          ],
          { lastOffsetDelta: 1 },
        ),
      ),
    ).toBe('INVALID_RECORD')
  })

  it('compressed data that cannot be read is CORRUPT_MESSAGE where it has to be read, a bomb MESSAGE_TOO_LARGE', () => {
    const broken = encodeBatch([keyed, keyed], { codec: 1 })
    broken.fill(0, header.HEADER_BYTES)
    header.setCrc(broken, 0)
    expect(check(broken)).toBeNull()
    expect(check(broken, { isCompacted: true })).toBe('CORRUPT_MESSAGE')
    const bomb = encodeBatch([{ ...keyed, value: Buffer.alloc(2_000_000) }], { codec: 4 })
    expect(check(bomb, { isCompacted: true })).toBe('MESSAGE_TOO_LARGE')
  })

  it('any bytes are accepted or refused, never thrown at', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    const edited = fc.tuple(change, fc.boolean(), fc.integer({ min: 0, max: 4 })).map(([changes, fixCrc, codec]) => {
      const batch = encodeBatch([keyed, keyless, keyed], { codec })
      for (const [at, byte] of changes) batch[at % batch.length] = byte
      if (fixCrc && header.batchSize(batch, 0) === batch.length) header.setCrc(batch, 0)
      return batch
    })
    const random = fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.oneof(edited, random), fc.boolean(), (batch, isCompacted) => {
        const refusal = validateClientBatch(batch, { ...rules, isCompacted })
        expect(refusal === null || refusal.error > 0).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
