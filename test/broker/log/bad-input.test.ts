/** Directories that must not be used: refused by the name of the file and with what to do, and nothing in them changed. */
import { crc32 as zlibCrc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import { encodeMark } from '../../../broker/log/durable-mark.ts'
import { DataDirError, LogCorruptError } from '../../../broker/log/errors.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { crc32c } from '../../../proto/kafka/crc32c.ts'
import {
  append,
  batch,
  contents,
  DIRECTORY,
  DURABLE_MARK,
  FIRST_LOG,
  freshLog,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  sharedWith,
  syncNow,
  TOPIC_ID,
  Turns,
} from './harness.ts'
import { PowerCutDisk } from './power-cut-disk.ts'

const SNAPSHOT = `${DIRECTORY}/00000000000000000003.snapshot`

/** A closed log of three records by an idempotent producer. */
function closedLog() {
  const { disk, turns, log } = freshLog()
  append(log, batch('a', 3, { producerId: 1, producerEpoch: 0, baseSequence: 0 }))
  log.close()
  return { disk, turns }
}

function patched(disk: Disk, path: string, patch: (data: Buffer) => void): void {
  const data = Buffer.from(disk.readFileSync(path))
  patch(data)
  disk.replaceSync(path, data)
}

/** A message of format 0 or 1 as Kafka wrote it before 0.11. */
function oldMessage(magic: number, offset: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([magic, 0]),
    magic === 1 ? Buffer.alloc(8) : Buffer.alloc(0),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0x68, 0x69]),
  ])
  const message = Buffer.alloc(16 + body.length)
  message.writeBigInt64BE(BigInt(offset), 0)
  message.writeInt32BE(4 + body.length, 8)
  message.writeUInt32BE(zlibCrc32(body), 12)
  body.copy(message, 16)
  return message
}

function expectRefused(disk: Disk, cleanShutdown: boolean, message: string): void {
  const before = contents(disk)
  const open = () => openLog(disk, { cleanShutdown })
  expect(open).toThrow(LogCorruptError)
  expect(open).toThrow(message)
  expect(contents(disk)).toEqual(before)
}

describe('a partition directory of a newer format is refused', () => {
  it.each([true, false])('in its producer snapshot (after a clean stop: %s)', (cleanShutdown) => {
    const { disk } = closedLog()
    patched(disk, SNAPSHOT, (data) => data.writeInt16BE(2, 0))
    const message = `${SNAPSHOT}: version 2 is newer than this program, which reads 1; start the version that wrote it`
    expectRefused(disk, cleanShutdown, message)
  })

  it.each([true, false])('in leader-epoch-checkpoint (after a clean stop: %s)', (cleanShutdown) => {
    const { disk } = closedLog()
    disk.replaceSync(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.from('1\n1\n0 0 extra\n'))
    const message = `${DIRECTORY}/leader-epoch-checkpoint: version 1 is newer than this program, which reads 0`
    expectRefused(disk, cleanShutdown, message)
  })

  it.each([true, false])('in partition.metadata (after a clean stop: %s)', (cleanShutdown) => {
    const { disk } = closedLog()
    disk.replaceSync(`${DIRECTORY}/partition.metadata`, Buffer.from(`version: 1\ntopic_id: ${TOPIC_ID}`))
    expectRefused(disk, cleanShutdown, `${DIRECTORY}/partition.metadata: version 1 is newer than this program`)
  })

  it.each([true, false])('in the durable mark (after a clean stop: %s)', (cleanShutdown) => {
    const { disk } = closedLog()
    patched(disk, DURABLE_MARK, (data) => {
      data.writeInt32BE(3, 4)
      data.writeUInt32BE(crc32c(data, 4, 40), 0)
    })
    expectRefused(disk, cleanShutdown, `${DURABLE_MARK}: version 3 is newer than this program`)
  })

  it('in a batch, even above the durable end, where a torn tail would be cut', () => {
    const { disk } = closedLog()
    const next = batch('b', 2, { baseOffset: 3 })
    next[16] = 3
    disk.openSync(FIRST_LOG).appendSync([next])
    expectRefused(
      disk,
      false,
      'batch format 3 is newer than this program, which reads 2; start the version that wrote it',
    )
  })
})

