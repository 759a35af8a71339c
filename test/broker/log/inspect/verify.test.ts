/** What `verify` says of whole directories, Kafka's and ours, and of each kind of damage. */
import { describe, expect, it } from 'vitest'
import { verifyDirectory } from '../../../../broker/log/inspect/verify-directory.ts'
import { verifyPartition } from '../../../../broker/log/inspect/verify-partition.ts'
import type { Disk } from '../../../../broker/ports/disk.ts'
import { append, batch, DIRECTORY, DURABLE_MARK, FIRST_LOG, TOPIC_ID } from '../harness.ts'
import * as support from './support.ts'

const SECOND = `${DIRECTORY}/00000000000000000021`
const THIRD = `${DIRECTORY}/00000000000000000042`
const LAST = `${DIRECTORY}/00000000000000000063`

/** The findings but notes, in short. */
function problems(disk: Disk, path = DIRECTORY): string[] {
  return support
    .findingsIn(disk, path)
    .filter(({ severity }) => severity !== 'note')
    .map(({ severity, file, position, what }) => `${severity} ${file.replace(`${path}/`, '')} ${position} ${what}`)
}

function kafkaCases(archive: string): void {
  for (const kind of ['clean', 'crashed'] as const) {
    it(`accepts Kafka's ${kind} directory`, { timeout: 30_000 }, () => {
      const disk = support.kafkaDirectory(archive, kind)
      const before = support.allFiles(disk, '/data')
      expect(problems(disk, '/data')).toEqual([])
      expect(support.allFiles(disk, '/data')).toEqual(before)
    })

    it(`sees a torn tail in Kafka's ${kind} directory as ${kind === 'clean' ? 'an error' : 'a warning'}`, () => {
      const disk = support.kafkaDirectory(archive, kind)
      const log = '/data/txn-0/00000000000000000005.log'
      support.cut(disk, log, disk.sizeSync(log) - 1)
      const [first] = support.findingsIn(disk).filter(({ file }) => file === log)
      expect(first).toMatchObject({ severity: kind === 'clean' ? 'error' : 'warning' })
      expect(first.what).toContain('the file ends inside a batch')
    })
  }
}

describe("Kafka's directories, as kept with the tests", () => kafkaCases(support.fixture))

describe.skipIf(!support.hasWhole)("Kafka's whole directories (skipped where ../shared is absent)", () => {
  if (support.hasWhole) kafkaCases(support.whole)
})

describe('a directory of ours', () => {
  it('is accepted after a clean stop, after a crash, and while it is open', () => {
    for (const end of ['closed', 'crashed', 'open'] as const) {
      expect(support.inOurs(support.ourLog(end).disk)).toEqual([])
    }
  })

  it('reports what it counted', () => {
    const { disk } = support.ourLog()
    const [partition] = verifyDirectory(disk, DIRECTORY).partitions
    expect(partition).toMatchObject({ logStartOffset: 0, logEndOffset: 72, topicId: TOPIC_ID })
    expect(partition.segments.map(({ baseOffset, records }) => [baseOffset, records])).toEqual([
      [0, 21],
      [21, 21],
      [42, 21],
      [63, 9],
    ])
  })

  it('is neither when it holds something else', () => {
    const { disk } = support.ourLog()
    disk.mkdirSync('/other')
    expect(() => verifyDirectory(disk, '/other')).toThrow('neither a data directory nor that of a partition')
  })
})

