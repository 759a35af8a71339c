/** The 128 bits of the last key hashed. */
export interface KeyHash {
  a: number
  b: number
  c: number
  d: number
}

const C1 = 0x239b961b
const C2 = 0xab0e9789 | 0
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93 | 0
const BLOCK_BYTES = 16

/**
 * MurmurHash3 (x86, 128 bits) of `length` bytes of `buffer` at `start`, into `into`. Every step of it can be undone, so
 * keys of equal length up to 16 bytes never share a hash; for longer ones 128 bits make it as unlikely as with Kafka's MD5.
 */
export function hashKey(buffer: Buffer, start: number, length: number, into: KeyHash): void {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  const end = start + length
  const wholeEnd = end - (length % BLOCK_BYTES)
  for (let at = start; at < wholeEnd; at += BLOCK_BYTES) {
    a = (Math.imul(rotated(a ^ mixed(word(buffer, at), C1, 15, C2), 19) + b, 5) + 0x561ccd1b) | 0
    b = (Math.imul(rotated(b ^ mixed(word(buffer, at + 4), C2, 16, C3), 17) + c, 5) + 0x0bcaa747) | 0
    c = (Math.imul(rotated(c ^ mixed(word(buffer, at + 8), C3, 17, C4), 15) + d, 5) + 0x96cd1c35) | 0
    d = (Math.imul(rotated(d ^ mixed(word(buffer, at + 12), C4, 18, C1), 13) + a, 5) + 0x32ac3b17) | 0
  }
  if (wholeEnd < end) {
    a ^= mixed(partOfWord(buffer, wholeEnd, end), C1, 15, C2)
    b ^= mixed(partOfWord(buffer, wholeEnd + 4, end), C2, 16, C3)
    c ^= mixed(partOfWord(buffer, wholeEnd + 8, end), C3, 17, C4)
    d ^= mixed(partOfWord(buffer, wholeEnd + 12, end), C4, 18, C1)
  }
  a = ((a ^ length) + (b ^ length) + (c ^ length) + (d ^ length)) | 0
  b = avalanched((b ^ length) + a)
  c = avalanched((c ^ length) + a)
  d = avalanched((d ^ length) + a)
  a = avalanched(a)
  into.a = (a + b + c + d) | 0
  into.b = (b + into.a) | 0
  into.c = (c + into.a) | 0
  into.d = (d + into.a) | 0
}

function mixed(value: number, first: number, bits: number, second: number): number {
  return Math.imul(rotated(Math.imul(value, first), bits), second)
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function avalanched(value: number): number {
  let bits = value ^ (value >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}

/** Little endian. */
function word(buffer: Buffer, at: number): number {
  return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24)
}

/** The bytes from `at` that lie before `end`, at most four. */
function partOfWord(buffer: Buffer, at: number, end: number): number {
  let value = 0
  for (let i = Math.min(at + 4, end) - 1; i >= at; i--) value = (value << 8) | buffer[i]!
  return value
}
