import type { Serde } from '../../client/serde/serde.ts'
import { Episodes, type EpisodeState, STATISTICS } from '../../processor/models/index.ts'
import type { DeviceState } from './judge.ts'

const EPISODE_NUMBERS = 5
const TAIL_NUMBERS = 4

function writeEpisode(out: Float64Array, at: number, episode: EpisodeState): number {
  const { open, openedAtMs, peak, records, quiet } = episode
  out.set([open ? 1 : 0, openedAtMs, peak, records, quiet], at)
  return at + EPISODE_NUMBERS
}

function readEpisode(from: Float64Array, at: number): EpisodeState {
  const [open, openedAtMs, peak, records, quiet] = from.subarray(at, at + EPISODE_NUMBERS) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ]
  return { ...Episodes.initial(), open: open === 1, openedAtMs, peak, records, quiet }
}

/** A device's scoring state in the changelog: its numbers one after another, 8 bytes each, of the machine's own byte order. */
export function deviceStateSerde(metrics: number): Serde<DeviceState> {
  const length = STATISTICS.length + 2 * metrics + 2 * EPISODE_NUMBERS + TAIL_NUMBERS
  return {
    name: 'device state',
    encode: (state) => {
      const out = new Float64Array(length)
      out.set(state.smoothed)
      out.set(state.still.last, STATISTICS.length)
      out.set(state.still.runs, STATISTICS.length + metrics)
      const at = writeEpisode(out, writeEpisode(out, STATISTICS.length + 2 * metrics, state.episode), state.baseline)
      out.set([state.untilSample, state.partition, state.offset, state.sentAtMs], at)
      return new Uint8Array(out.buffer)
    },
    decode: (bytes) => {
      if (bytes.length !== length * 8) throw new TypeError(`a device state of ${bytes.length} bytes, not ${length * 8}`)
      const all = new Float64Array(new Uint8Array(bytes).buffer)
      const still = STATISTICS.length
      const episodes = still + 2 * metrics
      const [untilSample, partition, offset, sentAtMs] = all.subarray(length - TAIL_NUMBERS) as unknown as [
        number,
        number,
        number,
        number,
      ]
      return {
        smoothed: all.slice(0, still),
        still: { last: all.slice(still, still + metrics), runs: all.slice(still + metrics, episodes) },
        episode: readEpisode(all, episodes),
        baseline: readEpisode(all, episodes + EPISODE_NUMBERS),
        untilSample,
        partition,
        offset,
        sentAtMs,
      }
    },
  }
}
