import { corrupt } from './codec.ts'

/** Walks the frames of zstd data without decompressing them, to know how large the output can be. */

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const SKIPPABLE_MASK = 0xfffffff0
const MAX_BLOCK_BYTES = 128 * 1024

/** One frame, as its header and the headers of its blocks describe it. */
export interface ZstdFrame {
  /** Where the frame begins and ends. */
  readonly start: number
  readonly end: number
  /** Position of the window descriptor; -1 when the frame has none. */
  readonly windowAt: number
  /** Bytes of the output as the header states them; null when it does not. */
  readonly contentBytes: number | null
  readonly blocks: number
  /** The most bytes that the blocks can hold. */
  readonly mostBytes: number
}

/** Describes every frame. Throws when the bytes are not a sequence of whole frames. */
export function walkFrames(input: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = []
  let position = 0
  while (position < input.length) {
    const magic = readLittle(input, position, 4)
    if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) {
      position += 8 + readLittle(input, position + 4, 4)
      continue
    }
    if (magic !== FRAME_MAGIC) throw corrupt('zstd', 'not a frame')
    position = walkFrame(input, position, frames)
  }
  if (position !== input.length) throw corrupt('zstd', 'a frame is cut off')
  return frames
}

function walkFrame(input: Buffer, start: number, frames: ZstdFrame[]): number {
  const descriptor = readLittle(input, start + 4, 1)
  const isSingleSegment = (descriptor & 0x20) !== 0
  if ((descriptor & 3) !== 0) throw corrupt('zstd', 'needs a dictionary')
  const sizeCode = descriptor >> 6
  const sizeBytes = sizeCode === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeCode
  const windowAt = isSingleSegment ? -1 : start + 5
  let position = start + (isSingleSegment ? 5 : 6)
  const size = sizeBytes === 0 ? null : readLittle(input, position, sizeBytes) + (sizeCode === 1 ? 256 : 0)
  position += sizeBytes
  let blocks = 0
  let mostBytes = 0
  for (let isLast = false; !isLast; blocks++) {
    const header = readLittle(input, position, 3)
    isLast = (header & 1) === 1
    const kind = (header >> 1) & 3
    const blockBytes = header >> 3
    if (kind === 3 || blockBytes > MAX_BLOCK_BYTES) throw corrupt('zstd', 'an unknown kind of block')
    mostBytes += kind === 2 ? MAX_BLOCK_BYTES : blockBytes
    position += 3 + (kind === 1 ? 1 : blockBytes)
    if (position > input.length) throw corrupt('zstd', 'a block is cut off')
  }
  if (size !== null && size > mostBytes) throw corrupt('zstd', `a frame claims ${size} bytes`)
  const end = position + ((descriptor & 4) === 0 ? 0 : 4)
  frames.push({ start, end, windowAt, contentBytes: size, blocks, mostBytes })
  return end
}

function readLittle(input: Buffer, position: number, bytes: number): number {
  if (position + bytes > input.length) throw corrupt('zstd', 'a frame is cut off')
  let value = 0
  for (let index = bytes - 1; index >= 0; index--) value = value * 256 + input[position + index]!
  return value
}