describe('damage to a log', () => {
  it('below the durable end is an error that names the offsets, and the rest is still read', () => {
    const { disk } = support.ourLog('crashed')
    support.flip(disk, FIRST_LOG, 400)
    const [partition] = verifyDirectory(disk, DIRECTORY).partitions
    expect(problems(disk)).toHaveLength(1)
    expect(problems(disk)[0]).toMatch(
      /^error 0+\.log 271 the batch fails its CRC \(0x\w+ stated, 0x\w+ computed\): 271 bytes are damaged, with them offsets 3 to 5$/,
    )
    expect(partition.logEndOffset).toBe(72)
  })

  it('in a length does not hide the batches behind', () => {
    const { disk } = support.ourLog('crashed')
    support.flip(disk, FIRST_LOG, 271 + 9, 6)
    expect(problems(disk)).toEqual([
      expect.stringMatching(
        /^error .* the file ends inside a batch of \d+ bytes: 271 bytes are damaged, with them offsets 3 to 5$/,
      ),
    ])
  })

  it('above the durable end is a torn tail, and a warning', () => {
    const { disk, log } = support.ourLog('open')
    append(log, batch('unsynced', 3), 1)
    log.abandon()
    const size = disk.sizeSync(`${LAST}.log`)
    support.cut(disk, `${LAST}.log`, size - 5)
    expect(problems(disk)).toEqual([
      'warning 00000000000000000063.log 813 the file ends inside a batch of 88 bytes: 83 bytes behind offset 71 are a torn tail'.replace(
        /of \d+ bytes: \d+/,
        `of ${size - 813} bytes: ${size - 818}`,
      ),
    ])
  })

  it('in a base offset, which no checksum covers, is found by what is around it', () => {
    for (const bit of [0, 1, 5]) {
      const { disk } = support.ourLog()
      support.flip(disk, FIRST_LOG, 271 + 7, bit)
      expect(problems(disk)[0]).toMatch(/^error 0+\.log 271 the batch has offsets \d+ to \d+, /)
    }
  })

  it('in a leader epoch is found by the epoch checkpoint', () => {
    const { disk } = support.ourLog()
    support.flip(disk, `${SECOND}.log`, 15)
    expect(problems(disk)).toContain(
      'error 00000000000000000021.log 0 the batch has leader epoch 1, where 0 should be: its header is damaged',
    )
  })

  it('that is a segment gone is an error, unless compaction has been here', () => {
    const { disk } = support.ourLog()
    for (const suffix of ['.log', '.index', '.timeindex']) disk.unlinkSync(SECOND + suffix)
    const [found] = problems(disk)
    expect(found).toBe(
      'error 00000000000000000042.log 0 offsets 21 to 41 are missing, and nothing shows that compaction took them',
    )
    const compacted = verifyPartition(disk, DIRECTORY, support.withFacts({ isCompacted: true }))
    expect(compacted.findings.filter(({ what }) => what.includes('are missing, and'))).toEqual([])
  })

  it('that is a segment of a compacted log gone is an error where its index is still here', () => {
    const errors = (suffixes: readonly string[], rest: string | null = null) => {
      const { disk } = support.ourLog()
      disk.unlinkSync(`${DIRECTORY}/segment-list`)
      for (const suffix of suffixes) disk.unlinkSync(SECOND + suffix)
      if (rest !== null) disk.replaceSync(SECOND + rest, Buffer.alloc(0))
      const { findings } = verifyPartition(disk, DIRECTORY, support.withFacts({ isCompacted: true }))
      return findings.filter(({ severity }) => severity === 'error').map(({ file, what }) => `${file} ${what}`)
    }
    const lost = `${SECOND}.log the file is missing, and its index is here: of offsets 21 to 41 some may be lost`
    expect(errors(['.log'])).toContain(lost)
    expect(errors(['.log', '.index'])).toContain(lost)
    // As compaction leaves it, whole and when it was cut off.
    expect(errors(['.log', '.index', '.timeindex'])).not.toContain(lost)
    expect(errors(['.log'], '.log.deleted')).not.toContain(lost)
  })

  it('that is the end gone is an error, told by the durable mark', () => {
    const { disk } = support.ourLog('crashed')
    support.cut(disk, `${LAST}.log`, 542)
    expect(problems(disk)).toEqual([
      'error 00000000000000000063.log 542 the log ends at offset 69, but offsets up to 71 had been made durable',
    ])
  })

  it("that is the end gone is an error, told by Kafka's recovery point", () => {
    const disk = support.kafkaDirectory(support.fixture, 'clean')
    support.cut(disk, '/data/txn-0/00000000000000000005.log', 0)
    expect(problems(disk, '/data')).toContain(
      'error txn-0/00000000000000000005.log 0 the log ends at offset 5, but offsets up to 36 had been made durable',
    )
  })
})

