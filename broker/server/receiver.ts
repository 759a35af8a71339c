/**
 * Cuts what arrives into frames without allocating for it: a frame that lies within one read is handed on as it is, one that
 * spans several is put together in lent memory. Holds no more than has arrived; never allocates from a claimed length.
 */
import { readInt32 } from '../../proto/kafka/int64.ts'
import { WireError } from '../../proto/kafka/wire-error.ts'

const LENGTH_BYTES = 4

/**
 * A whole frame, without its length, in `buffer[start, end)`. It is valid during the call only, unless `isOwn`: then the
 * buffer holds nothing else.
 */
export type TakeFrame = (buffer: Buffer, start: number, end: number, isOwn: boolean) => void

/** Places for frames under way, in one piece of memory (which says that its slices are loans; DESIGN 2.7). */
export class AssemblyPool {
  /** Frames up to this size are put together here, larger ones in memory of their own. */
  readonly slotBytes: number
  private readonly slots: number
  /** Null until the first frame arrives in parts. */
  private free: Buffer[] | null = null

  constructor(slots: number, slotBytes: number) {
    this.slots = slots
    this.slotBytes = slotBytes
  }

  /** Places that are not lent. */
  get freeSlots(): number {
    return this.free?.length ?? this.slots
  }

  /** A place for a whole frame of `bytes`, or undefined. The one given back last is lent first: its pages are warm. */
  lend(bytes: number): Buffer | undefined {
    if (bytes > this.slotBytes) return undefined
    this.free ??= this.allocate()
    return this.free.pop()
  }

  giveBack(slot: Buffer): void {
    this.free?.push(slot)
  }

  private allocate(): Buffer[] {
    const { slots, slotBytes } = this
    const backing = Buffer.allocUnsafeSlow(slots * slotBytes)
    return Array.from({ length: slots }, (_, slot) => backing.subarray(slot * slotBytes, (slot + 1) * slotBytes))
  }
}

export class FrameReceiver {
  private readonly maxFrameBytes: number
  private readonly pool: AssemblyPool
  /** The first bytes of a length that has not arrived whole. */
  private readonly lengthBytes = Buffer.alloc(LENGTH_BYTES)
  private lengthHave = 0
  /** The frame under way, without its length; null between frames. */
  private memory: Buffer | null = null
  private lent = false
  private have = 0
  private want = 0

  constructor(maxFrameBytes: number, pool: AssemblyPool) {
    this.maxFrameBytes = maxFrameBytes
    this.pool = pool
  }

  /** Bytes of the frame under way that have arrived. */
  get bufferedBytes(): number {
    return this.lengthHave + this.have
  }

  /**
   * Calls `take` with each frame that the chunk completes. Throws WireError for a negative length or one above the ceiling.
   */
  push(chunk: Buffer, take: TakeFrame): void {
    let position = 0
    while (position < chunk.length) {
      if (this.memory !== null) {
        position = this.fill(chunk, position, take)
        continue
      }
      if (this.lengthHave > 0 || chunk.length - position < LENGTH_BYTES) {
        position = this.fillLength(chunk, position)
        if (this.lengthHave < LENGTH_BYTES) return
        this.begin(this.checked(readInt32(this.lengthBytes, 0)))
        if (this.want === 0) this.finish(take)
        continue
      }
      const length = this.checked(readInt32(chunk, position))
      position += LENGTH_BYTES
      if (chunk.length - position >= length) {
        take(chunk, position, position + length, false)
        position += length
      } else {
        this.begin(length)
      }
    }
  }

  /** Gives back what is lent: the connection is gone. */
  clear(): void {
    if (this.memory !== null && this.lent) this.pool.giveBack(this.memory)
    this.memory = null
    this.have = 0
    this.lengthHave = 0
  }

  private checked(length: number): number {
    if (length >= 0 && length <= this.maxFrameBytes) return length
    throw new WireError(`a frame of ${length} bytes, ${this.maxFrameBytes} allowed`)
  }

  private fillLength(chunk: Buffer, position: number): number {
    const count = Math.min(LENGTH_BYTES - this.lengthHave, chunk.length - position)
    chunk.copy(this.lengthBytes, this.lengthHave, position, position + count)
    this.lengthHave += count
    return position + count
  }

  private begin(length: number): void {
    const slot = this.pool.lend(length)
    this.lent = slot !== undefined
    this.memory = slot ?? Buffer.alloc(0)
    this.want = length
    this.have = 0
    this.lengthHave = LENGTH_BYTES
  }

  private fill(chunk: Buffer, position: number, take: TakeFrame): number {
    const count = Math.min(this.want - this.have, chunk.length - position)
    const memory = this.room(this.have + count)
    chunk.copy(memory, this.have, position, position + count)
    this.have += count
    if (this.have === this.want) this.finish(take)
    return position + count
  }

  /** Memory of its own grows as bytes arrive, doubling: at most twice what the peer has really sent. */
  private room(bytes: number): Buffer {
    const memory = this.memory as Buffer
    if (bytes <= memory.length) return memory
    const larger = Buffer.allocUnsafeSlow(Math.min(this.want, Math.max(bytes, memory.length * 2)))
    memory.copy(larger, 0, 0, this.have)
    this.memory = larger
    return larger
  }

  private finish(take: TakeFrame): void {
    const memory = this.memory as Buffer
    const { lent, want } = this
    this.memory = null
    this.have = 0
    this.lengthHave = 0
    try {
      take(memory, 0, want, !lent)
    } finally {
      if (lent) this.pool.giveBack(memory)
    }
  }
}
