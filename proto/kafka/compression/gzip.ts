import { gunzipSync, gzipSync } from 'node:zlib'
import { corrupt, tooLarge } from './codec.ts'

const CHUNK_BYTES = 64 * 1024

/** `level` 1 (fast) to 9 (small); zlib's 6 unless given. */
export function gzip(input: Buffer, level?: number): Buffer {
  return gzipSync(input, level === undefined ? undefined : { level })
}

export function gunzip(input: Buffer, maxOutputBytes: number): Buffer {
  try {
    return gunzipSync(input, { maxOutputLength: Math.max(maxOutputBytes, 1), chunkSize: CHUNK_BYTES })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('gzip', maxOutputBytes)
    throw corrupt('gzip', 'not a gzip stream', error)
  }
}