describe('damage beside a log', () => {
  it('in an index is an error where a broker would go by it, and a warning where its start makes it anew', () => {
    for (const [end, severity] of [
      ['closed', 'error'],
      ['crashed', 'error'],
    ] as const) {
      const { disk } = support.ourLog(end)
      support.flip(disk, `${SECOND}.index`, 7)
      expect(problems(disk)[0]).toMatch(
        new RegExp(`^${severity} 0+21\\.index 0 entry 0 leads to byte \\d+, where no batch begins$`),
      )
    }
    const disk = support.kafkaDirectory(support.fixture, 'crashed')
    support.patch(disk, '/data/txn-0/00000000000000000005.index', 80, Buffer.from([1]))
    expect(problems(disk, '/data').every((line) => line.startsWith('warning txn-0/00000000000000000005.index'))).toBe(
      true,
    )
  })

  it('in a time index is found: a wrong time, a wrong offset, a missing last entry', () => {
    const wrongTime = support.ourLog().disk
    support.flip(wrongTime, `${THIRD}.timeindex`, 7)
    expect(problems(wrongTime)[0]).toContain('entry 0 has timestamp')
    const short = support.ourLog().disk
    support.cut(short, `${THIRD}.timeindex`, 24)
    expect(problems(short)[0]).toMatch(/the last entry is \d+, the segment's largest timestamp \d+$/)
  })

  it('in a snapshot, a window of five or a durable mark is found by its CRC', () => {
    for (const file of [`${SECOND}.snapshot`, `${SECOND}.producers`, DURABLE_MARK]) {
      const { disk } = support.ourLog()
      support.flip(disk, file, 12)
      expect(problems(disk)).toEqual([expect.stringMatching(/^warning .* fails its CRC/)])
    }
  })

  it('a snapshot of another log is found by what the batches say', () => {
    const { disk } = support.ourLog()
    disk.replaceSync(`${THIRD}.snapshot`, disk.readFileSync(`${SECOND}.snapshot`))
    expect(problems(disk)[0]).toMatch(
      /^error 0+42\.snapshot -1 producer \d: sequence \d+ at offset \d+, but \d+ at \d+ in the log$/,
    )
  })

  it("in Kafka's index of aborted transactions is found by the markers", () => {
    for (const position of [9, 17, 25, 33]) {
      const disk = support.kafkaDirectory(support.fixture, 'clean')
      support.flip(disk, '/data/txn-0/00000000000000000005.txnindex', position)
      expect(problems(disk, '/data')[0]).toMatch(/^error txn-0\/0+5\.txnindex \d+ /)
    }
    const disk = support.kafkaDirectory(support.fixture, 'clean')
    disk.unlinkSync('/data/txn-0/00000000000000000005.txnindex')
    expect(problems(disk, '/data')[0]).toContain(
      'no entry for the transaction of producer 1 that was aborted at offset',
    )
  })

  it("in a topic id is found by the cluster's metadata", () => {
    const disk = support.kafkaDirectory(support.fixture, 'clean')
    support.flip(disk, '/data/txn-0/partition.metadata', 30)
    expect(problems(disk, '/data')).toEqual([
      expect.stringMatching(/^error txn-0\/partition\.metadata -1 topic id \S+, but the cluster's metadata has \S+$/),
    ])
  })

  it('in files of the data directory is named', () => {
    const disk = support.kafkaDirectory(support.fixture, 'clean')
    disk.unlinkSync('/data/meta.properties')
    disk.replaceSync('/data/recovery-point-offset-checkpoint', Buffer.from('0\n9\nplain 0'))
    disk.replaceSync('/data/.kafka_cleanshutdown', Buffer.from('{'))
    const found = problems(disk, '/data').join('\n')
    expect(found).toContain('error meta.properties -1 the file is missing')
    expect(found).toContain('warning recovery-point-offset-checkpoint -1 the file is damaged')
    expect(found).toContain('warning .kafka_cleanshutdown -1')
  })

  it('an empty checkpoint is one that Kafka has just made, and a note', () => {
    const disk = support.kafkaDirectory(support.fixture, 'crashed')
    disk.replaceSync('/data/log-start-offset-checkpoint', Buffer.alloc(0))
    expect(problems(disk, '/data')).toEqual([])
    expect(support.findingsIn(disk).map(({ what }) => what)).toContain('nothing has been noted in it yet')
  })

  it('leftovers are notes, each by what it is', () => {
    const { disk } = support.ourLog()
    for (const name of ['00000000000000000000.log.deleted', '00000000000000000007.index', 'notes.txt']) {
      disk.replaceSync(`${DIRECTORY}/${name}`, Buffer.from('x'))
    }
    expect(support.inOurs(disk).map(({ severity, what }) => `${severity} ${what}`)).toEqual([
      'note deleted by retention or compaction, to be removed',
      'note an index whose segment is gone',
      'note not a file of a partition',
    ])
  })
})
