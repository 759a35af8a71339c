import { compress as jsCompress, uncompress as jsUncompress } from 'snappyjs'
import { loadOptional } from '../native.ts'
import { corrupt, tooLarge } from './codec.ts'

/**
 * Snappy as Kafka knows it: blocks in xerial's framing (what the Java client writes), or one bare block (what some
 * other clients write). The native package is used when it is installed.
 */

interface Native {
  compressSync(input: Uint8Array, options: { copyOutputData: boolean }): Buffer
  uncompressSync(input: Uint8Array, options: { asBuffer: boolean; copyOutputData: boolean }): Buffer
}

/** Magic, then version and lowest compatible version, both 1. */
const XERIAL_HEADER = Buffer.from('82534e41505059000000000100000001', 'hex')
const XERIAL_MAGIC_BYTES = 8

/** Input bytes of one framed block; Java's reader accepts any size. */
const BLOCK_BYTES = 64 * 1024

/** A block of n bytes cannot hold more than this times n: the longest copy is 64 bytes written in 3. */
const MAX_RATIO = 22

let native: Native | null | undefined

/** Compresses into xerial's framing. */
export function snappyCompress(input: Buffer): Buffer {
  const parts: Buffer[] = [XERIAL_HEADER]
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const block = snappyCompressBlock(input.subarray(start, start + BLOCK_BYTES))
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

/** Compresses into one bare block, without framing. */
export function snappyCompressBlock(input: Buffer): Buffer {
  const implementation = loadNative()
  if (implementation !== null) return implementation.compressSync(input, { copyOutputData: true })
  return asBuffer(jsCompress(input))
}

/** Decompresses either form. */
export function snappyDecompress(input: Buffer, maxOutputBytes: number): Buffer {
  if (!isXerial(input)) return decompressBlock(input, maxOutputBytes, maxOutputBytes)
  const parts: Buffer[] = []
  let outputBytes = 0
  let position = XERIAL_HEADER.length
  while (position < input.length) {
    if (input.length - position < 4) throw corrupt('snappy', 'a block length is cut off')
    const length = input.readInt32BE(position)
    position += 4
    if (length <= 0 || length > input.length - position) throw corrupt('snappy', `a block of ${length} bytes`)
    const block = input.subarray(position, position + length)
    const output = decompressBlock(block, maxOutputBytes - outputBytes, maxOutputBytes)
    outputBytes += output.length
    parts.push(output)
    position += length
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, outputBytes)
}

function isXerial(input: Buffer): boolean {
  if (input.length < XERIAL_HEADER.length) return false
  return input.compare(XERIAL_HEADER, 0, XERIAL_MAGIC_BYTES, 0, XERIAL_MAGIC_BYTES) === 0
}

function decompressBlock(block: Buffer, roomBytes: number, maxOutputBytes: number): Buffer {
  const claimed = claimedLength(block)
  if (claimed > block.length * MAX_RATIO) throw corrupt('snappy', `a block claims ${claimed} bytes`)
  if (claimed > roomBytes) throw tooLarge('snappy', maxOutputBytes)
  const implementation = loadNative()
  try {
    if (implementation !== null) {
      return implementation.uncompressSync(block, { asBuffer: true, copyOutputData: true })
    }
    return asBuffer(jsUncompress(block, roomBytes))
  } catch (error) {
    throw corrupt('snappy', 'a block cannot be read', error)
  }
}

/** The length of the output that stands at the head of a block. */
function claimedLength(block: Buffer): number {
  let length = 0
  for (let index = 0; index < 5; index++) {
    const byte = block[index]
    if (byte === undefined) break
    length += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return length
  }
  throw corrupt('snappy', 'the length of the output cannot be read')
}

function loadNative(): Native | null {
  if (native === undefined) native = loadOptional('snappy') as Native | null
  return native
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
