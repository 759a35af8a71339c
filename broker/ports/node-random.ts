import { randomBytes } from 'node:crypto'
import type { Random } from './random.ts'

/** The operating system's randomness, drawn 4 KiB at a time for the small integers. */
class NodeRandom implements Random {
  private pool = Buffer.alloc(0)
  private position = 0

  uint32(): number {
    if (this.position + 4 > this.pool.length) {
      this.pool = randomBytes(4096)
      this.position = 0
    }
    this.position += 4
    return this.pool.readUInt32LE(this.position - 4)
  }

  bytes(length: number): Buffer {
    return randomBytes(length)
  }
}

export const nodeRandom: Random = new NodeRandom()
