import type { Serde } from '../../client/serde/serde.ts'
import { asBuffer } from './keys.ts'
import type { EntryFormat, KeyedEntry } from './keyed-store.ts'

/** What a running aggregate keeps for a key. Its changelog has the state's bytes as they are. */
export interface AggregateEntry extends KeyedEntry {
  state: unknown
}

export function aggregateEntryFormat(stateSerde: Serde<unknown>): EntryFormat<AggregateEntry> {
  return {
    create: (key, mapKey) => ({ key, mapKey, dirty: false, flushed: false, changedAt: 0, state: undefined }),
    stateOf: (entry) => entry.state,
    encode: (entry) => (entry.state === undefined ? undefined : asBuffer(stateSerde.encode(entry.state))),
    decode: (entry, bytes) => {
      entry.state = stateSerde.decode(bytes)
    },
  }
}
