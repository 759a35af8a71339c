import { Packr } from 'msgpackr'
import type { Serde } from './serde.ts'

/**
 * Self-contained MessagePack: every value carries its own field names (no shared structures), so that any number of
 * writers and readers in any language can share a topic. Int64 values come back as numbers when safe.
 */
export function msgpack<T = unknown>(): Serde<T> {
  const packr = new Packr({ useRecords: false, int64AsType: 'number' })
  return {
    name: 'msgpack',
    encode: (value) => packr.pack(value),
    decode: (encoded) => packr.unpack(encoded) as T,
  }
}
