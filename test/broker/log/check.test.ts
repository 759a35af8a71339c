import { describe, expect, it } from 'vitest'
import { checkBatch } from '../../../broker/log/check.ts'
import { defaultLogConfig, type LogConfig } from '../../../broker/log/config.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { errorName } from '../../../proto/kafka/errors.ts'
import { batch, NOW_MS } from './harness.ts'

function verdict(data: Buffer, overrides: Partial<LogConfig> = {}): string {
  const refusal = checkBatch(data, { ...defaultLogConfig, ...overrides }, NOW_MS)
  return refusal === null ? 'NONE' : errorName(refusal.error)
}

/** A batch with something changed in its header, the CRC made right again. */
function changed(change: (data: Buffer) => void, count = 2): Buffer {
  const data = batch('v', count)
  change(data)
  header.setCrc(data, 0)
  return data
}

describe('checkBatch', () => {
  it('W8: takes exactly one batch of magic 2', () => {
    expect(verdict(batch('v', 3))).toBe('NONE')
    expect(verdict(Buffer.concat([batch('a'), batch('b')]))).toBe('INVALID_RECORD')
    expect(verdict(Buffer.alloc(0))).toBe('INVALID_RECORD')
    expect(verdict(changed((data) => void (data[16] = 1)))).toBe('INVALID_RECORD')
  })

  it('W10: refuses a bad CRC as corrupt', () => {
    const data = batch('v')
    data[data.length - 1] ^= 1
    expect(verdict(data)).toBe('CORRUPT_MESSAGE')
  })

  it('W10: refuses counts, ranges, control batches and sequences that a client may not send', () => {
    expect(verdict(changed((data) => data.writeInt32BE(7, 57)))).toBe('INVALID_RECORD')
    expect(verdict(changed((data) => data.writeInt32BE(0, 57)))).toBe('INVALID_RECORD')
    expect(verdict(changed((data) => data.writeInt32BE(-5, 23)))).toBe('INVALID_RECORD')
    expect(verdict(batch('v', 1, { isControl: true }))).toBe('INVALID_RECORD')
    expect(verdict(batch('v', 1, { producerId: 5, producerEpoch: 0, baseSequence: -1 }))).toBe('INVALID_RECORD')
    expect(verdict(changed((data) => header.setBaseOffset(data, 0, 3)))).toBe('INVALID_RECORD')
  })

  it('W10: size before CRC before records', () => {
    const data = batch('v', 1, { valueBytes: 2000 })
    data[data.length - 1] ^= 1
    expect(verdict(data, { maxMessageBytes: 1000 })).toBe('MESSAGE_TOO_LARGE')
    expect(verdict(batch('v', 1, { valueBytes: 2000 }), { maxMessageBytes: 1000 })).toBe('MESSAGE_TOO_LARGE')
    expect(verdict(batch('v', 1, { valueBytes: 2000 }), { segmentBytes: 1000 })).toBe('RECORD_LIST_TOO_LARGE')
  })

  it('W10: bounds CreateTime on both sides, and not LogAppendTime', () => {
    const bounds = { messageTimestampBeforeMaxMs: 1000, messageTimestampAfterMaxMs: 500 }
    expect(verdict(batch('v', 1, { timestamp: NOW_MS + 500 }), bounds)).toBe('NONE')
    expect(verdict(batch('v', 1, { timestamp: NOW_MS + 501 }), bounds)).toBe('INVALID_TIMESTAMP')
    expect(verdict(batch('v', 1, { timestamp: NOW_MS - 1000 }), bounds)).toBe('NONE')
    expect(verdict(batch('v', 1, { timestamp: NOW_MS - 1001 }), bounds)).toBe('INVALID_TIMESTAMP')
    expect(verdict(batch('v', 1, { timestamp: 5 }), { ...bounds, messageTimestampType: 'LogAppendTime' })).toBe('NONE')
    expect(verdict(batch('v', 1, { timestamp: 5 }))).toBe('NONE')
  })

  it('refuses a newest timestamp in the header that lies in the future, though no record does', () => {
    expect(verdict(changed((data) => data.writeBigInt64BE(BigInt(NOW_MS) * 2n, 35)))).toBe('INVALID_TIMESTAMP')
  })

  it('refuses a client that sets LogAppendTime where the broker does', () => {
    expect(verdict(batch('v', 1, { appendTimeMs: NOW_MS }), { messageTimestampType: 'LogAppendTime' })).toBe(
      'INVALID_TIMESTAMP',
    )
  })

  it('W10: names the keyless records on a compacted topic', () => {
    const compact = { cleanupPolicy: { delete: false, compact: true } }
    const records = [
      { key: 'a', value: 'x', timestamp: NOW_MS },
      { key: null, value: 'y', timestamp: NOW_MS },
    ]
    for (const codec of [0, 1]) {
      const refusal = checkBatch(encodeBatch(records, { codec }), { ...defaultLogConfig, ...compact }, NOW_MS)
      expect(refusal).toMatchObject({ error: 87 })
      expect(refusal!.recordErrors.map((found) => found.batchIndex)).toEqual([1])
    }
    expect(verdict(batch('v', 3), compact)).toBe('NONE')
  })
})
