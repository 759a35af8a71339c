/** Reads a `.tar.gz` of plain files: name to content. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const BLOCK_BYTES = 512

export function readTarGz(path: string): Map<string, Buffer> {
  const data = gunzipSync(readFileSync(path))
  const files = new Map<string, Buffer>()
  for (let at = 0; at + BLOCK_BYTES <= data.length; ) {
    const name = data.toString('latin1', at, at + 100).replace(/\0.*$/s, '')
    if (name === '') break
    const size = Number.parseInt(data.toString('latin1', at + 124, at + 136), 8)
    const type = String.fromCharCode(data[at + 156])
    at += BLOCK_BYTES
    if (type === '0' || type === '\0') files.set(name.replace(/^\.\//, ''), data.subarray(at, at + size))
    at += Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
  }
  return files
}
