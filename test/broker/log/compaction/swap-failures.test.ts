/** A disk that fails while a cleaned segment is put in place: the log goes offline, and still knows where its files are. */
import { describe, expect, it } from 'vitest'
import type { Disk } from '../../../../broker/ports/disk.ts'
import { append, memoryDisk, NOW_MS, openLog, sharedWith } from '../harness.ts'
import { cleanNow, COMPACTED, dump, keyed } from './harness.ts'

/** Fails to rename a file whose name ends so. */
function unableToRename(inner: Disk, ending: string): Disk {
  return new Proxy(inner, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (name === 'renameSync' && String(args[0]).endsWith(ending)) {
          throw Object.assign(new Error(`EIO: i/o error, rename '${String(args[0])}'`), { code: 'EIO' })
        }
        return value.apply(target, args) as unknown
      }
    },
  })
}

describe('a cleaned segment that cannot get its name', () => {
  for (const ending of ['.log.swap', '.index.swap', '.timeindex.swap', '.txnindex.swap']) {
    it(`is read where it is, and by the next start, when it is ${ending} that cannot be renamed`, () => {
      const { disk, turns } = memoryDisk()
      const failing = unableToRename(disk, ending)
      // One open file: the segment's is closed and opened again.
      const shared = sharedWith({ maxOpenFiles: 1, tailCacheBytes: 0 })
      const log = openLog(failing, { config: COMPACTED, shared, durability: 'page-cache' })
      for (const [i, value] of ['1', '2', '3'].entries()) {
        append(log, keyed([['a', value]], { timestamp: NOW_MS + i * 2000 }))
      }
      append(log, keyed([['end', 'x']], { timestamp: NOW_MS + 9000 }))
      log.updateHighWatermark(log.logEndOffset)
      cleanNow(log, failing, turns)
      expect(log.offline?.message).toContain('EIO')
      const cleaned = ['2:a=3', '3:end=x']
      expect(dump(log, turns)).toEqual(cleaned)
      log.abandon()
      expect(dump(openLog(disk, { config: COMPACTED }), turns)).toEqual(cleaned)
    })
  }
})
