/** Room on the disk that is kept for a small file which has to be replaced even when the disk is full. */
import { isPassing } from '../log/errors.ts'
import type { Disk } from '../ports/disk.ts'

/** A file that is replaced is there twice for a moment: two blocks of the largest usual size. */
const RESERVE_BYTES = 8192

export class SpaceReserve {
  private readonly disk: Disk
  private readonly path: string

  constructor(disk: Disk, path: string) {
    this.disk = disk
    this.path = path
  }

  /** Runs `replace`; where there is no room for it the reserve makes some. Throws what `replace` throws after all. */
  spend(replace: () => void): void {
    try {
      replace()
    } catch (error) {
      if (!isPassing(error) || !this.disk.existsSync(this.path)) throw error
      this.disk.unlinkSync(this.path)
      replace()
    }
    // At once: what the old file took is free now, and others on a full disk wait for it.
    this.fill()
  }

  private fill(): void {
    if (this.disk.sizeSync(this.path) >= RESERVE_BYTES) return
    try {
      const file = this.disk.openSync(this.path, { create: true })
      try {
        file.appendSync([Buffer.alloc(RESERVE_BYTES - file.size)])
      } finally {
        file.closeSync()
      }
    } catch (error) {
      // Without it a full disk stops this voter, like every failure of its disk.
      if (!isPassing(error)) throw error
    }
  }
}
