/** What `dump` shows of each kind of file. */
import { describe, expect, it } from 'vitest'
import { type DumpOptions, dumpPath, type DumpRow } from '../../../../broker/log/inspect/dump.ts'
import type { Disk } from '../../../../broker/ports/disk.ts'
import { DIRECTORY, DURABLE_MARK, FIRST_LOG } from '../harness.ts'
import * as support from './support.ts'

const ALL = { fromOffset: 0, toOffset: Number.MAX_SAFE_INTEGER, records: false }

function rows(disk: Disk, path: string, options: Partial<DumpOptions> = {}): DumpRow[] {
  const found: DumpRow[] = []
  dumpPath(disk, path, { ...ALL, ...options }, (row) => found.push(row) > 0)
  return found
}

const ofType = <T extends DumpRow['type']>(all: DumpRow[], type: T) =>
  all.filter((row): row is Extract<DumpRow, { type: T }> => row.type === type)

describe('a dump', () => {
  it('of a log shows every batch with its header', () => {
    const { disk } = support.ourLog()
    const batches = ofType(rows(disk, FIRST_LOG), 'batch')
    expect(batches).toHaveLength(7)
    expect(batches[1]).toMatchObject({
      ...{ baseOffset: 3, lastOffset: 5, position: 271, sizeBytes: 271, leaderEpoch: 0, codec: 0, recordsCount: 3 },
      ...{ producerId: 1, producerEpoch: 0, baseSequence: 0, isControl: false, maxTimestamp: 1_700_000_000_102 },
    })
  })

  it('of a range shows the batches that touch it, and only its records', () => {
    const { disk } = support.ourLog()
    const found = rows(disk, DIRECTORY, { fromOffset: 19, toOffset: 21, records: true })
    expect(ofType(found, 'batch').map(({ baseOffset }) => baseOffset)).toEqual([18, 21])
    expect(ofType(found, 'record').map(({ offset }) => offset)).toEqual([19, 20, 21])
  })

  it('of a damaged log shows the damage between what is whole', () => {
    const { disk } = support.ourLog()
    support.flip(disk, FIRST_LOG, 300)
    const types = rows(disk, FIRST_LOG).map(({ type }) => type)
    expect(types.slice(0, 4)).toEqual(['file', 'batch', 'damage', 'batch'])
  })

  it('of indexes, snapshots, the durable mark and text files shows their entries', () => {
    const { disk } = support.ourLog()
    const found = rows(disk, DIRECTORY)
    expect(ofType(found, 'offset-entry')[0]).toEqual({ type: 'offset-entry', entry: 0, offset: 8, position: 542 })
    expect(ofType(found, 'time-entry')[0]).toMatchObject({ timestamp: 1_700_000_000_202, offset: 8 })
    const [durable] = ofType(rows(disk, DURABLE_MARK), 'durable-end')
    expect(durable).toEqual({ type: 'durable-end', offset: 72, segment: 63, position: 813 })
    const producers = ofType(rows(disk, `${DIRECTORY}/00000000000000000063.snapshot`), 'producer')
    expect(producers.map(({ producerId, batches }) => [producerId, batches.length])).toEqual([
      [0, 5],
      [1, 5],
    ])
    expect(ofType(found, 'line').map(({ text }) => text)).toEqual([
      '0',
      '2',
      '0 0',
      '1 36',
      'version: 0',
      expect.any(String),
    ])
  })

  it("of Kafka's index of aborted transactions shows each", () => {
    const disk = support.kafkaDirectory(support.fixture, 'clean')
    const aborted = ofType(rows(disk, '/data/txn-0/00000000000000000005.txnindex'), 'aborted')
    expect(aborted).toHaveLength(2)
    expect(aborted[0]).toMatchObject({ producerId: 1, firstOffset: 6, lastOffset: 11 })
  })

  it("of Kafka's laid-out index shows the used entries and counts the rest", () => {
    const disk = support.kafkaDirectory(support.fixture, 'crashed')
    const [, line] = rows(disk, '/data/txn-0/00000000000000000005.timeindex')
    expect(line).toEqual({ type: 'line', text: '5461 entries of zeros, laid out for what comes' })
  })

  it('ends when its reader has enough', () => {
    const { disk } = support.ourLog()
    let seen = 0
    expect(dumpPath(disk, DIRECTORY, ALL, () => ++seen < 4)).toBe(false)
    expect(seen).toBe(4)
  })
})
