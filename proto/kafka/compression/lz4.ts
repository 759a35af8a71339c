import { corrupt, tooLarge } from './codec.ts'
import { compressBlock, decompressBlock, maxCompressedBytes } from './lz4-block.ts'
import { xxhash32 } from './xxhash32.ts'

/** The lz4 frame format. Written as Kafka writes it: independent blocks of 64 KiB, no checksums of the content. */

const MAGIC = 0x184d2204
const HEADER_BYTES = 7
const BLOCK_BYTES = 64 * 1024

/** Version 01, independent blocks; block size 4 (64 KiB). */
const FLAGS = 0x60
const BLOCK_SIZE_CODE = 0x40

const INDEPENDENT_FLAG = 0x20
const BLOCK_CHECKSUM_FLAG = 0x10
const CONTENT_SIZE_FLAG = 0x08
const CONTENT_CHECKSUM_FLAG = 0x04
const DICTIONARY_FLAG = 0x01
const STORED_FLAG = 0x80000000

/** A compressed byte stands for 255 bytes at most, so no output is larger than this times the input. */
const MAX_RATIO = 255

export function lz4Compress(input: Buffer): Buffer {
  const blocks = Math.ceil(input.length / BLOCK_BYTES)
  const output = Buffer.allocUnsafe(HEADER_BYTES + blocks * (4 + maxCompressedBytes(BLOCK_BYTES)) + 4)
  output.writeUInt32LE(MAGIC, 0)
  output[4] = FLAGS
  output[5] = BLOCK_SIZE_CODE
  output[6] = headerChecksum(output, 4, 6)
  let position = HEADER_BYTES
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, input.length)
    const blockEnd = compressBlock(input, start, end, output, position + 4)
    const size = blockEnd - position - 4
    if (size < end - start) {
      output.writeUInt32LE(size, position)
      position = blockEnd
    } else {
      output.writeUInt32LE((STORED_FLAG | (end - start)) >>> 0, position)
      position += 4 + input.copy(output, position + 4, start, end)
    }
  }
  output.writeUInt32LE(0, position)
  return Buffer.from(output.subarray(0, position + 4))
}

export function lz4Decompress(input: Buffer, maxOutputBytes: number): Buffer {
  return new FrameReader(input, maxOutputBytes).read()
}

class FrameReader {
  readonly #input: Buffer
  readonly #maxOutputBytes: number
  readonly #flags: number
  readonly #blockBytes: number
  #position = 0
  #output: Buffer
  #outputBytes = 0

  constructor(input: Buffer, maxOutputBytes: number) {
    this.#input = input
    this.#maxOutputBytes = maxOutputBytes
    if (this.#uint32() !== MAGIC) throw corrupt('lz4', 'not a frame')
    const start = this.#position
    this.#flags = this.#byte()
    const sizeCode = (this.#byte() >> 4) & 7
    if (this.#flags >> 6 !== 1) throw corrupt('lz4', 'an unknown version')
    if (sizeCode < 4) throw corrupt('lz4', 'an unknown block size')
    if ((this.#flags & DICTIONARY_FLAG) !== 0) throw corrupt('lz4', 'needs a dictionary')
    this.#blockBytes = 1 << (8 + 2 * sizeCode)
    let claimed = Infinity
    if ((this.#flags & CONTENT_SIZE_FLAG) !== 0) claimed = this.#uint32() + this.#uint32() * 2 ** 32
    if (claimed !== Infinity && claimed > maxOutputBytes) throw tooLarge('lz4', maxOutputBytes)
    const checksum = headerChecksum(input, start, this.#position)
    if (this.#byte() !== checksum) throw corrupt('lz4', 'a wrong header checksum')
    // What is claimed is believed only as far as the input could hold it.
    const likely = claimed === Infinity ? Math.max(input.length * 4, this.#blockBytes) : claimed
    this.#output = Buffer.allocUnsafe(Math.min(likely, input.length * MAX_RATIO, maxOutputBytes))
  }

  read(): Buffer {
    for (;;) {
      const word = this.#uint32()
      if (word === 0) break
      this.#block((word & STORED_FLAG) !== 0, word & ~STORED_FLAG)
    }
    const output = this.#output.subarray(0, this.#outputBytes)
    if ((this.#flags & CONTENT_CHECKSUM_FLAG) !== 0 && this.#uint32() !== xxhash32(output)) {
      throw corrupt('lz4', 'a wrong content checksum')
    }
    return output
  }

  #block(isStored: boolean, size: number): void {
    const start = this.#position
    if (size > this.#input.length - start || size > this.#blockBytes) throw corrupt('lz4', `a block of ${size} bytes`)
    this.#position = start + size
    if (isStored) this.#store(start, size)
    else this.#decompress(start, size)
    if ((this.#flags & BLOCK_CHECKSUM_FLAG) !== 0 && this.#uint32() !== xxhash32(this.#input, start, start + size)) {
      throw corrupt('lz4', 'a wrong block checksum')
    }
  }

  #store(start: number, size: number): void {
    const end = this.#outputBytes + size
    if (end > this.#maxOutputBytes) throw tooLarge('lz4', this.#maxOutputBytes)
    if (end > this.#output.length) this.#grow(end)
    this.#input.copy(this.#output, this.#outputBytes, start, start + size)
    this.#outputBytes = end
  }

  #decompress(start: number, size: number): void {
    const begin = this.#outputBytes
    const most = Math.min(begin + this.#blockBytes, this.#maxOutputBytes)
    const floor = (this.#flags & INDEPENDENT_FLAG) !== 0 ? begin : 0
    const mayHold = Math.min(most, begin + size * MAX_RATIO)
    if (mayHold > this.#output.length) this.#grow(mayHold)
    const end = decompressBlock(this.#input, start, start + size, this.#output, begin, mayHold, floor)
    if (end === -2 && most === this.#maxOutputBytes) throw tooLarge('lz4', this.#maxOutputBytes)
    if (end < 0) throw corrupt('lz4', 'a block cannot be read')
    this.#outputBytes = end
  }

  #grow(wanted: number): void {
    const size = Math.min(Math.max(wanted, this.#output.length * 2), this.#maxOutputBytes)
    const larger = Buffer.allocUnsafe(size)
    this.#output.copy(larger, 0, 0, this.#outputBytes)
    this.#output = larger
  }

  #byte(): number {
    if (this.#position >= this.#input.length) throw corrupt('lz4', 'the frame is cut off')
    return this.#input[this.#position++]!
  }

  #uint32(): number {
    if (this.#input.length - this.#position < 4) throw corrupt('lz4', 'the frame is cut off')
    this.#position += 4
    return this.#input.readUInt32LE(this.#position - 4)
  }
}

function headerChecksum(buffer: Buffer, start: number, end: number): number {
  return (xxhash32(buffer, start, end) >>> 8) & 0xff
}
