/** Reads of a log to their end, for who judges it. */
import type { Log, LogRead } from '../../../broker/log/log.ts'
import { must } from './violation.ts'
import type { World } from './world.ts'

/** Everything from the log start on, faults held back. */
export function readAll(world: World, log: Log): Buffer {
  const parts: Buffer[] = []
  for (let offset = log.logStartOffset; offset < log.flushedEndOffset; ) {
    // Its last segment may be empty, behind a hole, or end in one.
    const mayEndInHole = log.segmentCount > 1 || world.settings.isCompacted
    if (mayEndInHole && log.read(offset, log.flushedEndOffset, 1, true)?.bytes === 0) break
    const read = readNow(world, log, offset, log.flushedEndOffset, 20_000)
    parts.push(...read.buffers)
    offset = read.nextOffset
  }
  return Buffer.concat(parts)
}

/** Reads at least one batch, from memory or else from the disk. Throws what the disk throws. */
export function readNow(world: World, log: Log, offset: number, limit: number, maxBytes: number): LogRead {
  let read = log.read(offset, limit, maxBytes, true)
  if (read === null) {
    log.readAsync(offset, limit, maxBytes, true, (error, found) => {
      if (error !== null) throw error
      read = found
    })
    while (read === null) must(world.clock.step(), 'read', () => 'a read does not come to its end')
  }
  const { nextOffset } = read
  must(nextOffset > offset, 'read', () => `${log.topic}: nothing to be read at ${offset} of ${limit}`)
  return read
}
