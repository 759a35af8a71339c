import type { Serde } from '../../client/serde/serde.ts'
import { asBuffer, type MapKey } from './keys.ts'
import type { EntryFormat, KeyedEntry } from './keyed-store.ts'
import type { QueuedTimer } from './timer-queue.ts'

/** What `process` keeps for a key: the user's state and the timers. */
export interface ProcessEntry extends KeyedEntry {
  state: unknown
  /** Usually none to three: a list is the fastest map. */
  readonly timers: QueuedTimer[]
}

const HAS_STATE = 1
const WALL = 1

/**
 * Bytes of an entry: flags (1: state follows); number of timers (uint16); each timer: kind (1: wall clock), time (float64),
 * length of the name (uint16), name; then the state's bytes.
 */
export function processEntryFormat(stateSerde: Serde<unknown>): EntryFormat<ProcessEntry> {
  return {
    create: (key: unknown, mapKey: MapKey) => ({
      key,
      mapKey,
      dirty: false,
      flushed: false,
      changedAt: 0,
      state: undefined,
      timers: [],
    }),
    stateOf: (entry) => entry.state,
    encode: (entry) => {
      const { state, timers } = entry
      if (state === undefined && timers.length === 0) return undefined
      const head = Buffer.alloc(3)
      head[0] = state === undefined ? 0 : HAS_STATE
      head.writeUInt16BE(timers.length, 1)
      const parts: Uint8Array[] = [head]
      for (const timer of timers) parts.push(encodeTimer(timer))
      if (state !== undefined) parts.push(stateSerde.encode(state))
      return Buffer.concat(parts)
    },
    decode: (entry, bytes) => {
      let at = 3
      for (let left = bytes.readUInt16BE(1); left > 0; left--) {
        const nameEnd = at + 11 + bytes.readUInt16BE(at + 9)
        if (nameEnd > bytes.length) throw new RangeError('a timer ends beyond its entry')
        entry.timers.push({
          kind: bytes[at] === WALL ? 'wall' : 'event',
          at: bytes.readDoubleBE(at + 1),
          name: bytes.toString('utf8', at + 11, nameEnd),
          owner: entry,
          index: -1,
          queuedAt: 0,
        })
        at = nameEnd
      }
      if ((bytes[0]! & HAS_STATE) !== 0) entry.state = stateSerde.decode(asBuffer(bytes.subarray(at)))
    },
  }
}

function encodeTimer(timer: QueuedTimer): Buffer {
  const name = Buffer.from(timer.name, 'utf8')
  const bytes = Buffer.allocUnsafe(11 + name.length)
  bytes[0] = timer.kind === 'wall' ? WALL : 0
  bytes.writeDoubleBE(timer.at, 1)
  bytes.writeUInt16BE(name.length, 9)
  name.copy(bytes, 11)
  return bytes
}