describe('what is not of our time but noise', () => {
  it('a flipped version or magic is damage and no newer format', () => {
    const { disk, turns } = closedLog()
    patched(disk, SNAPSHOT, (data) => data.writeInt16BE(0x4001, 0))
    disk.replaceSync(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.from('\0\0\0\0garbage'))
    const next = batch('b', 2, { baseOffset: 3 })
    next[16] = 0x42
    disk.openSync(FIRST_LOG).appendSync([next])
    const log = openLog(disk)
    expect(readAll(log, turns)).toHaveLength(3)
    expect([log.recovery.tornBytes, log.recovery.suspect]).toEqual([next.length, true])
  })

  it('what a power cut left of a producer snapshot names no newer format, whatever its first bytes say', () => {
    for (const left of [Buffer.from([0, 119]), Buffer.from([0, 2, 1, 2, 3, 4, 0, 0, 0, 0, 9, 9])]) {
      const { disk, turns } = closedLog()
      disk.replaceSync(SNAPSHOT, left)
      const log = openLog(disk)
      expect(readAll(log, turns)).toHaveLength(3)
      expect(log.producerCount).toBe(1)
    }
  })
})

describe('a batch header that was damaged after a clean stop', () => {
  it('is told to whoever reads there, and is no end of the log', () => {
    const { disk } = closedLog()
    patched(disk, FIRST_LOG, (data) => data.writeUInt8(3, 16))
    const log = openLog(disk, { cleanShutdown: true })
    expect(() => log.read(0, 3, 1000, true)).toThrow(`${FIRST_LOG} at byte 0: batch format 3 (only 2 is readable)`)
  })
})

describe('a segment of an older format is refused', () => {
  it.each([0, 1])('message format %i, anywhere in the log', (magic) => {
    const message = `message format ${magic} is older than this program reads`
    const first = closedLog().disk
    first.unlinkSync(DURABLE_MARK)
    first.replaceSync(FIRST_LOG, Buffer.concat([oldMessage(magic, 0), oldMessage(magic, 1)]))
    expectRefused(first, false, `${FIRST_LOG} at byte 0: ${message}`)
    const last = closedLog().disk
    const end = last.sizeSync(FIRST_LOG)
    last.openSync(FIRST_LOG).appendSync([oldMessage(magic, 3)])
    expectRefused(last, false, `${FIRST_LOG} at byte ${end}: ${message}`)
  })
})

describe('a partition directory without partition.metadata', () => {
  const METADATA = `${DIRECTORY}/partition.metadata`

  it('is taken for the topic when it has records, durably, as a torn one would have them refused', () => {
    const { disk } = closedLog()
    disk.unlinkSync(METADATA)
    const cut = new PowerCutDisk(disk)
    cut.disk.mkdirSync(DIRECTORY)
    for (const name of disk.listSync(DIRECTORY)) {
      cut.disk.replaceSync(`${DIRECTORY}/${name}`, disk.readFileSync(`${DIRECTORY}/${name}`))
    }
    openLog(cut.disk)
    const turns = new Turns()
    // The name is there, and of what was not synced five bytes.
    const after = cut.afterPowerCut((n) => (n === 2 ? 1 : n === 4 ? 0 : 5), turns.defer)
    expect(readAll(openLog(after), turns)).toHaveLength(3)
    expect(after.readFileSync(METADATA).toString()).toContain(TOPIC_ID)
  })

  it('gets none when it is refused, as one whose segments are gone', () => {
    const { disk } = closedLog()
    for (const name of disk.listSync(DIRECTORY)) disk.unlinkSync(`${DIRECTORY}/${name}`)
    expect(() => openLog(disk, { recoveryPoint: 3 })).toThrow('no segment is here')
    expect(disk.listSync(DIRECTORY)).toEqual([])
  })
})

describe('the window of five batches per producer', () => {
  it.each([
    ['damaged', (data: Buffer) => data.fill(0x55, 30, 40)],
    ['torn', (data: Buffer) => data.subarray(0, 20)],
    ['empty', () => Buffer.alloc(0)],
  ])('comes from the log when its sidecar is %s', (_name, harm) => {
    const { disk, log } = freshLog()
    const send = (baseSequence: number) => batch('v', 1, { producerId: 1, producerEpoch: 0, baseSequence })
    for (let i = 0; i < 7; i++) append(log, send(i))
    log.close()
    const path = `${DIRECTORY}/00000000000000000007.producers`
    disk.replaceSync(path, Buffer.from(harm(Buffer.from(disk.readFileSync(path)))))
    const again = openLog(disk, { cleanShutdown: true })
    expect(again.append(send(2), 0, NOW_MS)).toMatchObject({ error: 0, duplicate: true, baseOffset: 2 })
    expect(again.append(send(7), 0, NOW_MS)).toMatchObject({ error: 0, duplicate: false, baseOffset: 7 })
  })
})

