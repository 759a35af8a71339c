import * as zlib from 'node:zlib'
import { Decompress } from 'fzstd'
import { loadOptional } from '../native.ts'
import { CompressionError, corrupt, tooLarge } from './codec.ts'
import { walkFrames, type ZstdFrame } from './zstd-frame.ts'

/**
 * zstd by the best that is there: Node's own (from 22.15 on), the optional package `@cloudpss/zstd`, or, for
 * decompression only, JavaScript.
 */

type NodeDecompress = (input: Buffer, options: { maxOutputLength: number; chunkSize: number }) => Buffer

interface NodeZstd {
  zstdCompressSync?: (input: Buffer, options: { params: Record<number, number> }) => Buffer
  zstdDecompressSync?: NodeDecompress
}

interface Package {
  compress(input: Buffer, level: number): Buffer
  decompress(input: Buffer): Buffer
}

const DEFAULT_LEVEL = 3
const CHUNK_BYTES = 128 * 1024
const MAX_BLOCK_BYTES = 128 * 1024

/** `ZSTD_c_compressionLevel`. */
const LEVEL_PARAMETER = 100

const node = zlib as NodeZstd
let optional: Package | null | undefined

/** `level` 1 to 22; 3 unless given. Throws `CompressionError` UNAVAILABLE when nothing here can compress. */
export function zstdCompress(input: Buffer, level = DEFAULT_LEVEL): Buffer {
  if (node.zstdCompressSync !== undefined) {
    return node.zstdCompressSync(input, { params: { [LEVEL_PARAMETER]: level } })
  }
  const implementation = loadPackage()
  if (implementation !== null) return implementation.compress(input, level)
  throw new CompressionError(
    'UNAVAILABLE',
    'zstd: compressing needs Node 22.15 or later, or the package @cloudpss/zstd',
  )
}

export function zstdDecompress(input: Buffer, maxOutputBytes: number): Buffer {
  const frames = walkFrames(input)
  if (statedBytes(frames) > maxOutputBytes) throw tooLarge('zstd', maxOutputBytes)
  try {
    if (node.zstdDecompressSync !== undefined) {
      return decompressInNode(node.zstdDecompressSync, input, frames, maxOutputBytes)
    }
    const implementation = loadPackage()
    // The package allocates as much as the frames could hold, so it is used only where that is allowed.
    if (implementation !== null && neededBytes(frames) <= maxOutputBytes) return implementation.decompress(input)
    return decompressInJavaScript(input, frames, maxOutputBytes)
  } catch (error) {
    if (error instanceof CompressionError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('zstd', maxOutputBytes)
    throw corrupt('zstd', 'the data cannot be read', error)
  }
}

/** Node stops after the first frame, so each is given to it alone. */
function decompressInNode(
  decompress: NodeDecompress,
  input: Buffer,
  frames: readonly ZstdFrame[],
  maxOutputBytes: number,
): Buffer {
  const parts: Buffer[] = []
  let roomBytes = maxOutputBytes
  for (const { start, end } of frames) {
    const options = { maxOutputLength: Math.max(roomBytes, 1), chunkSize: CHUNK_BYTES }
    const part = decompress(input.subarray(start, end), options)
    roomBytes -= part.length
    if (roomBytes < 0) throw tooLarge('zstd', maxOutputBytes)
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

/** Decompresses with the JavaScript decoder, whatever else is installed. */
export function decompressInJavaScript(input: Buffer, frames: readonly ZstdFrame[], maxOutputBytes: number): Buffer {
  const parts: Uint8Array[] = []
  let outputBytes = 0
  const decoder = new Decompress((part) => {
    outputBytes += part.length
    if (outputBytes > maxOutputBytes) throw tooLarge('zstd', maxOutputBytes)
    parts.push(part)
  })
  decoder.push(withSmallWindows(input, frames), true)
  return Buffer.concat(parts, outputBytes)
}

/**
 * The decoder allocates the window that a frame asks for, up to 2 GiB. No frame needs one larger than its output, so
 * larger ones are cut down to that, in a copy.
 */
function withSmallWindows(input: Buffer, frames: readonly ZstdFrame[]): Buffer {
  let copy: Buffer | null = null
  for (const { windowAt, contentBytes, mostBytes } of frames) {
    if (windowAt < 0) continue
    const exponent = Math.max(Math.ceil(Math.log2(Math.max(contentBytes ?? mostBytes, 1))) - 10, 0)
    if (input[windowAt]! <= exponent << 3) continue
    copy ??= Buffer.from(input)
    copy[windowAt] = exponent << 3
  }
  return copy ?? input
}

function statedBytes(frames: readonly ZstdFrame[]): number {
  return frames.reduce((sum, frame) => sum + (frame.contentBytes ?? 0), 0)
}

/** What the package allocates: the stated size, or full blocks where none is stated. */
function neededBytes(frames: readonly ZstdFrame[]): number {
  return frames.reduce((sum, frame) => sum + (frame.contentBytes ?? frame.blocks * MAX_BLOCK_BYTES), 0)
}

function loadPackage(): Package | null {
  if (optional === undefined) optional = loadOptional('@cloudpss/zstd/napi') as Package | null
  return optional
}
