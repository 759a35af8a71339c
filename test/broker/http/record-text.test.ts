import { describe, expect, it } from 'vitest'
import { recordTexts } from '../../../broker/http/record-text.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import {
  defaultEpochEndOffset,
  defaultLeaderIdAndEpoch,
  defaultSnapshotId,
  type PartitionData,
} from '../../../proto/kafka/generated/01-fetch.ts'

const unbounded = { records: 1000, length: 1_000_000 }

function fetched(...records: Buffer[]): PartitionData {
  return {
    partitionIndex: 3,
    errorCode: 0,
    highWatermark: 100,
    lastStableOffset: 100,
    logStartOffset: 0,
    divergingEpoch: defaultEpochEndOffset,
    currentLeader: defaultLeaderIdAndEpoch,
    snapshotId: defaultSnapshotId,
    abortedTransactions: [],
    preferredReadReplica: -1,
    records,
  }
}

function batch(
  baseOffset: number,
  offsetDeltas: readonly number[],
  options: Parameters<typeof encodeBatch>[1] = {},
): Buffer {
  const records = offsetDeltas.map((offsetDelta) => ({
    key: null,
    value: `"v${baseOffset + offsetDelta}"`,
    timestamp: 7,
    offsetDelta,
  }))
  return encodeBatch(records, { baseOffset, ...options })
}

const offsetsOf = (found: ReturnType<typeof recordTexts>) => found.records.map(({ offset }) => offset)

describe('records as text', () => {
  it('name partition, offset and time', () => {
    const { records } = recordTexts(fetched(batch(5, [0])), 5, unbounded)
    expect(JSON.parse(records[0].text)).toEqual({
      partition: 3,
      offset: 5,
      timestamp: 7,
      key: null,
      keyEncoding: null,
      value: 'v5',
      valueEncoding: 'json',
      headers: [],
    })
  })

  it('pass over control batches, and go on behind them', () => {
    const control = batch(2, [0], { isControl: true, isTransactional: true })
    const found = recordTexts(
      fetched(batch(0, [0, 1]), control, batch(3, [0]), batch(4, [0], { isControl: true })),
      0,
      unbounded,
    )
    expect([offsetsOf(found), found.nextOffset]).toEqual([[0, 1, 3], 5])
  })

  it('go on behind what compaction left empty or with holes', () => {
    const holes = batch(10, [1, 4], { lastOffsetDelta: 9 })
    const empty = encodeBatch([], { baseOffset: 20, lastOffsetDelta: 4 })
    expect([
      offsetsOf(recordTexts(fetched(holes, empty), 0, unbounded)),
      recordTexts(fetched(holes, empty), 0, unbounded).nextOffset,
    ]).toEqual([[11, 14], 25])
    expect(recordTexts(fetched(holes), 15, unbounded)).toMatchObject({ records: [], nextOffset: 20 })
  })

  it('leave out what lies before the offset, also in a batch of its own', () => {
    expect(offsetsOf(recordTexts(fetched(batch(0, [0, 1]), batch(2, [0, 1, 2])), 3, unbounded))).toEqual([3, 4])
  })

  it('stop at the first bound, but never before the first record', () => {
    const data = fetched(batch(0, [0, 1, 2]))
    expect(recordTexts(data, 0, { records: 2, length: 1_000_000 })).toMatchObject({ nextOffset: 2 })
    const [first] = recordTexts(data, 0, unbounded).records
    const two = recordTexts(data, 0, { records: 9, length: first.text.length * 2 })
    expect([offsetsOf(two), two.nextOffset, two.length]).toEqual([[0, 1], 2, first.text.length * 2])
    expect(offsetsOf(recordTexts(data, 0, { records: 9, length: 1 }))).toEqual([0])
  })

  it('leave out a last batch that is cut off', () => {
    const whole = batch(0, [0])
    const found = recordTexts(fetched(Buffer.concat([whole, batch(1, [0]).subarray(0, 70)])), 0, unbounded)
    expect([offsetsOf(found), found.nextOffset]).toEqual([[0], 1])
  })

  it('give what comes before a batch that cannot be read, and name it when asked for it', () => {
    const broken = batch(1, [0])
    broken[broken.length - 1] ^= 0xff
    const found = recordTexts(fetched(batch(0, [0]), broken), 0, unbounded)
    expect([offsetsOf(found), found.nextOffset]).toEqual([[0], 1])
    expect(() => recordTexts(fetched(broken), 1, unbounded)).toThrow(/batch at offset 1 .*CRC/)
  })
})
