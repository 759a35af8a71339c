/** The hash by which Java's default partitioner places keyed records; every client must agree on it. */

const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/** Murmur2 of the bytes as Kafka computes it: a signed int32. */
export function murmur2(data: Buffer): number {
  const length = data.length
  let hash = SEED ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let k = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> R
    hash = Math.imul(hash, M) ^ Math.imul(k, M)
  }
  const left = length - at
  if (left === 3) hash ^= data[at + 2]! << 16
  if (left >= 2) hash ^= data[at + 1]! << 8
  if (left >= 1) hash = Math.imul(hash ^ data[at]!, M)
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}

/** The partition Java's default partitioner picks for a key. `partitionCount` is at least 1. */
export function partitionForKey(key: Buffer, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}
