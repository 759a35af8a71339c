/**
 * Recovery sets aside a batch whose leader epoch is lower than the one before it. In a log that Apache Kafka wrote there is
 * none: read as after a crash, with nothing known to be durable, each of them is whole.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { memoryDisk, openLog, sharedWith } from './harness.ts'
import { readTarGz } from './tar.ts'

const fixture = join(import.meta.dirname, '../../fixtures/kafka/log-dirs.tar.gz')
const whole = join(import.meta.dirname, '../../../../shared/data/kafka/log-dirs.tar.gz')
const WAIT_MS = 60_000

/** The partition directories of all data directories in the archive, with their files. */
function partitionsOf(files: ReadonlyMap<string, Buffer>): Map<string, Map<string, Buffer>> {
  const partitions = new Map<string, Map<string, Buffer>>()
  for (const [path, data] of files) {
    const [, directory, file] = /^(.*-\d+)\/([^/]+)$/.exec(path) ?? []
    if (directory === undefined) continue
    const found = partitions.get(directory) ?? new Map<string, Buffer>()
    partitions.set(directory, found.set(file, data))
  }
  return partitions
}

/** Bytes of all whole batches. */
function batchBytes(files: ReadonlyMap<string, Buffer>): number {
  let bytes = 0
  for (const [name, data] of files) {
    if (!name.endsWith('.log')) continue
    for (let at = 0; at + header.HEADER_BYTES <= data.length; at += header.batchSize(data, at)) {
      if (at + header.batchSize(data, at) > data.length || header.computeCrc(data, at) !== header.crc(data, at)) break
      bytes += header.batchSize(data, at)
    }
  }
  return bytes
}

function judge(archive: string): void {
  const partitions = partitionsOf(readTarGz(archive))
  expect(partitions.size).toBeGreaterThan(4)
  for (const [directory, files] of partitions) {
    const { disk } = memoryDisk()
    const path = `/data/${directory.slice(directory.lastIndexOf('/') + 1)}`
    disk.mkdirSync(path)
    for (const [name, data] of files) disk.replaceSync(`${path}/${name}`, data)
    const topicId = /topic_id: (\S+)/.exec(String(files.get('partition.metadata')))?.[1]
    if (topicId === undefined) continue
    const cleanupPolicy = { ...defaultLogConfig.cleanupPolicy, compact: /compact|__consumer|__trans/.test(directory) }
    const shared = sharedWith({ tailCacheBytes: 0 })
    const log = openLog(disk, { directory: path, topicId, shared, config: { cleanupPolicy } })
    expect(log.recovery.tornReason ?? '', directory).not.toMatch(/leader epoch/)
    expect(log.sizeBytes, directory).toBe(batchBytes(files))
    log.abandon()
  }
}

describe("Kafka's logs, read as after a crash", () => {
  it('lose no batch for its leader epoch', { timeout: WAIT_MS }, () => judge(fixture))

  it.skipIf(!existsSync(whole))(
    'nor do those of its whole directories (skipped where ../shared is absent)',
    {
      timeout: WAIT_MS,
    },
    () => judge(whole),
  )
})
