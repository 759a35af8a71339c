/** Directories to inspect: Kafka's from the fixture, and ours, made by the log itself. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { NO_FACTS, type PartitionFacts } from '../../../../broker/log/inspect/durable-bounds.ts'
import type { Finding } from '../../../../broker/log/inspect/finding.ts'
import { allFindings, verifyDirectory } from '../../../../broker/log/inspect/verify-directory.ts'
import type { Disk } from '../../../../broker/ports/disk.ts'
import type { MemoryDisk } from '../../../../broker/ports/memory-disk.ts'
import type { Log } from '../../../../broker/log/log.ts'
import { append, batch, DIRECTORY, memoryDisk, openLog, syncNow, type Turns } from '../harness.ts'
import { readTarGz } from '../tar.ts'

export const fixture = join(import.meta.dirname, '../../../fixtures/kafka/log-dirs.tar.gz')
export const whole = join(import.meta.dirname, '../../../../../shared/data/kafka/log-dirs.tar.gz')
export const hasWhole = existsSync(whole)

/** Puts one of Kafka's data directories at `/data`. */
export function kafkaDirectory(archive: string, kind: 'clean' | 'crashed'): MemoryDisk {
  const { disk } = memoryDisk()
  for (const [name, data] of readTarGz(archive)) {
    if (!name.startsWith(`${kind}/`)) continue
    const path = `/data/${name.slice(kind.length + 1)}`
    disk.mkdirSync(path.slice(0, path.lastIndexOf('/')))
    disk.replaceSync(path, data)
  }
  return disk
}

const CONFIG = { segmentBytes: 2000, indexIntervalBytes: 300 }

export interface OurLog {
  readonly disk: MemoryDisk
  readonly turns: Turns
  readonly log: Log
}

/** 24 batches of 3 records in several segments, by two idempotent producers and without one, made durable. */
export function ourLog(end: 'closed' | 'crashed' | 'open' = 'closed'): OurLog {
  const { disk, turns } = memoryDisk()
  const log = openLog(disk, { config: CONFIG })
  for (let i = 0; i < 24; i++) {
    const producerId = i % 3 === 2 ? -1 : i % 3
    const idempotent = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence: Math.floor(i / 3) * 3 }
    append(
      log,
      batch(`v${i}-`, 3, { ...idempotent, timestamp: 1_700_000_000_000 + i * 100, valueBytes: 60 }),
      i < 12 ? 0 : 1,
    )
  }
  syncNow(log, turns)
  if (end === 'closed') log.close()
  if (end === 'crashed') log.abandon()
  return { disk, turns, log }
}

/** Opens it as a broker's start after an unclean stop does. */
export function reopen(disk: Disk): Log {
  return openLog(disk, { config: CONFIG })
}

export function findingsIn(disk: Disk, path = '/data'): readonly Finding[] {
  return allFindings(verifyDirectory(disk, path, { deep: true }))
}

export const inOurs = (disk: Disk): readonly Finding[] => findingsIn(disk, DIRECTORY)

export function withFacts(facts: Partial<PartitionFacts>): PartitionFacts {
  return { ...NO_FACTS, ...facts }
}

/** Overwrites bytes of a file in place. */
export function patch(disk: Disk, path: string, position: number, bytes: Buffer): void {
  const file = disk.openSync(path)
  file.writeAtSync(bytes, position)
  file.closeSync()
}

export function flip(disk: Disk, path: string, position: number, bit = 0): void {
  const data = disk.readFileSync(path)
  patch(disk, path, position, Buffer.from([data[position] ^ (1 << bit)]))
}

export function cut(disk: Disk, path: string, size: number): void {
  const file = disk.openSync(path)
  file.truncateSync(size)
  file.closeSync()
}

/** The bytes of every file below a directory, by path. */
export function allFiles(disk: MemoryDisk, path: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const name of disk.listSync(path)) {
    const at = `${path}/${name}`
    try {
      found.set(at, disk.readFileSync(at).toString('hex'))
    } catch {
      for (const [inner, bytes] of allFiles(disk, at)) found.set(inner, bytes)
    }
  }
  return found
}
