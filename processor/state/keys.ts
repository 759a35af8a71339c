import type { Serde } from '../../client/serde/serde.ts'

/** What a Map of state is keyed by: the key itself when it is primitive, else its bytes as text. */
export type MapKey = string | number | bigint | boolean

export function mapKeyOf(key: unknown, serde: Serde<unknown>): MapKey {
  if (typeof key === 'string' || typeof key === 'number') return key
  if (typeof key === 'boolean' || typeof key === 'bigint') return key
  return asBuffer(serde.encode(key)).toString('latin1')
}

/** A total order over keys, so that what is due at one time happens in one order, before and after a restart. */
export function compareKeys(a: MapKey, b: MapKey): number {
  if (typeof a !== typeof b) return typeof a < typeof b ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
