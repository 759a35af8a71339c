/**
 * Cuts what arrives into frames without allocating for it: a frame that lies within one read is handed on as it is, one that
 * spans several is put together in lent memory: a large one in a chunk of the log's, which the rest of it, and what follows,
 * is then read into, so that its batches need not be copied at all. Holds no more than has arrived; never allocates from a
 * claimed length.
 */
import { readInt32 } from '../../proto/kafka/int64.ts'
import { WireError } from '../../proto/kafka/wire-error.ts'

const LENGTH_BYTES = 4

/**
 * A whole frame, without its length, in `buffer[start, end)`. It is valid during the call only, unless `isOwn`: then the
 * buffer holds nothing else.
 */
export type TakeFrame = (buffer: Buffer, start: number, end: number, isOwn: boolean) => void

/** So many places are one piece of memory, which is much larger than any frame and so says that its slices are loans (DESIGN 2.7). */
const PIECE_SLOTS = 4

/** Places for frames under way, made as they are needed. */
export class AssemblyPool {
  /** Frames up to this size are put together here, larger ones and small ones in memory of their own. */
  readonly slotBytes: number
  private readonly slots: number
  private readonly smallestBytes: number
  private readonly free: Buffer[] = []
  private made = 0

  /** `smallestBytes`: a frame below it is not worth touching the memory of a slot. */
  constructor(slots: number, slotBytes: number, smallestBytes = 0) {
    this.slots = slots
    this.smallestBytes = smallestBytes
    this.slotBytes = slotBytes
  }

  /** Places that are not lent. */
  get freeSlots(): number {
    return this.free.length + this.slots - this.made
  }

  /** A place for a whole frame of `bytes`, or undefined. The one given back last is lent first: its pages are warm. */
  lend(bytes: number): Buffer | undefined {
    if (bytes > this.slotBytes || bytes < this.smallestBytes) return undefined
    if (this.free.length === 0) this.makePiece()
    return this.free.pop()
  }

  giveBack(slot: Buffer): void {
    this.free.push(slot)
  }

  private makePiece(): void {
    const { slotBytes } = this
    const count = Math.min(PIECE_SLOTS, this.slots - this.made)
    if (count === 0) return
    this.made += count
    const piece = Buffer.allocUnsafeSlow(count * slotBytes)
    for (let slot = 0; slot < count; slot++) this.free.push(piece.subarray(slot * slotBytes, (slot + 1) * slotBytes))
  }
}

/** Frames from this size on are read into chunks: below, a copy costs less than what it takes to save it. */
const CHUNK_FRAME_BYTES_MIN = 8 * 1024

/** Bytes of a chunk that one read may fill. */
const CHUNK_READ_BYTES = 128 * 1024

/** Memory in which frames are put together, and whose owner may keep what it finds in a frame that it is handed. */
interface Chunk {
  readonly buffer: Buffer
  /** What lies before is not the borrower's. */
  readonly used: number
}

export interface ChunkLender {
  /** A chunk with room for `bytes` from `used` on; null when there is none. */
  lend(bytes: number): Chunk | null
  giveBack(chunk: Chunk): void
}

export class FrameReceiver {
  private readonly maxFrameBytes: number
  private readonly pool: AssemblyPool
  private readonly chunks: ChunkLender | null
  /** The first bytes of a length that has not arrived whole. */
  private readonly lengthBytes = Buffer.alloc(LENGTH_BYTES)
  private lengthHave = 0
  /** The frame under way, without its length; null between frames. */
  private memory: Buffer | null = null
  private lent = false
  private have = 0
  private want = 0
  /** On loan while a large frame is under way, and until the end of the read that completes it. */
  private chunk: Chunk | null = null
  /** Where in the chunk the frame under way begins; -1 = there is none in it. */
  private chunkStart = -1
  private isCleared = false

  constructor(maxFrameBytes: number, pool: AssemblyPool, chunks: ChunkLender | null = null) {
    this.maxFrameBytes = maxFrameBytes
    this.pool = pool
    this.chunks = chunks
  }

  /** Bytes of the frame under way that have arrived. */
  get bufferedBytes(): number {
    return this.lengthHave + this.have
  }

