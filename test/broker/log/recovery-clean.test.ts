import { describe, expect, it } from 'vitest'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import { WatchDisk } from '../../support/watch-disk.ts'
import {
  append,
  batch,
  contents,
  cutFile,
  DIRECTORY,
  DURABLE_MARK,
  FIRST_LOG,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
} from './harness.ts'

describe('opening after a clean stop', () => {
  it('reads no log data', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config: { segmentBytes: 400, indexIntervalBytes: 50 } })
    for (let i = 0; i < 20; i++)
      append(log, batch(`v${i}-`, 2, { producerId: 3, producerEpoch: 0, baseSequence: i * 2 }))
    expect(log.close()).toBeNull()
    const watch = new WatchDisk(disk)
    const again = openLog(watch.disk, { cleanShutdown: true })
    expect(watch.logsRead).toEqual([])
    expect([again.logEndOffset, again.durableEndOffset, again.producerCount]).toEqual([40, 40, 1])
    expect(readAll(again, turns)).toHaveLength(40)
    expect(again.offsetForTimestamp(NOW_MS + 1)).toMatchObject({ offset: 1 })
  })

  it('changes nothing on disk when nothing was appended in between', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    append(log, batch('a'), 3)
    log.close()
    const before = contents(disk)
    openLog(disk, { cleanShutdown: true }).close()
    expect(contents(disk)).toEqual(before)
  })

  it('writes indexes that equal those built by reading everything', () => {
    const { disk } = memoryDisk()
    const config = { segmentBytes: 1500, indexIntervalBytes: 100 }
    const log = openLog(disk, { config })
    for (let i = 0; i < 60; i++) append(log, batch(`v${i}-`, 3, { timestamp: NOW_MS + ((i * 31) % 17) }))
    log.close()
    const indexes = [...contents(disk)].filter(([name]) => name.endsWith('index'))
    expect(indexes.length).toBeGreaterThan(6)
    for (const [name] of indexes) disk.unlinkSync(`${DIRECTORY}/${name}`)
    disk.unlinkSync(DURABLE_MARK)
    openLog(disk, { config }).close()
    expect([...contents(disk)].filter(([name]) => name.endsWith('index'))).toEqual(indexes)
  })

  it('builds an index again when its file is missing or makes no sense', () => {
    for (const harm of [null, Buffer.alloc(0), Buffer.alloc(64), Buffer.from('nonsense'), Buffer.alloc(13)]) {
      const { disk, turns } = memoryDisk()
      const config = { segmentBytes: 1500, indexIntervalBytes: 100 }
      const log = openLog(disk, { config })
      for (let i = 0; i < 60; i++) append(log, batch(`v${i}-`, 3, { timestamp: NOW_MS + i * 3 }))
      log.close()
      for (const name of disk.listSync(DIRECTORY).filter((found) => found.endsWith('index'))) {
        if (harm === null) disk.unlinkSync(`${DIRECTORY}/${name}`)
        else disk.replaceSync(`${DIRECTORY}/${name}`, harm)
      }
      const again = openLog(disk, { config, cleanShutdown: true })
      expect(readAll(again, turns, 71)).toHaveLength(180 - 71)
      expect(again.offsetForTimestamp(NOW_MS + 90)).toMatchObject({ offset: 90 })
    }
  })

  it('notices a file that was shortened meanwhile', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    for (let i = 0; i < 5; i++) append(log, batch('v'))
    log.close()
    cutFile(disk, FIRST_LOG, disk.sizeSync(FIRST_LOG) - 10)
    const before = contents(disk)
    expect(() => openLog(disk, { cleanShutdown: true })).toThrow(LogCorruptError)
    expect(contents(disk)).toEqual(before)
  })
})
