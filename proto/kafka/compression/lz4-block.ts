/** The lz4 block format: sequences of literals followed by a copy of earlier output. */

const MIN_MATCH = 4

/** The last match begins at least this far from the end, and the last five bytes are literals: rules of the format. */
const MATCH_MARGIN = 12
const LAST_LITERALS = 5

const MAX_DISTANCE = 65535
const HASH_BITS = 14

/** Position of the last occurrence of each hash, plus one; 0 for none. Reused, as calls are synchronous. */
const table = new Int32Array(1 << HASH_BITS)

/** The most bytes that `compressBlock` can write for so many bytes of input. */
export function maxCompressedBytes(inputBytes: number): number {
  return inputBytes + Math.ceil(inputBytes / 255) + 16
}

/**
 * Compresses `source[start, end)` into `target` at `position` and returns where it ended. `target` has room for
 * `maxCompressedBytes`.
 */
export function compressBlock(source: Buffer, start: number, end: number, target: Buffer, position: number): number {
  table.fill(0)
  const matchLimit = end - LAST_LITERALS
  let anchor = start
  let at = start
  let out = position
  let misses = 0
  while (at < end - MATCH_MARGIN) {
    const bits = word(source, at)
    const slot = Math.imul(bits, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = table[slot]! - 1 + start
    const isKnown = table[slot] !== 0 && at - candidate <= MAX_DISTANCE && word(source, candidate) === bits
    table[slot] = at - start + 1
    if (!isKnown) {
      // The longer nothing repeats, the larger the steps: data that does not compress is passed quickly.
      at += 1 + (misses++ >> 6)
      continue
    }
    misses = 0
    let length = MIN_MATCH
    while (at + length < matchLimit && source[at + length] === source[candidate + length]) length++
    out = writeSequence(source, anchor, at, target, out, at - candidate, length)
    at += length
    anchor = at
  }
  return writeLiterals(source, anchor, end, target, out)
}

function writeSequence(
  source: Buffer,
  anchor: number,
  at: number,
  target: Buffer,
  position: number,
  distance: number,
  length: number,
): number {
  const token = position
  let out = writeLiterals(source, anchor, at, target, position)
  target[out++] = distance
  target[out++] = distance >>> 8
  const extra = length - MIN_MATCH
  target[token] = target[token]! | Math.min(extra, 15)
  return extra < 15 ? out : writeLength(target, out, extra - 15)
}

/** Writes a token with the number of literals, and the literals. */
function writeLiterals(source: Buffer, anchor: number, at: number, target: Buffer, position: number): number {
  const count = at - anchor
  let out = position
  target[out++] = Math.min(count, 15) << 4
  if (count >= 15) out = writeLength(target, out, count - 15)
  if (count > 32) return out + source.copy(target, out, anchor, at)
  for (let index = anchor; index < at; index++) target[out++] = source[index]!
  return out
}

function writeLength(target: Buffer, position: number, length: number): number {
  let out = position
  let left = length
  for (; left >= 255; left -= 255) target[out++] = 255
  target[out++] = left
  return out
}

/**
 * Decompresses `source[start, end)` into `target` at `position`, writing no further than `limit`; copies reach back to
 * `floor` at most. Returns where the output ended, -1 when the bytes are not a block, -2 when `limit` is too low.
 */
export function decompressBlock(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  position: number,
  limit: number,
  floor: number,
): number {
  let at = start
  let out = position
  while (at < end) {
    const token = source[at++]!
    let count = token >> 4
    if (count === 15) {
      let byte = 255
      while (byte === 255) {
        if (at >= end) return -1
        byte = source[at++]!
        count += byte
      }
    }
    if (count > end - at) return -1
    if (count > limit - out) return -2
    if (count > 32) source.copy(target, out, at, at + count)
    else for (let index = 0; index < count; index++) target[out + index] = source[at + index]!
    at += count
    out += count
    if (at === end) return out
    if (end - at < 2) return -1
    const distance = source[at]! | (source[at + 1]! << 8)
    at += 2
    let length = (token & 15) + MIN_MATCH
    if ((token & 15) === 15) {
      let byte = 255
      while (byte === 255) {
        if (at >= end) return -1
        byte = source[at++]!
        length += byte
      }
    }
    if (distance === 0 || distance > out - floor) return -1
    if (length > limit - out) return -2
    if (distance >= length && length > 32) target.copyWithin(out, out - distance, out - distance + length)
    else for (let index = out, stop = out + length; index < stop; index++) target[index] = target[index - distance]!
    out += length
  }
  // A block ends with literals, so it is never left by the condition of the loop unless it is empty.
  return -1
}

function word(data: Buffer, at: number): number {
  return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
}