  /** Where the bytes that come next belong, so that they need not be copied there; null = anywhere. */
  get target(): Buffer | null {
    if (this.chunk === null) return null
    const from = this.chunkStart + this.have
    return this.chunk.buffer.subarray(from, from + CHUNK_READ_BYTES)
  }

  /**
   * Calls `take` with each frame that the data completes. Throws WireError for a negative length or one above the ceiling.
   */
  push(data: Buffer, take: TakeFrame): void {
    try {
      this.cut(data, take)
    } finally {
      if (this.chunkStart < 0) this.returnChunk()
    }
  }

  /** Gives back what is lent, for good: the connection is gone. */
  clear(): void {
    this.isCleared = true
    if (this.memory !== null && this.lent) this.pool.giveBack(this.memory)
    this.returnChunk()
    this.memory = null
    this.have = 0
    this.lengthHave = 0
  }

  private cut(data: Buffer, take: TakeFrame): void {
    let position = 0
    while (position < data.length && !this.isCleared) {
      if (this.chunkStart >= 0) {
        position = this.fillChunk(data, position, take)
      } else if (this.memory !== null) {
        position = this.fill(data, position, take)
      } else if (this.lengthHave > 0 || data.length - position < LENGTH_BYTES) {
        position = this.fillLength(data, position)
        if (this.lengthHave < LENGTH_BYTES) return
        this.begin(this.checked(readInt32(this.lengthBytes, 0)), data, position)
        if (this.want === 0) this.finish(take)
      } else {
        const length = this.checked(readInt32(data, position))
        position += LENGTH_BYTES
        if (data.length - position >= length) {
          take(data, position, position + length, false)
          position += length
        } else {
          this.begin(length, data, position)
        }
      }
    }
  }

  private checked(length: number): number {
    if (length >= 0 && length <= this.maxFrameBytes) return length
    throw new WireError(`a frame of ${length} bytes, ${this.maxFrameBytes} allowed`)
  }

  private fillLength(data: Buffer, position: number): number {
    const count = Math.min(LENGTH_BYTES - this.lengthHave, data.length - position)
    data.copy(this.lengthBytes, this.lengthHave, position, position + count)
    this.lengthHave += count
    return position + count
  }

  /** A frame of which `data` from `position` on is the first part. */
  private begin(length: number, data: Buffer, position: number): void {
    this.want = length
    this.have = 0
    this.lengthHave = LENGTH_BYTES
    if (this.beginInChunk(length, data, position)) return
    const slot = this.pool.lend(length)
    this.lent = slot !== undefined
    this.memory = slot ?? Buffer.alloc(0)
  }

  private beginInChunk(length: number, data: Buffer, position: number): boolean {
    if (length < CHUNK_FRAME_BYTES_MIN || this.chunks === null) return false
    const place = this.chunk === null ? -1 : placeIn(this.chunk, data, position)
    if (this.chunk === null || place < 0 || place + length > this.chunk.buffer.length) {
      this.returnChunk()
      this.chunk = this.chunks.lend(length)
      if (this.chunk === null) return false
      this.chunkStart = this.chunk.used
    } else {
      this.chunkStart = place
    }
    return true
  }

  private fillChunk(data: Buffer, position: number, take: TakeFrame): number {
    const { buffer } = this.chunk!
    const at = this.chunkStart + this.have
    const count = Math.min(this.want - this.have, data.length - position)
    // It has been read to where it belongs, unless it is the first part of the frame.
    if (placeIn(this.chunk!, data, position) !== at) data.copy(buffer, at, position, position + count)
    this.have += count
    if (this.have === this.want) {
      const start = this.chunkStart
      this.chunkStart = -1
      this.have = 0
      this.lengthHave = 0
      take(buffer, start, start + this.want, false)
    }
    return position + count
  }

  private returnChunk(): void {
    if (this.chunk !== null) this.chunks!.giveBack(this.chunk)
    this.chunk = null
    this.chunkStart = -1
  }

  private fill(data: Buffer, position: number, take: TakeFrame): number {
    const count = Math.min(this.want - this.have, data.length - position)
    const memory = this.room(this.have + count)
    data.copy(memory, this.have, position, position + count)
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

/** Where in the chunk `data[position]` lies; -1 = elsewhere. */
function placeIn({ buffer }: Chunk, data: Buffer, position: number): number {
  return data.buffer === buffer.buffer ? data.byteOffset + position - buffer.byteOffset : -1
}
