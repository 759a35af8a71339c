import type { Disk, DiskFile } from '../ports/disk.ts'
import { isOutOfDescriptors } from './errors.ts'
import type { FilePool } from './file-pool.ts'

/** A log that is cut has its segment, its durable mark and one other file or directory open at once. */
const NEEDED = 3

/**
 * Makes sure that file descriptors are free for work that must not stop half-way, closing pooled files where they are not.
 * Returns why there are too few (the system's error; trying again later may do), or null. `path` is a file that is there.
 */
export function spareDescriptors(disk: Disk, path: string, files: FilePool): Error | null {
  const open: DiskFile[] = []
  try {
    while (open.length < NEEDED) {
      try {
        open.push(disk.openSync(path, { readOnly: true }))
      } catch (error) {
        // Whatever else it is, the work itself will meet it, and tell.
        if (!isOutOfDescriptors(error)) return null
        if (!files.closeOne()) return error as Error
      }
    }
    return null
  } finally {
    for (const file of open) file.closeSync()
  }
}
