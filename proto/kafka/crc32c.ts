import software from 'crc-32/crc32c.js'
import { loadOptional } from './native.ts'

/** From this size on the native version is faster than the JavaScript one (measured). */
const NATIVE_BYTES = 256

type Crc32c = (bytes: Uint8Array, seed?: number) => number

let native: Crc32c | null | undefined

/**
 * CRC-32C (Castagnoli) of `buffer[start, end)`, as a uint32. With `seed`, continues from the checksum of the bytes
 * before: `crc32c(ab) === crc32c(b, 0, b.length, crc32c(a))`.
 */
export function crc32c(buffer: Buffer, start = 0, end = buffer.length, seed = 0): number {
  const bytes = start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end)
  if (bytes.length >= NATIVE_BYTES) {
    if (native === undefined) native = loadNative()
    if (native !== null) return native(bytes, seed) >>> 0
  }
  return software.buf(bytes, seed) >>> 0
}

function loadNative(): Crc32c | null {
  const module = loadOptional('@node-rs/crc32') as { crc32c?: Crc32c } | null
  return module?.crc32c ?? null
}