describe('the durable mark', () => {
  it.each([
    ['torn', (mark: Buffer) => mark.subarray(0, 17)],
    ['empty', () => Buffer.alloc(0)],
    ['bit-flipped', (mark: Buffer) => Buffer.from(mark.map((byte, i) => (i % 4096 === 15 ? byte ^ 1 : byte)))],
    ['all zero', (mark: Buffer) => Buffer.alloc(mark.length)],
  ])('when %s counts as an older one, and the log as suspect', (_name, harm) => {
    const { disk, turns, log } = freshLog()
    append(log, batch('a', 3))
    syncNow(log, turns)
    log.abandon()
    disk.replaceSync(DURABLE_MARK, harm(encodeMark({ endOffset: 3, segmentBaseOffset: 0, position: log.sizeBytes })))
    const again = openLog(disk, { recoveryPoint: 1 })
    expect(readAll(again, turns)).toHaveLength(3)
    expect([again.recovery.suspect, again.recovery.tornBytes]).toEqual([true, 0])
  })

  it('when whole leaves a log that only lost power unsuspected', () => {
    const { disk, turns, log } = freshLog()
    append(log, batch('a', 3))
    syncNow(log, turns)
    append(log, batch('b', 3))
    log.abandon()
    const again = openLog(disk)
    expect([again.recovery.clean, again.recovery.suspect]).toEqual([false, false])
  })
})

describe('the checkpoint files of a data directory', () => {
  const FILES = ['recovery-point-offset-checkpoint', 'log-start-offset-checkpoint', 'replication-offset-checkpoint']
  const START = '/data/log-start-offset-checkpoint'

  function manager(disk: Disk): LogManager {
    const options = { path: '/data', nodeId: 1, newClusterId: TOPIC_ID, newDirectoryId: TOPIC_ID }
    return LogManager.open({ disk, ...options, durability: 'fsync', shared: sharedWith() })
  }

  /** Six records, of which the first two are deleted. */
  function stopped(clean: boolean) {
    const { disk, turns } = memoryDisk()
    const logs = manager(disk)
    const log = logs.openLog('orders', 0, TOPIC_ID, defaultLogConfig, NOW_MS)
    append(log, batch('a', 6))
    log.updateHighWatermark(6)
    log.deleteRecordsBefore(2)
    logs.tick(NOW_MS)
    if (clean) logs.close(1)
    else logs.abandon()
    return { disk, turns }
  }

  function refusal(disk: Disk): DataDirError {
    const names = disk.listSync('/data')
    try {
      manager(disk)
    } catch (error) {
      expect(disk.listSync('/data')).toEqual(names)
      if (error instanceof DataDirError) return error
      throw error
    }
    throw new Error('the directory was not refused')
  }

  it.each(FILES)('%s of a newer version is refused', (file) => {
    const { disk } = stopped(true)
    disk.replaceSync(`/data/${file}`, Buffer.from('1\n1\norders 0 2 7\n'))
    const error = refusal(disk)
    expect([error.code, error.path]).toEqual(['NEWER_FORMAT', `/data/${file}`])
    expect(error.message).toContain('has version 1, only 0 is readable: start the version that wrote it')
  })

  it.each([true, false])(
    'a damaged log start is refused, as deleted records would come back (clean stop: %s)',
    (clean) => {
      for (const harm of [
        '',
        '0\n1\norders 0',
        '0\n2\norders 0 2\n',
        'noise',
        '\0'.repeat(40),
        '0\n1\norders zero 2\n',
      ]) {
        const { disk } = stopped(clean)
        disk.replaceSync(START, Buffer.from(harm))
        const error = refusal(disk)
        expect([error.code, error.path]).toEqual(['DAMAGED', START])
        expect(error.message).toContain(`${START} is damaged: restore it from a copy, or`)
      }
    },
  )

  it('a missing log start is refused after a clean stop, which always leaves one', () => {
    const { disk } = stopped(true)
    disk.unlinkSync(START)
    expect(refusal(disk).message).toContain(`${START} is missing`)
  })

  it.each(['', 'noise', '0\n9\norders 0 6\n', null])(
    'recovery points and high watermarks (%j) are done without, and that is told',
    (harm) => {
      for (const clean of [true, false]) {
        const { disk, turns } = stopped(clean)
        for (const file of [FILES[0], FILES[2]]) {
          if (harm === null) disk.unlinkSync(`/data/${file}`)
          else disk.replaceSync(`/data/${file}`, Buffer.from(harm))
        }
        const logs = manager(disk)
        const isTold = harm !== null || clean
        expect(logs.damagedFiles).toEqual(isTold ? [`/data/${FILES[0]}`, `/data/${FILES[2]}`] : [])
        const log = logs.openLog('orders', 0, TOPIC_ID, defaultLogConfig, NOW_MS)
        expect([log.logStartOffset, log.logEndOffset]).toEqual([2, 6])
        expect(readAll(log, turns)).toHaveLength(4)
        logs.abandon()
      }
    },
  )
})
