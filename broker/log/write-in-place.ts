import type { Disk } from '../ports/disk.ts'

/**
 * Writes a whole small file over what it held. A crash leaves any mix of the two: only for what is not trusted after one
 * (`Disk.replaceSync` is for the rest, and costs 20 times as much where the file is there: a file system flushes on such a
 * rename).
 */
export function writeInPlace(disk: Disk, path: string, data: Buffer): void {
  const file = disk.openSync(path, { create: true })
  try {
    if (file.size > data.length) file.truncateSync(data.length)
    file.writeAtSync(data, 0)
  } finally {
    file.closeSync()
  }
}
