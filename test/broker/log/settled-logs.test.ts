import { describe, expect, it } from 'vitest'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import type { Log } from '../../../broker/log/log.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { SETTLED_FILE } from '../../../broker/log/settled-logs.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { WatchDisk } from '../../support/watch-disk.ts'
import {
  append,
  batch,
  FIRST_LOG,
  memoryDisk,
  NOW_MS,
  readAll,
  sharedWith,
  syncNow,
  TOPIC_ID,
  type Turns,
} from './harness.ts'

const config = { ...defaultLogConfig, segmentBytes: 1500, indexIntervalBytes: 100 }
const SETTLED = `/data/${SETTLED_FILE}`

interface Running {
  readonly logs: LogManager
  readonly log: Log
  readonly turns: Turns
}

function start(disk: Disk): { logs: LogManager; log: Log } {
  const logs = LogManager.open({
    disk,
    path: '/data',
    nodeId: 1,
    newClusterId: 'c'.repeat(22),
    newDirectoryId: 'd'.repeat(22),
    durability: 'fsync',
    shared: sharedWith(),
  })
  return { logs, log: logs.openLog('t', 0, TOPIC_ID, config, NOW_MS) }
}

/** A log of some segments that was stopped cleanly, and then started and killed. */
function killedAfterCleanStop(between: (running: Running) => void = () => undefined) {
  const { disk, turns } = memoryDisk()
  const first = start(disk)
  for (let i = 0; i < 40; i++)
    append(first.log, batch(`v${i}-`, 2, { producerId: 3, producerEpoch: 0, baseSequence: i * 2 }))
  expect(first.log.segmentCount).toBeGreaterThan(2)
  expect(first.logs.close(1)).toBeNull()
  const second = start(disk)
  between({ ...second, turns })
  second.logs.abandon()
  return { disk, turns }
}

/** What of the log's data the next start reads. */
function dataRead(disk: Disk): string[] {
  const watch = new WatchDisk(disk)
  const { logs } = start(watch.disk)
  const { logsRead } = watch
  logs.abandon()
  return logsRead
}

describe('a start after kill -9', () => {
  it('reads no data of a log that nobody has written to since its clean stop', () => {
    const { disk, turns } = killedAfterCleanStop()
    const watch = new WatchDisk(disk)
    const { log } = start(watch.disk)
    expect(watch.logsRead).toEqual([])
    expect([log.logEndOffset, log.durableEndOffset, log.producerCount, log.recovery.clean]).toEqual([80, 80, 1, true])
    expect(readAll(log, turns)).toHaveLength(80)
  })

  it('leaves such a log as it is when it is stopped then', () => {
    const { disk } = killedAfterCleanStop()
    const before = filesOf(disk)
    expect(start(disk).logs.close(2)).toBeNull()
    expect(filesOf(disk)).toEqual(before)
    expect(dataRead(disk)).toEqual([])
  })

  it('reads a log that was appended to, synced or not', () => {
    for (const synced of [true, false]) {
      const { disk } = killedAfterCleanStop(({ log, turns }) => {
        append(log, batch('more', 2))
        if (synced) syncNow(log, turns)
      })
      expect(dataRead(disk)).not.toEqual([])
    }
  })

  it('reads a log that was cut and has grown to the same length again', () => {
    const { disk } = killedAfterCleanStop(({ log, turns }) => {
      const { sizeBytes, logEndOffset } = log
      log.truncateTo(76, NOW_MS)
      for (const sequence of [76, 78])
        append(log, batch('w38-', 2, { producerId: 3, producerEpoch: 0, baseSequence: sequence }))
      syncNow(log, turns)
      expect([log.sizeBytes, log.logEndOffset]).toEqual([sizeBytes, logEndOffset])
    })
    expect(dataRead(disk)).not.toEqual([])
  })

  it('reads a log whose index, snapshot or epochs are not those of the clean stop', () => {
    const endings = ['.index', '.timeindex', '.snapshot', '.producers', 'leader-epoch-checkpoint']
    for (const ending of endings) {
      const { disk } = killedAfterCleanStop()
      const name = disk.listSync('/data/t-0').findLast((found) => found.endsWith(ending)) ?? ''
      const data = Buffer.from(disk.readFileSync(`/data/t-0/${name}`))
      data[data.length - 1] = data.at(-1)! ^ 1
      disk.replaceSync(`/data/t-0/${name}`, data)
      expect([ending, dataRead(disk).length > 0]).toEqual([ending, true])
    }
  })

  it('reads a log that has another number of segments', () => {
    const { disk } = killedAfterCleanStop(({ log, logs }) => {
      log.deleteRecordsBefore(40)
      logs.tick(NOW_MS)
      expect(log.deleteBelowStart(NOW_MS)).toBeGreaterThan(0)
    })
    expect(dataRead(disk)).not.toEqual([])
  })

  it('reads every log when the file that vouches for them is missing, damaged or of another version', () => {
    const harms: ((disk: MemoryDisk, data: Buffer) => void)[] = [
      (disk) => disk.unlinkSync(SETTLED),
      (disk, data) => disk.replaceSync(SETTLED, data.subarray(0, data.length - 3)),
      (disk, data) => disk.replaceSync(SETTLED, Buffer.from(data.toString('latin1').replace(' 80 ', ' 81 '), 'latin1')),
      (disk, data) => disk.replaceSync(SETTLED, Buffer.from(data.toString('latin1').replace(/^0/, '1'), 'latin1')),
      (disk) => disk.replaceSync(SETTLED, Buffer.alloc(0)),
    ]
    for (const harm of harms) {
      const { disk } = killedAfterCleanStop()
      harm(disk, disk.readFileSync(SETTLED))
      expect(dataRead(disk)).not.toEqual([])
    }
  })

  it('still finds bytes missing that had been made durable', () => {
    const { disk } = killedAfterCleanStop(({ log, turns }) => {
      append(log, batch('more', 2))
      syncNow(log, turns)
    })
    const { disk: older } = killedAfterCleanStop()
    const last = disk.listSync('/data/t-0').findLast((name) => name.endsWith('.log')) ?? ''
    disk.replaceSync(`/data/t-0/${last}`, older.readFileSync(`/data/t-0/${last}`))
    expect(() => start(disk)).toThrow('had been made durable')
    expect(disk.existsSync(FIRST_LOG)).toBe(true)
  })
})

function filesOf(disk: Disk): string[] {
  return disk.listSync('/data/t-0').map((name) => `${name} ${disk.readFileSync(`/data/t-0/${name}`).toString('hex')}`)
}
